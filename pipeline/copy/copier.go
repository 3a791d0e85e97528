package copy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// copier is one run.
type copier struct {
	Options
	src, dst  *endpoint
	images    func(context.Context) ([]ecr.Image, error)
	immutable bool

	onlyThere []wanted // what clusters use that only the destination has
	listed    listed
	manifests memo          // what was done for a manifest, once each
	blobs     memo          // and for a blob
	tags      memo          // and for a tag
	slots     chan struct{} // transfers at once

	mu    sync.Mutex
	notes []string

	total                                     int          // manifests to see to
	done                                      atomic.Int64 // manifests seen to
	copiedManifests, copiedBlobs, copiedBytes atomic.Int64
}

func newCopier(src *Source, dst Destination, o Options) *copier {
	o = o.withDefaults()
	limits := DefaultLimits(dst.Address.Registry.Kind)
	if o.Limits != nil {
		limits = o.Limits
	}
	c := &copier{
		Options: o, images: dst.Images, immutable: dst.Immutable, slots: make(chan struct{}, o.Concurrency),
		dst: newEndpoint(ToDestination, dst.Repository, dst.Address.URL(), dst.Address, newBuckets(limits)),
	}
	if src != nil {
		c.src = newEndpoint(FromSource, src.Repository, src.URL, src.Address, nil)
	}
	return c
}

// Run copies everything in the source to the destination: all tags, what clusters use, and what these lead to.
// Digests stay. Blobs go before the manifests that need them, children before indexes, referrers before the
// tag of what they refer to, tags last; what is there is not sent. The error is an *Error for the side that broke,
// inside a *fault.Error; the result tells how far it came.
func Run(ctx context.Context, src Source, dst Destination, o Options) (Result, error) {
	c := newCopier(&src, dst, o)
	_, r, err := c.run(ctx)
	return r, err
}

func (c *copier) run(ctx context.Context) (*graph, Result, error) {
	r := Result{Source: c.src.url, Destination: c.dst.url}
	g, err := c.inventory(ctx)
	if err == nil {
		c.total = len(g.nodes)
		r.Manifests.Total, r.Blobs.Total = len(g.nodes), len(g.blobs)
		r.Tags, err = c.copy(ctx, g)
	}
	r.Manifests.Copied, r.Blobs.Copied, r.Bytes = int(c.copiedManifests.Load()), int(c.copiedBlobs.Load()), c.copiedBytes.Load()
	r.SourceRequests, r.DestinationRequests = c.src.client.requests(), c.dst.client.requests()
	r.Notes = sorted(c.notes)
	if err != nil {
		err = fault.New(fault.CodeOf(err), fault.RemedyOf(err), "copying %q to %q: %w", c.src.url, c.dst.url, err)
	}
	return g, r, err
}

// copy sends what is missing.
func (c *copier) copy(ctx context.Context, g *graph) ([]Tag, error) {
	var err error
	if c.listed, err = c.list(ctx); err != nil {
		return nil, err
	}
	tags, err := c.lookUpTags(ctx, g)
	if err != nil {
		return nil, err
	}
	if err := c.refuseImmutable(tags); err != nil {
		return nil, err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(4 * c.Concurrency)
	for _, n := range g.sorted() {
		group.Go(func() error {
			if len(n.tags) > 0 || n.found.parent == nil {
				return c.root(inner, n, tags)
			}
			return c.rootEach(inner, n.referrers, tags) // it goes with what it was found by
		})
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return tags.list(g), c.writeFallbackTags(ctx, g)
}

// root sees to a manifest with everything that belongs to it, its tags last.
func (c *copier) root(ctx context.Context, n *node, tags tagStates) error {
	if err := c.ensure(ctx, n, tags); err != nil {
		return err
	}
	if err := c.rootEach(ctx, n.referrers, tags); err != nil {
		return err
	}
	for _, name := range n.tags {
		if err := c.tag(ctx, n, tags[name]); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) rootEach(ctx context.Context, nodes []*node, tags tagStates) error {
	for _, n := range nodes {
		if err := c.root(ctx, n, tags); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
	c.Progress.Say(format, args...)
}

// memo does a thing once for each key, however many ask for it at once.
type memo struct{ done sync.Map }

type once struct {
	ready chan struct{}
	err   error
}

func (m *memo) do(ctx context.Context, key any, f func() error) error {
	mine := &once{ready: make(chan struct{})}
	if got, taken := m.done.LoadOrStore(key, mine); taken {
		theirs := got.(*once)
		select {
		case <-theirs.ready:
			return theirs.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer close(mine.ready)
	mine.err = errors.New("it did not come to an end")
	mine.err = f()
	return mine.err
}
