package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Tunnel leads to a Service inside the cluster, through the API server. When the pod behind it restarts, the next
// connection waits for a ready one and goes there: a registry's restart costs a retry, not the run.
type Tunnel struct {
	namespace, service string
	port               int
	open               func(context.Context) (forward, error)
	patience           time.Duration // for a ready pod, when one is opened again
	pause              time.Duration // between two tries
	dialer             net.Dialer

	mu      sync.Mutex
	current *forward
	closed  bool
}

// forward is one port-forward, to one pod.
type forward struct {
	addr  string
	ended <-chan struct{} // closed when it has ended, whoever ended it
	stop  func()
}

const (
	tunnelPatience = 2 * time.Minute
	tunnelPause    = time.Second
)

// Tunnel opens a tunnel to a Service's port; zero is its only one. That the Service can be reached is found out at
// once, unless a pod behind it is about to be ready. Close must be called.
func (c *Cluster) Tunnel(ctx context.Context, namespace, service string, port int) (*Tunnel, error) {
	t := &Tunnel{
		namespace: namespace, service: service, port: port, patience: tunnelPatience, pause: tunnelPause, dialer: net.Dialer{Timeout: 10 * time.Second},
		open: func(ctx context.Context) (forward, error) { return c.forward(ctx, namespace, service, port) },
	}
	if err := t.first(ctx); err != nil {
		return nil, err
	}
	return t, nil
}

// first opens the first port-forward. A pod that is starting is waited for: it was restarted a moment ago.
func (t *Tunnel) first(ctx context.Context) error {
	for began := time.Now(); ; {
		opened, err := t.open(ctx)
		if err == nil {
			t.current = &opened
			return nil
		}
		var coming starting
		if !errors.As(err, &coming) || time.Since(began) >= coming.most {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(t.pause):
		}
	}
}

// starting is the error of a Service none of whose pods is ready, and one may be soon.
type starting struct {
	error
	most time.Duration // that it is worth waiting for
}

// Unwrap lets errors.As find the code and the remedy.
func (s starting) Unwrap() error { return s.error }

// DialContext connects to the Service, whatever the address. It is for http.Transport.
func (t *Tunnel) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	addr, err := t.address(ctx)
	if err != nil {
		return nil, err
	}
	return t.dialer.DialContext(ctx, network, addr)
}

// address returns where the port-forward listens, and opens it again if it has ended.
func (t *Tunnel) address(ctx context.Context) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return "", net.ErrClosed
	}
	if t.current != nil {
		select {
		case <-t.current.ended:
			t.current.stop()
			t.current = nil
		default:
			return t.current.addr, nil
		}
	}
	limited, cancel := context.WithTimeout(ctx, t.patience)
	defer cancel()
	for {
		again, err := t.open(limited)
		if err == nil {
			t.current = &again
			return again.addr, nil
		}
		select {
		case <-limited.Done():
			return "", fault.New(fault.CodeOf(err), fault.RemedyOf(err), "opening the port-forward to Service %s/%s again: %w", t.namespace, t.service, err)
		case <-time.After(t.pause):
		}
	}
}

// Close ends the tunnel and its connections.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	if t.current != nil {
		t.current.stop()
		t.current = nil
	}
	return nil
}

// String names where it leads.
func (t *Tunnel) String() string {
	return fmt.Sprintf("Service %s/%s, port %d", t.namespace, t.service, t.port)
}
