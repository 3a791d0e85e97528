package copy

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

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
	total  int          // manifests to see to
	seen   atomic.Int64 // manifests seen to

	mu      sync.Mutex
	written []digest.Digest
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
			s.mu.Unlock()
		}
		s.Progress.Count("manifests", int(s.seen.Add(1)), s.total)
		return nil
	})
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

// below sends what a manifest needs.
func (s *sender) below(ctx context.Context, n *node) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, b := range n.blobs {
		group.Go(func() error { return s.blobs.ensure(ctx, b) })
	}
	for _, child := range n.children {
		group.Go(func() error { return s.ensure(ctx, child) })
	}
	return group.Wait()
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
