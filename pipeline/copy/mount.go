package copy

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry"

	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// placed remembers which repository of the destination has a blob, while several are copied. ECR mounts a blob from
// another repository where the account allows it (BLOB_MOUNTING), and begins an upload where it does not:
// docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html.
type placed struct {
	mu  sync.Mutex
	in  map[digest.Digest]string
	off atomic.Bool // the registry does not mount
}

// note remembers a blob. A nil placed remembers nothing.
func (p *placed) note(d digest.Digest, repository string) {
	if p == nil || p.off.Load() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.in == nil {
		p.in = map[digest.Digest]string{}
	}
	p.in[d] = repository
}

// find returns another repository that has a blob; "" where none is known, or where nothing can be mounted.
func (p *placed) find(d digest.Digest, not string) string {
	if p == nil || p.off.Load() {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if from := p.in[d]; from != not {
		return from
	}
	return ""
}

// mount takes a blob over from another repository of the destination, and reports whether the blob is there then. Who does
// not mount begins an upload, which is used. Nothing is mounted any more after that, nor after an answer that is an error:
// what is wrong shows when the blob is sent.
func (s *blobSender) mount(ctx context.Context, b *blob) (there, sent bool, err error) {
	from := s.placed.find(b.desc.Digest, s.dst.repo.Reference.Repository)
	mounter, can := s.dst.repo.Blobs().(registry.Mounter)
	if from == "" || !can {
		return false, false, nil
	}
	if err := s.sending.Acquire(ctx, 1); err != nil {
		return false, false, err
	}
	defer s.sending.Release(1)
	err = mounter.Mount(ctx, b.desc, from, func() (io.ReadCloser, error) {
		sent = true
		s.placed.off.Store(true)
		return s.open(ctx, b)
	})
	if err == nil {
		if !sent {
			s.mounted.Add(1)
		}
		return true, sent, nil
	}
	if ctx.Err() != nil || !sent && transient.Error(err) {
		return false, false, s.dst.fail(err, "mounting blob", b.desc.Digest.String())
	}
	s.placed.off.Store(true)
	return false, false, nil
}
