package copy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// sender sends manifests, each once, and before it everything that it needs.
type sender struct {
	*job
	listed listed
	tags   *tagger
	blobs  blobSender
	done   memo
	total  int           // manifests to see to
	seen   atomic.Int64  // manifests seen to
	lacks  int           // manifests to send at least
	least  time.Duration // that the quotas make sending these

	mu      sync.Mutex
	written []digest.Digest
	broken  map[*blob]error // that the source can't give
}

func newSender(j *job, listed listed, tags *tagger, total int) *sender {
	return &sender{job: j, listed: listed, tags: tags, total: total, blobs: newBlobSender(j, listed)}
}

// tally notes what was sent. A nil sender has sent nothing.
func (s *sender) tally(r *Result) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Manifests.Copied, r.Blobs.Copied, r.Bytes, r.Mounted = len(s.written), int(s.blobs.copied.Load()), s.blobs.bytes.Load(), int(s.blobs.mounted.Load())
	for _, d := range s.written {
		r.Written = append(r.Written, d.String())
	}
	slices.Sort(r.Written)
}

// ensure makes sure that a manifest is at the destination, and before it everything it needs.
func (s *sender) ensure(ctx context.Context, n *node) error {
	return s.done.do(ctx, n.desc.Digest, func() error {
		there, err := s.present(ctx, n)
		if err != nil {
			return err
		}
		if !there || s.Repair {
			if err := s.below(ctx, n); err != nil {
				return err
			}
		}
		if !there {
			if err := s.put(ctx, n); err != nil {
				return err
			}
			s.mu.Lock()
			s.written = append(s.written, n.desc.Digest)
			s.left(len(s.written))
			s.mu.Unlock()
		}
		s.Progress.Count("manifests", int(s.seen.Add(1)), s.total)
		return nil
	})
}

// foresee works out how long sending takes, where it is known what is lacking.
func (s *sender) foresee(g *graph) {
	if !s.listed.known || !s.dst.address.Registry.IsECR() {
		return
	}
	blobs := map[*blob]bool{}
	for _, n := range g.nodes {
		if s.listed.there[n.desc.Digest] {
			continue
		}
		s.lacks++
		for _, b := range n.blobs {
			if _, has := s.blobs.there.sizes[b.desc.Digest]; !has {
				blobs[b] = true
			}
		}
	}
	s.least = s.job.least(s.lacks, len(blobs))
	s.left(0)
}

// left says how long sending the rest takes.
func (s *sender) left(sent int) {
	text := ""
	if rest := (s.least * time.Duration(max(s.lacks-sent, 0)) / time.Duration(max(s.lacks, 1))).Round(time.Second); rest > 0 {
		text = Least(rest) + " more"
	}
	s.Progress.Left(text)
}

// present reports whether a manifest is at the destination, with one HEAD at most, and without one where a tag
// or the list says so already. A manifest whose tag has to be written is sent in any case.
func (s *sender) present(ctx context.Context, n *node) (bool, error) {
	if s.listed.there[n.desc.Digest] {
		return true, nil
	}
	for _, name := range n.tags {
		if s.tags.states[name].outcome == Present {
			return true, nil
		}
	}
	if s.listed.empty() || s.tags.due(n) != "" {
		return false, nil
	}
	return s.existsAtDestination(ctx, n.desc.Digest.String())
}

// below sends what a manifest needs. When the source can't give all of it, everything else is sent all the same, and the
// error is errBroken.
func (s *sender) below(ctx context.Context, n *node) error {
	group, ctx := errgroup.WithContext(ctx)
	var lacks atomic.Bool
	unlessBroken := func(err error) error {
		if s.isBroken(err) {
			lacks.Store(true)
			return nil
		}
		return err
	}
	for _, b := range n.blobs {
		group.Go(func() error { return unlessBroken(s.blobs.ensure(ctx, b)) })
	}
	for _, child := range n.children {
		group.Go(func() error { return unlessBroken(s.ensure(ctx, child)) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if lacks.Load() {
		return errBroken
	}
	return nil
}

// put writes a manifest, under the first of its tags that is due, which saves a request of the kind that ECR limits
// most. A registry that does not take it before its subject gets the subject first, without a tag.
func (s *sender) put(ctx context.Context, n *node) error {
	err := s.putOnce(ctx, n)
	if err == nil || n.subject == nil || !refusedForSubject(err) {
		return err
	}
	if err := s.below(ctx, n.subject); err != nil {
		return err
	}
	if err := s.push(ctx, n.subject); err != nil {
		return err
	}
	return s.putOnce(ctx, n)
}

func (s *sender) putOnce(ctx context.Context, n *node) error {
	if name := s.tags.due(n); name != "" {
		return s.tags.write(ctx, n, name)
	}
	return s.push(ctx, n)
}

// push writes a manifest by its digest.
func (s *sender) push(ctx context.Context, n *node) error {
	err := s.dst.repo.Manifests().Push(ctx, n.desc, bytes.NewReader(n.raw))
	return s.dst.fail(err, "writing manifest", n.desc.Digest.String())
}

// refusedForSubject reports whether a registry's answer may mean that it wants the subject first.
func refusedForSubject(err error) bool {
	var answered *errcode.ErrorResponse
	return errors.As(err, &answered) && (answered.StatusCode == http.StatusBadRequest || answered.StatusCode == http.StatusNotFound)
}
