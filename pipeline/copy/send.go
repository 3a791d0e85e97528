package copy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// smallBlob is the size up to which a blob is held in memory, so that its upload can be repeated without
// reading it again. Bigger ones stream. What copy holds is so at most smallBlob times the transfers at once.
const smallBlob = 1 << 20

// ensure makes sure that a manifest is at the destination, and before it everything it needs.
func (c *copier) ensure(ctx context.Context, n *node, tags tagStates) error {
	return c.manifests.do(ctx, n.desc.Digest, func() error {
		there, err := c.present(ctx, n, tags)
		if err != nil {
			return err
		}
		if !there || c.Repair {
			if err := c.below(ctx, n, tags); err != nil {
				return err
			}
		}
		if !there {
			if err := c.put(ctx, n, tags); err != nil {
				return err
			}
			c.copiedManifests.Add(1)
		}
		c.Progress.Count("manifests", int(c.done.Add(1)), c.total)
		return nil
	})
}

// present tells whether a manifest is at the destination, with one HEAD at most, and without one where a tag
// or the list told already. A manifest whose tag has to be written is sent in any case.
func (c *copier) present(ctx context.Context, n *node, tags tagStates) (bool, error) {
	if c.listed.there[n.desc.Digest] {
		return true, nil
	}
	due := false
	for _, name := range n.tags {
		switch tags[name].outcome {
		case Present:
			return true, nil
		case Copied, Overwritten:
			due = true
		}
	}
	if c.listed.empty() || due && len(n.referrers) == 0 {
		return false, nil
	}
	return c.existsAtDestination(ctx, n.desc.Digest.String())
}

// below sends what a manifest needs.
func (c *copier) below(ctx context.Context, n *node, tags tagStates) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, b := range n.blobs {
		group.Go(func() error { return c.blob(ctx, b) })
	}
	for _, child := range n.children {
		group.Go(func() error { return c.ensure(ctx, child, tags) })
	}
	if n.subject != nil {
		group.Go(func() error { return c.ensure(ctx, n.subject, tags) })
	}
	return group.Wait()
}

// blob sends a blob that is not there. Where nothing at all is there, a small one is not asked for first: the
// upload costs little more than the question.
func (c *copier) blob(ctx context.Context, b *blob) error {
	return c.blobs.do(ctx, b.desc.Digest, func() error {
		select {
		case c.slots <- struct{}{}:
			defer func() { <-c.slots }()
		case <-ctx.Done():
			return ctx.Err()
		}
		if !c.listed.empty() || b.desc.Size > smallBlob {
			_, err := c.dst.repo.Blobs().Resolve(ctx, b.desc.Digest.String())
			if err == nil {
				return nil
			}
			if !errors.Is(err, errdef.ErrNotFound) {
				return c.dst.fail(err, "looking for blob", b.desc.Digest.String())
			}
		}
		send := c.stream
		if b.desc.Size <= smallBlob {
			send = c.sendWhole
		}
		if err := again(ctx, func() error { return send(ctx, b) }); err != nil {
			return err
		}
		c.copiedBlobs.Add(1)
		c.copiedBytes.Add(b.desc.Size)
		return nil
	})
}

// sendWhole reads a small blob, checks it, and uploads it.
func (c *copier) sendWhole(ctx context.Context, b *blob) error {
	body, err := c.open(ctx, b)
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err != nil {
		return c.readError(err, b)
	}
	err = c.dst.repo.Blobs().Push(ctx, b.desc, bytes.NewReader(data))
	return c.dst.fail(err, "writing blob", b.desc.Digest.String())
}

// stream sends a big blob while reading it.
func (c *copier) stream(ctx context.Context, b *blob) error {
	body, err := c.open(ctx, b)
	if err != nil {
		return err
	}
	defer body.Close()
	err = c.dst.repo.Blobs().Push(ctx, b.desc, io.Reader(struct{ io.Reader }{body}))
	if broke := body.broke(); broke != nil {
		return c.readError(broke, b)
	}
	told := c.dst.fail(err, "writing blob", b.desc.Digest.String())
	if err != nil && passing(err) {
		return halfway{told}
	}
	return told
}

func (c *copier) open(ctx context.Context, b *blob) (*checked, error) {
	body, err := c.src.repo.Blobs().Fetch(ctx, b.desc)
	if errors.Is(err, errdef.ErrNotFound) {
		return nil, c.src.fail(fault.New(fault.Failed, "push the artifact again, or delete its tag from the source",
			"it is missing there, though %s needs it", b.via), "reading blob", b.desc.Digest.String())
	}
	if err != nil {
		return nil, c.src.fail(err, "reading blob", b.desc.Digest.String())
	}
	return &checked{ReadCloser: body, desc: b.desc, hash: b.desc.Digest.Algorithm().Digester()}, nil
}

// readError tells of a blob that could not be read to its end, or was not what its digest says.
func (c *copier) readError(err error, b *blob) error {
	told := c.src.fail(err, "reading blob", b.desc.Digest.String())
	if passing(err) {
		return halfway{told}
	}
	return told
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

// broke tells what was wrong with the source, if anything was.
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
