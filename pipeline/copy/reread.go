package copy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// finding is one thing that the destination lacks.
type finding struct {
	what string
	seen string
}

func (f finding) String() string { return f.what + ": " + f.seen }

func names(all []finding) []string {
	texts := make([]string, len(all))
	for i, f := range all {
		texts[i] = f.String()
	}
	return texts
}

// reader reads the destination and collects what it lacks.
type reader struct {
	*job
	group *errgroup.Group
	total int

	mu      sync.Mutex
	lacking []finding
	unclear []finding // tags that differ, and may be right so
	done    int
}

// reread reads everything that a graph holds at the destination: what is lacking there, and which tags are unclear, both
// in order.
func (v *verifier) reread(ctx context.Context, g *graph) (lacking, unclear []finding, err error) {
	r := &reader{job: v.job, total: len(g.nodes) + len(g.blobs)}
	var inner context.Context
	r.group, inner = errgroup.WithContext(ctx)
	r.group.SetLimit(2 * v.Concurrency)
	read, err := r.readTogether(inner, g.sorted())
	if err != nil {
		return nil, nil, v.dst.fail(err, "reading manifests", "")
	}
	for _, n := range g.sorted() {
		r.group.Go(func() error { return r.manifestOf(inner, n, read) })
	}
	blobs := g.sortedBlobs()
	there, err := r.checkBlobs(inner, blobs)
	if err != nil {
		other := r.group.Wait()
		if errors.Is(err, context.Canceled) && other != nil { // that error has ended this one
			return nil, nil, other
		}
		return nil, nil, errors.Join(err, other)
	}
	for _, b := range blobs {
		if size, ok := there.sizes[b.desc.Digest]; ok {
			r.sizeOf(b, size)
			r.step()
			continue
		}
		r.group.Go(func() error { return r.blobOf(inner, b) })
	}
	if err := r.group.Wait(); err != nil {
		return nil, nil, err
	}
	if err := r.referrersOf(ctx, g); err != nil {
		return nil, nil, err
	}
	return inOrder(r.lacking), inOrder(r.unclear), nil
}

func inOrder(all []finding) []finding {
	slices.SortFunc(all, func(a, b finding) int { return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.seen, b.seen)) })
	return all
}

func (r *reader) lack(what, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lacking = append(r.lacking, finding{what, fmt.Sprintf(format, args...)})
}

func (r *reader) step() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done++
	r.Progress.Count("manifests and blobs read again", r.done, r.total)
}

// manifestOf reads a manifest: by its first tag, which proves the tag too, or by its digest; unless it was read.
func (r *reader) manifestOf(ctx context.Context, n *node, read readManifests) error {
	defer r.step()
	whole := read.whole[n.desc.Digest]
	for _, tag := range n.tags {
		if read.tags[tag] == n.desc.Digest {
			continue
		}
		named, err := r.tagOf(ctx, tag, n.desc.Digest, !whole)
		if err != nil {
			return err
		}
		whole = whole || named
	}
	if whole {
		return nil
	}
	_, _, err := r.dst.manifest(ctx, n.desc.Digest.String())
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		r.lack("manifest "+n.desc.Digest.String(), "missing (%s)", n.name())
	case isWrong(err):
		r.lack("manifest "+n.desc.Digest.String(), "%v", err)
	case err != nil:
		return r.dst.fail(err, "reading manifest", n.desc.Digest.String())
	}
	return nil
}

// tagOf looks at a tag, with all of its manifest when asked to, and reports whether it names the digest.
func (r *reader) tagOf(ctx context.Context, tag string, want digest.Digest, read bool) (bool, error) {
	var (
		got digest.Digest
		err error
	)
	if read {
		desc, _, e := r.dst.manifest(ctx, tag)
		got, err = desc.Digest, e
	} else {
		desc, e := r.dst.repo.Manifests().Resolve(ctx, tag)
		got, err = desc.Digest, e
	}
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		r.lack("tag "+tag, "missing")
	case isWrong(err):
		r.lack("tag "+tag, "%v", err)
	case err != nil:
		return false, r.dst.fail(err, "reading tag", tag)
	case got != want:
		r.differs(tag, got, want)
	default:
		return true, nil
	}
	return false, nil
}

// differs notes a tag that names something else than in the source, unless the destination is the newer one.
func (r *reader) differs(tag string, got, want digest.Digest) {
	switch r.moved(tag, got, want) {
	case Overwritten:
		r.lack("tag "+tag, "names %s, not %s", got, want)
	case Unclear:
		r.mu.Lock()
		defer r.mu.Unlock()
		r.unclear = append(r.unclear, finding{"tag " + tag, fmt.Sprintf("names %s, and %s in the source", got, want)})
	}
}

// blobOf asks for a blob.
func (r *reader) blobOf(ctx context.Context, b *blob) error {
	defer r.step()
	desc, err := r.dst.repo.Blobs().Resolve(ctx, b.desc.Digest.String())
	switch {
	case errors.Is(err, errdef.ErrNotFound):
		r.lack("blob "+b.desc.Digest.String(), "missing (%s)", b.via)
	case err != nil:
		return r.dst.fail(err, "looking for blob", b.desc.Digest.String())
	default:
		r.sizeOf(b, desc.Size)
	}
	return nil
}

func (r *reader) sizeOf(b *blob, size int64) {
	if size != b.desc.Size {
		r.lack("blob "+b.desc.Digest.String(), "has %d bytes, not %d (%s)", size, b.desc.Size, b.via)
	}
}

// referrersOf looks whether the destination lists the referrers that it was sent. That they are there is
// proven already, so not being allowed to list is no gap.
func (r *reader) referrersOf(ctx context.Context, g *graph) error {
	errDenied := errors.New("not allowed")
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * r.Concurrency)
	for _, n := range g.subjects() {
		group.Go(func() error {
			listed, err := r.dst.referrers(inner, n.desc)
			if err == nil && r.dst.noReferrers.Load() {
				listed, err = r.dst.fallbackIndex(inner, n.desc.Digest)
			}
			if err = r.dst.fail(err, "listing the referrers of", n.desc.Digest.String()); isCause(err, ecr.Denied) {
				return errDenied
			}
			if err != nil {
				return err
			}
			for _, referrer := range n.referrers {
				if !lists(listed, referrer.desc.Digest) {
					r.lack("referrer "+referrer.desc.Digest.String(), "not listed with %s", n.name())
				}
			}
			return nil
		})
	}
	err := group.Wait()
	if errors.Is(err, errDenied) {
		r.note("the destination's referrers may not be listed; they were read by their digests")
		return nil
	}
	return err
}
