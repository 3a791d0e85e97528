package copy

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// tries is how often something is done that broke half-way.
const tries = 4

// halfway marks an error in the middle of a body. Requests are repeated below already (ecr.Retrying), but a
// body that was cut while it was read, or one that can't be read again to be sent again, only here.
type halfway struct{ error }

func (h halfway) Unwrap() error { return h.error }

// retry runs f until it does not break half-way.
func retry(ctx context.Context, f func() error) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval = 100 * time.Millisecond
	wait.MaxInterval = 3 * time.Second
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := f()
		var broke halfway
		if err != nil && !errors.As(err, &broke) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(tries), backoff.WithMaxElapsedTime(0))
	var permanent *backoff.PermanentError
	if errors.As(err, &permanent) {
		return permanent.Err
	}
	return err
}

// cutList marks a list that was cut, or stood still, while it was read.
func cutList(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, ecr.ErrStalled) {
		return halfway{err}
	}
	return err
}
