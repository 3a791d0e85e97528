package lease

import (
	"context"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Guard takes the lease right before the first write of a run, so that a run with nothing to do writes nothing.
type Guard struct {
	client  client.Client
	options Options

	mu   sync.Mutex
	held *Lease
}

// NewGuard prepares a guard; it asks the cluster nothing.
func NewGuard(c client.Client, o Options) *Guard { return &Guard{client: c, options: o} }

// Hold takes the lease unless the guard has it already, and fails once another run has taken it.
func (g *Guard) Hold(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil {
		held, err := Acquire(ctx, g.client, g.options)
		if err != nil {
			return err
		}
		g.held = held
	}
	if cause := context.Cause(g.held.lost); cause != nil {
		return lostFault(g.options.Namespace, cause)
	}
	return nil
}

// TookOver returns the dead holder that this run has replaced, or nil.
func (g *Guard) TookOver() *Holder {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil {
		return nil
	}
	return g.held.TookOver()
}

// Release returns the lease if the guard has it.
func (g *Guard) Release(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil {
		return nil
	}
	held := g.held
	g.held = nil
	return held.Release(ctx)
}
