package cluster

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pods are what a tunnel may lead to, one after the other: each a listener that says its name.
type pods struct {
	t      *testing.T
	names  []string
	fails  int // how many tries find no ready pod
	opened int
	end    func() // ends the newest port-forward, as a pod that dies does
}

func (p *pods) open(context.Context) (forward, error) {
	if p.fails > 0 {
		p.fails--
		return forward{}, errors.New("none of its 1 pods is ready")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(p.t, err)
	name := p.names[p.opened]
	p.opened++
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(name))
			_ = conn.Close()
		}
	}()
	ended := make(chan struct{})
	p.end = func() { _ = listener.Close(); close(ended) }
	return forward{addr: listener.Addr().String(), ended: ended, stop: func() { _ = listener.Close() }}, nil
}

func reach(t *testing.T, tunnel *Tunnel) string {
	t.Helper()
	conn, err := tunnel.DialContext(t.Context(), "tcp", "zot.mural-system.svc:5000")
	require.NoError(t, err)
	defer conn.Close()
	answer := make([]byte, 20)
	n, err := conn.Read(answer)
	require.NoError(t, err)
	return string(answer[:n])
}

func TestTunnelFollowsAPodThatRestarts(t *testing.T) {
	t.Parallel()
	p := &pods{t: t, names: []string{"zot-0", "zot-0 again"}}
	tunnel := &Tunnel{namespace: "mural-system", service: "zot", open: p.open, patience: time.Minute, pause: time.Microsecond}
	assert.Equal(t, "zot-0", reach(t, tunnel))
	assert.Equal(t, "zot-0", reach(t, tunnel))
	assert.Equal(t, 1, p.opened, "one port-forward serves all connections")
	p.end()
	p.fails = 3 // it takes a while until it is ready
	assert.Equal(t, "zot-0 again", reach(t, tunnel))

	require.NoError(t, tunnel.Close())
	_, err := tunnel.DialContext(t.Context(), "tcp", "")
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestTunnelSaysWhyItDoesNotOpenAgain(t *testing.T) {
	t.Parallel()
	p := &pods{t: t, names: []string{"zot-0"}, fails: 1 << 30}
	tunnel := &Tunnel{namespace: "mural-system", service: "zot", open: p.open, patience: time.Millisecond, pause: time.Microsecond}
	_, err := tunnel.DialContext(t.Context(), "tcp", "")
	require.EqualError(t, err, "opening the port-forward to Service mural-system/zot again: none of its 1 pods is ready")
}

// TestTunnelWaitsForAPodThatStarts: seen with Zot restarted right before copy.
func TestTunnelWaitsForAPodThatStarts(t *testing.T) {
	t.Parallel()
	notReady := errors.New("none of its 1 pods is ready")
	for name, c := range map[string]struct {
		err   error
		fails int
		opens int
	}{
		"it becomes ready":    {starting{notReady, podStarts}, 3, 4},
		"it won't be":         {notReady, 1, 1},
		"it takes too long":   {starting{notReady, podStarts}, 1 << 30, 31},
		"no pod is made":      {starting{notReady, noPod}, 1 << 30, 6},
		"it is ready already": {nil, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				opens := 0
				tunnel := &Tunnel{pause: tunnelPause, open: func(context.Context) (forward, error) {
					if opens++; opens <= c.fails {
						return forward{}, c.err
					}
					return forward{addr: "127.0.0.1:1"}, nil
				}}
				err := tunnel.first(t.Context())
				assert.Equal(t, c.opens, opens)
				if opens <= c.fails {
					require.ErrorIs(t, err, notReady)
					return
				}
				require.NoError(t, err)
			})
		})
	}
}
