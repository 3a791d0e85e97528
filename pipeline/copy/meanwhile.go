package copy

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// mostRounds is how often a source that moves while it is copied is copied again: one that moves on is proven as it was
// read, and the proof says so.
const mostRounds = 3

// meanwhile returns the tags that came to the source, or moved there, since a graph of it was read.
func (c *copier) meanwhile(ctx context.Context, g *graph) ([]string, error) {
	tags, err := c.src.tags(ctx)
	if err = c.src.fail(err, "listing tags", ""); isCause(err, ecr.Missing) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	now, err := c.resolve(ctx, tags)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(tags, func(tag string) bool {
		d, there := now[tag]
		switch n := g.tags[tag]; {
		case !there || slices.Contains(c.Left, tag):
			return true
		case n != nil:
			return n.desc.Digest == d
		}
		return slices.Contains(c.listedTags, tag)
	}), nil
}

// resolve asks the source what its tags name; one that is gone is left out.
func (c *copier) resolve(ctx context.Context, tags []string) (map[string]digest.Digest, error) {
	names := map[string]digest.Digest{}
	var mu sync.Mutex
	done := 0
	tags = slices.Compact(slices.Sorted(slices.Values(tags)))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * c.Concurrency)
	for _, tag := range tags {
		group.Go(func() error {
			desc, err := c.src.repo.Manifests().Resolve(inner, tag)
			mu.Lock()
			defer mu.Unlock()
			done++
			c.Progress.Count("tags looked at", done, len(tags))
			if errors.Is(err, errdef.ErrNotFound) {
				return nil
			}
			names[tag] = desc.Digest
			return c.src.fail(err, "looking for tag", tag)
		})
	}
	return names, group.Wait()
}
