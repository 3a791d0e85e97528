package copy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/semaphore"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// smallBlob is the size up to which a blob is held in memory, so that its upload can be repeated without
// reading it again. Bigger ones stream. What copy holds is so at most smallBlob times three for each artifact at once.
const smallBlob = 1 << 20

// blobSender sends blobs, each once. A small one is read while others are sent: an upload takes two requests, so twice
// as many are under way.
type blobSender struct {
	*job
	listed        listed
	there         checkedBlobs // asked for together before
	done          memo
	reading       *semaphore.Weighted // held until sending is
	sending       *semaphore.Weighted
	copied, bytes atomic.Int64
	mounted       atomic.Int64
}

func newBlobSender(j *job, listed listed) blobSender {
	at := int64(j.Concurrency)
	return blobSender{job: j, listed: listed, reading: semaphore.NewWeighted(at), sending: semaphore.NewWeighted(2 * at)}
}

// ensure sends a blob that is not there. Where nothing at all is there, a small one is not asked for first: the
// upload costs little more than the question.
func (s *blobSender) ensure(ctx context.Context, b *blob) error {
	return s.done.do(ctx, b.desc.Digest, func() error {
		if _, has := s.there.sizes[b.desc.Digest]; has {
			return nil
		}
		there, sent, err := s.mount(ctx, b)
		if err != nil {
			return err
		}
		if !there {
			send := s.stream
			if b.desc.Size <= smallBlob {
				send = s.sendWhole
			}
			if sent, err = send(ctx, b); err != nil {
				return err
			}
		}
		if sent {
			s.copied.Add(1)
			s.bytes.Add(b.desc.Size)
		}
		s.placed.note(b.desc.Digest, s.dst.repo.Reference.Repository)
		return nil
	})
}

// exists asks for a blob, unless it is known that there is hardly any or which there are.
func (s *blobSender) exists(ctx context.Context, b *blob) (bool, error) {
	if s.there.known || s.listed.empty() && b.desc.Size <= smallBlob {
		return false, nil
	}
	_, err := s.dst.repo.Blobs().Resolve(ctx, b.desc.Digest.String())
	if errors.Is(err, errdef.ErrNotFound) {
		return false, nil
	}
	return err == nil, s.dst.fail(err, "looking for blob", b.desc.Digest.String())
}

// sendWhole reads a small blob, checks it, and uploads it.
func (s *blobSender) sendWhole(ctx context.Context, b *blob) (sent bool, err error) {
	data, err := s.readWhole(ctx, b)
	if err != nil || data == nil {
		return false, err
	}
	defer s.sending.Release(1)
	err = s.dst.repo.Blobs().Push(ctx, b.desc, bytes.NewReader(data))
	return err == nil, s.dst.fail(err, "writing blob", b.desc.Digest.String())
}

// readWhole reads a small blob, and returns when it may be sent; nothing when it is there.
func (s *blobSender) readWhole(ctx context.Context, b *blob) ([]byte, error) {
	if err := s.reading.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.reading.Release(1)
	if there, err := s.exists(ctx, b); there || err != nil {
		return nil, err
	}
	var data []byte
	err := retry(ctx, func() error {
		body, err := s.open(ctx, b)
		if err != nil {
			return err
		}
		defer body.Close()
		whole := bytes.NewBuffer(make([]byte, 0, max(b.desc.Size, 0)+bytes.MinRead)) // at once, instead of growing to it
		if _, err = whole.ReadFrom(body); err != nil {
			return s.readError(err, b)
		}
		data = whole.Bytes()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return data, s.sending.Acquire(ctx, 1)
}

// stream sends a big blob while reading it.
func (s *blobSender) stream(ctx context.Context, b *blob) (sent bool, err error) {
	if err := s.sending.Acquire(ctx, 1); err != nil {
		return false, err
	}
	defer s.sending.Release(1)
	if there, err := s.exists(ctx, b); there || err != nil {
		return false, err
	}
	err = retry(ctx, func() error { return s.streamOnce(ctx, b) })
	return err == nil, err
}

func (s *blobSender) streamOnce(ctx context.Context, b *blob) error {
	body, err := s.open(ctx, b)
	if err != nil {
		return err
	}
	defer body.Close()
	err = s.dst.repo.Blobs().Push(ctx, b.desc, io.Reader(struct{ io.Reader }{body}))
	if broke := body.broke(); broke != nil {
		return s.readError(broke, b)
	}
	failed := s.dst.fail(err, "writing blob", b.desc.Digest.String())
	if err != nil && transient.Error(err) {
		return halfway{failed}
	}
	return failed
}

func (s *blobSender) open(ctx context.Context, b *blob) (*checked, error) {
	body, err := s.src.repo.Blobs().Fetch(ctx, b.desc)
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, brokenError{b, s.src.fail(fault.New(fault.Failed, pushAgain, "it is missing there, though %s needs it", b.via), "reading blob", b.desc.Digest.String())}
	}
	if err != nil && strings.Contains(err.Error(), "mismatch Content-Length") { // oras-go gives it no type
		return nil, s.readError(&wrongError{fmt.Sprintf("wrong content: it has not %d bytes", b.desc.Size)}, b)
	}
	if err != nil {
		return nil, s.src.fail(err, "reading blob", b.desc.Digest.String())
	}
	return &checked{ReadCloser: body, desc: b.desc, hash: b.desc.Digest.Algorithm().Digester()}, nil
}

// readError is the error of a blob that could not be read to its end, or was not what its digest says.
func (s *blobSender) readError(err error, b *blob) error {
	if isWrong(err) {
		err = fault.New(fault.Failed, pushAgain+": what is stored there is not what its digest says", "%w, and %s needs it", err, b.via)
		return brokenError{b, s.src.fail(err, "reading blob", b.desc.Digest.String())}
	}
	failed := s.src.fail(err, "reading blob", b.desc.Digest.String())
	if transient.Error(err) {
		return halfway{failed}
	}
	return failed
}

// checked reads a blob and holds its last bytes back unless the whole is what its digest says: so nothing
// wrong is ever sent to its end.
type checked struct {
	io.ReadCloser
	desc ocispec.Descriptor
	hash digest.Digester
	read int64

	mu  sync.Mutex // an upload that is refused early returns while its body is still being read
	err error      // what was wrong with the source
}

// broke returns what was wrong with the source, if anything was.
func (r *checked) broke() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

func (r *checked) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.read += int64(n)
	r.hash.Hash().Write(p[:n])
	var wrong error
	switch {
	case err != nil && err != io.EOF:
		wrong = err
	case r.read > r.desc.Size:
		wrong = &wrongError{fmt.Sprintf("wrong content: it has more than %d bytes", r.desc.Size)}
	case err == io.EOF && r.read < r.desc.Size:
		wrong = io.ErrUnexpectedEOF
	case r.read == r.desc.Size && r.hash.Digest() != r.desc.Digest:
		wrong = &wrongError{fmt.Sprintf("wrong content: its digest is %s", r.hash.Digest())}
	}
	if wrong != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.err = wrong
		return 0, wrong
	}
	return n, err
}
