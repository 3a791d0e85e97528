package cluster

import (
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// restarting is an API server that is away between two moments.
type restarting struct {
	t        *testing.T
	from, to time.Time
	how      func() (*http.Response, error) // while it is away
	asked    int
}

func (s *restarting) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	if now := time.Now(); !now.Before(s.from) && now.Before(s.to) {
		return s.how()
	}
	if r.Body != nil {
		text, err := io.ReadAll(r.Body)
		require.NoError(s.t, err)
		require.Equal(s.t, "body", string(text), "sent whole each time")
	}
	return answer(http.StatusOK), nil
}

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(""))}
}

func refused() (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
}
func reset() (*http.Response, error) { return nil, &net.OpError{Op: "read", Err: syscall.ECONNRESET} }
func lost() (*http.Response, error)  { return answer(http.StatusBadGateway), nil }
func unavailable() (*http.Response, error) {
	return answer(http.StatusServiceUnavailable), nil
}

// TestAnAPIServerRestarts: seen with a kube-apiserver that was killed while deploy ran, after which the release could be neither
// upgraded nor put back.
func TestAnAPIServerRestarts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, body string
		away         time.Duration
		how          func() (*http.Response, error)
		fresh        bool // it has not answered before
		upgrade      bool
		asked        int // 0: more than once, and it ends well
	}{
		"read, refused":                 {method: http.MethodGet, away: 20 * time.Second, how: refused},
		"read, cut":                     {method: http.MethodGet, away: 20 * time.Second, how: reset},
		"read, lost by a load balancer": {method: http.MethodGet, away: 20 * time.Second, how: lost},
		"write that did not arrive":     {method: http.MethodPatch, body: "body", away: 20 * time.Second, how: refused},
		"write that may have arrived":   {method: http.MethodPatch, body: "body", away: time.Second, how: reset, asked: 1},
		"an aggregated API is down":     {method: http.MethodGet, away: time.Hour, how: unavailable, asked: 1},
		"it has never answered":         {method: http.MethodGet, away: time.Hour, how: refused, fresh: true, asked: 1},
		"a port-forward":                {method: http.MethodPost, away: time.Second, how: refused, upgrade: true, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				server := &restarting{t: t, how: c.how}
				p := patient{server, &outage{}}
				send := func(method, body string) (*http.Response, error) {
					r, err := http.NewRequestWithContext(t.Context(), method, "https://hub.example/api", strings.NewReader(body))
					require.NoError(t, err)
					if body == "" {
						r.Body = nil
					}
					if c.upgrade {
						r.Header.Set("Upgrade", "SPDY/3.1")
					}
					return p.RoundTrip(r)
				}
				if !c.fresh {
					_, err := send(http.MethodGet, "")
					require.NoError(t, err)
				}
				server.asked, server.from, server.to = 0, time.Now(), time.Now().Add(c.away)
				response, err := send(c.method, c.body)
				if c.asked > 0 {
					assert.Equal(t, c.asked, server.asked)
					assert.Equal(t, server.from, time.Now(), "at once")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, http.StatusOK, response.StatusCode)
				assert.Less(t, time.Since(server.to), 3*time.Second)
			})
		})
	}
}

// TestAnAPIServerThatIsDown is waited for once, not for each request.
func TestAnAPIServerThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &restarting{t: t, how: refused}
		p := patient{server, &outage{}}
		get := func() error {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://hub.example/api", nil)
			require.NoError(t, err)
			_, err = p.RoundTrip(r) //nolint:bodyclose // it is empty
			return err
		}
		require.NoError(t, get())
		began := time.Now()
		server.from, server.to = began, began.Add(time.Hour)
		require.ErrorIs(t, get(), syscall.ECONNREFUSED)
		assert.InDelta(t, mostAway.Seconds(), time.Since(began).Seconds(), 3)
		now := time.Now()
		require.ErrorIs(t, get(), syscall.ECONNREFUSED)
		assert.Equal(t, now, time.Now(), "at once")
	})
}
