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

// restarting is an API server that is away at times.
type restarting struct {
	t     *testing.T
	away  []away
	asked int
}

// away is a time, and how the API server shows then that it is away.
type away struct {
	from, to time.Time
	how      func() (*http.Response, error)
}

// from makes it be away for some time, from now on.
func (s *restarting) from(took time.Duration, how func() (*http.Response, error)) away {
	return away{time.Now(), time.Now().Add(took), how}
}

func (s *restarting) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked++
	for _, a := range s.away {
		if now := time.Now(); !now.Before(a.from) && now.Before(a.to) {
			return a.how()
		}
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
				server := &restarting{t: t}
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
				gone := server.from(c.away, c.how)
				server.asked, server.away = 0, []away{gone}
				response, err := send(c.method, c.body)
				if c.asked > 0 {
					assert.Equal(t, c.asked, server.asked)
					assert.Equal(t, gone.from, time.Now(), "at once")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, http.StatusOK, response.StatusCode)
				assert.Less(t, time.Since(gone.to), 3*time.Second)
			})
		})
	}
}

// TestAnAPIServerThatIsDown is waited for once, not for each request.
func TestAnAPIServerThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &restarting{t: t}
		p := patient{server, &outage{}}
		get := func() error {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://hub.example/api", nil)
			require.NoError(t, err)
			_, err = p.RoundTrip(r) //nolint:bodyclose // it is empty
			return err
		}
		require.NoError(t, get())
		began := time.Now()
		server.away = []away{server.from(time.Hour, refused)}
		require.ErrorIs(t, get(), syscall.ECONNREFUSED)
		assert.InDelta(t, mostAway.Seconds(), time.Since(began).Seconds(), 3)
		now := time.Now()
		require.ErrorIs(t, get(), syscall.ECONNREFUSED)
		assert.Equal(t, now, time.Now(), "at once")
	})
}

// TestAnAPIServerThatIsBack refuses for a moment what it does not refuse otherwise. What it refuses later, it refuses.
func TestAnAPIServerThatIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		denied := func() (*http.Response, error) { return answer(http.StatusForbidden), nil }
		server := &restarting{t: t}
		p := patient{server, &outage{}}
		send := func() int {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, "https://hub.example/api", strings.NewReader("body"))
			require.NoError(t, err)
			response, err := p.RoundTrip(r) //nolint:bodyclose // it is empty
			require.NoError(t, err)
			return response.StatusCode
		}
		require.Equal(t, http.StatusOK, send())
		server.away = []away{server.from(time.Hour, denied)}
		began := time.Now()
		require.Equal(t, http.StatusForbidden, send())
		require.Equal(t, began, time.Now(), "at once, where nothing was away")

		restart := server.from(5*time.Second, refused)
		server.away = []away{restart, {restart.to, restart.to.Add(3 * time.Second), denied}}
		require.Equal(t, http.StatusOK, send())
		time.Sleep(comingBack)
		server.away = []away{server.from(time.Hour, denied)}
		began = time.Now()
		require.Equal(t, http.StatusForbidden, send())
		require.Equal(t, began, time.Now(), "at once again")
	})
}
