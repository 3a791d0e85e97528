package cluster

import (
	"io"
	"net/http"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"

	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// mostAway is how long an API server that has answered before may be away, as when its control plane is upgraded. It is less
// than mostAnswer, so that the error then is why it does not answer.
const mostAway = mostAnswer * 4 / 5

// comingBack is how long an API server that is back may refuse what it does not refuse otherwise: it answers before it has read
// who may do what.
const comingBack = 10 * time.Second

// outliving makes every client of a configuration ask again while the API server is away for a moment.
func outliving(config *rest.Config) {
	var all outage
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return patient{next, &all} })
}

// outage is what all clients of an API server know of it.
type outage struct {
	mu       sync.Mutex
	answered bool
	since    time.Time // when it went away; zero while it answers
	back     time.Time // when it answered again
}

// patient sends again what only reads and what did not arrive. An API server that has never answered has a wrong address, and
// one that has been away for mostAway is down: every request fails at once then.
type patient struct {
	next http.RoundTripper
	*outage
}

// RoundTrip implements http.RoundTripper.
func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	pause := wait.Backoff{Duration: 100 * time.Millisecond, Factor: 2, Steps: 100, Cap: 2 * time.Second, Jitter: 0.1}
	for {
		response, err := p.next.RoundTrip(r)
		if !p.worthAnother(r, response, err) || r.Header.Get("Upgrade") != "" {
			return response, err
		}
		next, ok := again(r)
		if !ok {
			return response, err
		}
		if response != nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16)) // the connection can serve the next one then
			_ = response.Body.Close()
		}
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(pause.Step()):
		}
		r = next
	}
}

// worthAnother takes note of what came of a request, and reports whether to send it again. Of the answers 502 shows that
// something before the API server has lost it; 503 is said for an aggregated API, too, that may be down for weeks.
func (o *outage) worthAnother(r *http.Request, response *http.Response, err error) bool {
	away := transient.Error(err) || response != nil && response.StatusCode == http.StatusBadGateway
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case !away:
		if !o.since.IsZero() {
			o.since, o.back = time.Time{}, time.Now()
		}
		o.answered = o.answered || err == nil
		return response != nil && response.StatusCode == http.StatusForbidden && time.Since(o.back) < comingBack
	case !o.answered:
		return false
	case o.since.IsZero():
		o.since = time.Now()
	}
	return time.Since(o.since) < mostAway && (r.Method == http.MethodGet || transient.NotSent(err))
}

// again returns the request as new; not ok where its body can't be read twice.
func again(r *http.Request) (next *http.Request, ok bool) {
	next = r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return next, true
	}
	if r.GetBody == nil {
		return nil, false
	}
	body, err := r.GetBody()
	next.Body = body
	return next, err == nil
}
