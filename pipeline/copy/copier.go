package copy

import (
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// copier brings everything from one end of a job to the other.
type copier struct {
	*job
	named      map[string]digest.Digest // what the source's tags name, where only a part of them is read
	listedTags []string                 // what the source had when it was read
	onlyThere  []wanted                 // what clusters use that only the destination has
	send       *sender                  // nil until something may be sent
}

// Run copies everything in the source to the destination: all tags, what clusters use, and what these lead to.
// Digests stay. Blobs go before the manifests that need them, children before indexes, referrers before the
// tag of what they refer to, tags last; what is there is not sent. The error is an *Error for the side that broke,
// inside a *fault.Error; the result says how far it came.
func Run(ctx context.Context, src Source, dst Destination, o Options) (Result, error) {
	c := &copier{job: newJob(&src, dst, o)}
	_, r, err := c.run(ctx)
	return r, err
}

func (c *copier) run(ctx context.Context) (*graph, Result, error) {
	r := Result{Source: c.src.url, Destination: c.dst.url}
	g, err := c.inventory(ctx)
	if err == nil {
		r.Manifests.Total, r.Blobs.Total = len(g.nodes), len(g.blobs)
		r.Tags, err = c.copy(ctx, g)
	}
	c.send.tally(&r)
	if !c.Keep {
		r.there = c.listed.tags
	}
	r.SourceRequests, r.DestinationRequests = c.src.client.requests(), c.dst.client.requests()
	r.Notes = sorted(c.notes)
	if err != nil {
		r.failed = true
		err = fault.New(fault.CodeOf(err), fault.RemedyOf(err), "copying %q to %q: %w", c.src.url, c.dst.url, err)
	}
	return g, r, err
}

// copy sends what is missing.
func (c *copier) copy(ctx context.Context, g *graph) ([]Tag, error) {
	listed, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.refused(g, listed); err != nil {
		return nil, err
	}
	tags := &tagger{job: c.job, listed: listed}
	if err := tags.lookUp(ctx, g); err != nil {
		return nil, err
	}
	if err := tags.refuseImmutable(); err != nil {
		return nil, err
	}
	c.send = newSender(c.job, listed, tags, len(g.nodes))
	if c.send.blobs.there, err = c.checkBlobs(ctx, c.needed(g, listed)); err != nil {
		return nil, c.dst.fail(err, "looking for blobs", "")
	}
	c.send.foresee(g)
	defer c.Progress.Left("")
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(3 * c.Concurrency) // what is read, and what is sent
	for _, n := range g.sorted() {
		group.Go(func() error {
			var err error
			if n.isChild() {
				err = c.rootEach(inner, n.referrers) // it goes with its parent
			} else {
				err = c.root(inner, n)
			}
			if errors.Is(err, errBroken) {
				return nil // the others go on, and all that is broken is named together
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	if err := c.send.brokenBlobs(); err != nil {
		return nil, err
	}
	return tags.list(g), c.writeFallbackTags(ctx, g)
}

// root sends a manifest with everything that belongs to it. What refers to it goes first and its tags last: whoever
// sees a tag sees its signatures, and the manifest is written once, under its first tag. Registries take a referrer
// before its subject (OCI distribution specification, "Pushing Manifests with Subject").
func (c *copier) root(ctx context.Context, n *node) error {
	if err := c.rootEach(ctx, n.referrers); err != nil {
		return err
	}
	if err := c.send.ensure(ctx, n); err != nil {
		return err
	}
	for _, name := range n.tags {
		if err := c.send.tags.write(ctx, n, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) rootEach(ctx context.Context, nodes []*node) error {
	for _, n := range nodes {
		if err := c.root(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// needed returns the blobs of manifests that have to be sent. Without a list of what is there, all may be there, and
// where nothing is, no blob is.
func (c *copier) needed(g *graph, listed listed) []*blob {
	if !listed.known || listed.empty() {
		return nil
	}
	var needed []*blob
	for _, b := range g.sortedBlobs() {
		if c.Repair || slices.ContainsFunc(b.users, func(n *node) bool { return !listed.there[n.desc.Digest] }) {
			needed = append(needed, b)
		}
	}
	return needed
}
