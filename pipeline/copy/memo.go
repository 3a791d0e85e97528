package copy

import (
	"context"
	"errors"
	"sync"
)

// memo runs a function once for each key, however many ask for it at once.
type memo struct{ done sync.Map }

type once struct {
	ready chan struct{}
	err   error
}

func (m *memo) do(ctx context.Context, key any, f func() error) error {
	mine := &once{ready: make(chan struct{})}
	if got, taken := m.done.LoadOrStore(key, mine); taken {
		theirs := got.(*once)
		select {
		case <-theirs.ready:
			return theirs.err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer close(mine.ready)
	mine.err = errors.New("it was not finished")
	mine.err = f()
	return mine.err
}
