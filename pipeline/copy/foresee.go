package copy

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Foreseen is what Run would send.
type Foreseen struct {
	Tags      []Tag // by name
	Manifests Tally // Copied is what would be sent
	Blobs     Tally
	Bytes     int64   // of the blobs that would be sent
	Seconds   float64 // that sending takes at least, within the limits of the destination
	Notes     []string
}

// Foresee finds out what Run would send, and refuses what Run would refuse. It only reads: the source as Run does, and
// of the destination what is not known from its list, blobs a hundred at once where its API can. A destination that does
// not exist yet has nothing.
func Foresee(ctx context.Context, src Source, dst Destination, o Options) (Foreseen, error) {
	c := &copier{job: newJob(&src, dst, o)}
	c.dst.client.readOnly = true
	f, err := c.foresee(ctx)
	f.Notes = sorted(c.notes)
	if err != nil {
		err = fault.New(fault.CodeOf(err), fault.RemedyOf(err), "finding out what to copy from %q to %q: %w", c.src.url, c.dst.url, err)
	}
	return f, err
}

func (c *copier) foresee(ctx context.Context) (Foreseen, error) {
	var f Foreseen
	listed, err := c.listNew(ctx)
	if err != nil {
		return f, err
	}
	g, err := c.inventory(ctx)
	if err != nil {
		return f, err
	}
	if err := c.refused(g, listed); err != nil {
		return f, err
	}
	tags := &tagger{job: c.job, listed: listed}
	if err := tags.lookUp(ctx, g); err != nil {
		return f, err
	}
	if err := tags.refuseImmutable(); err != nil {
		return f, err
	}
	f.Tags, f.Manifests.Total, f.Blobs.Total = tags.list(g), len(g.nodes), len(g.blobs)
	missing, err := c.missingNodes(ctx, g, newSender(c.job, listed, tags, len(g.nodes)))
	if err != nil {
		return f, err
	}
	f.Manifests.Copied = len(missing)
	puts := c.puts(missing, tags)
	parts, err := c.missingBlobs(ctx, &f, missing, listed)
	if err != nil {
		return f, err
	}
	f.Seconds = c.limits(c.dst.address.Registry.Kind, c.Keep).seconds(map[string]int{
		"PutImage": puts, "InitiateLayerUpload": f.Blobs.Copied, "CompleteLayerUpload": f.Blobs.Copied, "UploadLayerPart": parts,
	})
	return f, nil
}

// missingNodes returns the manifests that would be sent, by the sender's own judgement, level by level: what is below an
// index goes with it, and is there where the index is.
func (c *copier) missingNodes(ctx context.Context, g *graph, s *sender) (missing []*node, err error) {
	var level []*node
	for _, n := range g.sorted() {
		if !n.isChild() {
			level = append(level, n)
		}
	}
	seen := map[*node]bool{}
	for len(level) > 0 {
		lacking, err := lackingOf(ctx, level, s, 2*c.Concurrency)
		if err != nil {
			return nil, err
		}
		missing, level = append(missing, lacking...), nil
		for _, n := range lacking {
			seen[n] = true
			for _, child := range n.children {
				if !seen[child] && child.isChild() {
					seen[child] = true
					level = append(level, child)
				}
			}
		}
	}
	return missing, nil
}

func lackingOf(ctx context.Context, nodes []*node, s *sender, limit int) ([]*node, error) {
	var mu sync.Mutex
	var lacking []*node
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(limit)
	for _, n := range nodes {
		group.Go(func() error {
			there, err := s.present(inner, n)
			if err == nil && !there {
				mu.Lock()
				defer mu.Unlock()
				lacking = append(lacking, n)
			}
			return err
		})
	}
	return lacking, group.Wait()
}

// puts counts requests that write a manifest or a tag: the first tag goes with its manifest.
func (c *copier) puts(missing []*node, tags *tagger) int {
	count := len(missing)
	for _, s := range tags.states {
		if s.outcome == Copied || s.outcome == Overwritten {
			count++
		}
	}
	for _, n := range missing {
		if tags.due(n) != "" {
			count--
		}
	}
	return count
}

// missingBlobs counts the blobs that would be sent, and returns how many requests carry them.
func (c *copier) missingBlobs(ctx context.Context, f *Foreseen, missing []*node, listed listed) (parts int, err error) {
	wanted := map[*blob]bool{}
	var ask []*blob
	for _, n := range missing {
		for _, b := range n.blobs {
			if !wanted[b] && !listed.empty() {
				ask = append(ask, b)
			}
			wanted[b] = true
		}
	}
	checked, err := c.checkBlobs(ctx, ask)
	if err != nil {
		return 0, c.dst.fail(err, "looking for blobs", "")
	}
	var mu sync.Mutex
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * c.Concurrency)
	for b := range wanted {
		group.Go(func() error {
			if _, has := checked.sizes[b.desc.Digest]; has {
				return nil
			}
			if !listed.empty() && !checked.known {
				_, err := c.dst.repo.Blobs().Resolve(inner, b.desc.Digest.String())
				if err == nil {
					return nil
				}
				if !errors.Is(err, errdef.ErrNotFound) {
					return c.dst.fail(err, "looking for blob", b.desc.Digest.String())
				}
			}
			mu.Lock()
			defer mu.Unlock()
			f.Blobs.Copied++
			f.Bytes += b.desc.Size
			parts++
			return nil
		})
	}
	return parts, group.Wait()
}
