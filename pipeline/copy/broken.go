package copy

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const pushAgain = "push the artifact again, or delete its tag from the source"

// brokenError is a blob that the source lacks, or whose content is not what its digest says.
type brokenError struct {
	blob *blob
	error
}

func (e brokenError) Unwrap() error { return e.error }

// errBroken is the error of a manifest that can't be sent, since the source can't give all that it needs.
var errBroken = errors.New("the source is not whole")

// isBroken reports whether an error says that the source is not whole, and remembers which blob is broken.
func (s *sender) isBroken(err error) bool {
	var broken brokenError
	if !errors.As(err, &broken) {
		return errors.Is(err, errBroken)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.broken) == 0 {
		s.broken = map[*blob]error{}
		s.Progress.Say("%v; what is whole is copied before it ends with this error", broken)
	}
	s.broken[broken.blob] = broken.error
	return true
}

// brokenBlobs is the error that names the blobs that the source could not give; nil when there are none.
func (s *sender) brokenBlobs() error {
	all := make([]string, 0, len(s.broken))
	for b, err := range s.broken {
		if len(s.broken) == 1 {
			return incomplete(fault.RemedyOf(err), "%w", err)
		}
		all = append(all, b.desc.Digest.String()+": "+causeOf(err))
	}
	if len(all) == 0 {
		return nil
	}
	return incomplete(pushAgain, "%w", &Error{Side: FromSource, Op: "reading blobs", Repository: s.src.url, Err: fmt.Errorf("%d are missing there or not what their digests say: %s", len(all), Some(sorted(all)))})
}

// causeOf is an error's text without the side, where that is said already.
func causeOf(err error) string {
	if side, ok := errors.AsType[*Error](err); ok {
		return side.Err.Error()
	}
	return err.Error()
}

// mostLooked bounds how many blobs of the source are asked for when nothing is to be sent.
const mostLooked = 10_000

// lackingBlobs asks the source for blobs, as many as mostLooked, and returns in words which it lacks, and
// how many it was asked for. That what is there is what its digest says is known only when it is read.
func (c *copier) lackingBlobs(ctx context.Context, blobs []*blob) (lacking []string, looked int, err error) {
	blobs = blobs[:min(len(blobs), mostLooked)]
	var mu sync.Mutex
	done := 0
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * c.Concurrency)
	for _, b := range blobs {
		group.Go(func() error {
			desc, err := c.src.repo.Blobs().Resolve(inner, b.desc.Digest.String())
			mu.Lock()
			defer mu.Unlock()
			done++
			c.Progress.Count("blobs looked for in the source", done, len(blobs))
			switch {
			case errors.Is(err, errdef.ErrNotFound):
				lacking = append(lacking, fmt.Sprintf("blob %s (%s) is missing", b.desc.Digest, b.via))
			case err != nil:
				return c.src.fail(err, "looking for blob", b.desc.Digest.String())
			case desc.Size != b.desc.Size:
				lacking = append(lacking, fmt.Sprintf("blob %s (%s) has %d bytes, not %d", b.desc.Digest, b.via, desc.Size, b.desc.Size))
			}
			return nil
		})
	}
	err = group.Wait()
	return sorted(lacking), len(blobs), err
}

// brokenSources are the errors of repositories of which the source does not have everything.
type brokenSources struct{ errs []error }

// isCause reports whether an error is one of these, and remembers it.
func (b *brokenSources) isCause(err error) bool {
	_, lacks := errors.AsType[incompleteError](err)
	if lacks {
		b.errs = append(b.errs, err)
	}
	return lacks
}

func (b *brokenSources) err() error {
	switch len(b.errs) {
	case 0:
		return nil
	case 1:
		return b.errs[0]
	}
	return fault.New(fault.CodeOf(b.errs[0]), fault.RemedyOf(b.errs[0]), "%w", errors.Join(b.errs...))
}
