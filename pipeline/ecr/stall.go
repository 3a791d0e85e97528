package ecr

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// stall is how long a body may stand still. A registry sends and takes bytes all the time once it has begun; TCP sends again
// what a network lost within seconds, and a disk or a garbage collection pauses for less. http.Transport bounds the wait
// for an answer's headers only.
const stall = time.Minute

// ErrStalled is the error of a body of which no byte came, or was taken, for too long. It is a timeout (net.Error), so it is
// worth a retry.
var ErrStalled error = stalledError{}

type stalledError struct{}

func (stalledError) Error() string   { return "not a byte came through for too long" }
func (stalledError) Timeout() bool   { return true }
func (stalledError) Temporary() bool { return true }

// GivingUp breaks off requests whose body, sent or received, stands still for so long. Time in which nobody reads it does
// not count.
func GivingUp(base http.RoundTripper, after time.Duration) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return givingUp{base, after}
}

type givingUp struct {
	base  http.RoundTripper
	after time.Duration
}

func (g givingUp) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	watch := func() *time.Timer {
		timer := time.AfterFunc(g.after, func() { cancel(ErrStalled) })
		timer.Stop()
		return timer
	}
	req = req.WithContext(ctx)
	sent := func() {}
	if req.Body != nil && req.Body != http.NoBody {
		body := &sentBody{ReadCloser: req.Body, timer: watch(), after: g.after}
		req.Body, sent = body, func() { body.timer.Stop() }
	}
	resp, err := g.base.RoundTrip(req)
	sent()
	if err != nil {
		err = because(ctx, err)
		cancel(nil)
		return nil, err
	}
	resp.Body = &receivedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, timer: watch(), after: g.after}
	return resp, nil
}

// because returns ErrStalled where that is why something ended.
func because(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, io.EOF) && errors.Is(context.Cause(ctx), ErrStalled) {
		return ErrStalled
	}
	return err
}

// sentBody is read by the transport, as fast as the registry takes it.
type sentBody struct {
	io.ReadCloser
	timer *time.Timer
	after time.Duration
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.timer.Stop()
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		b.timer.Reset(b.after)
	}
	return n, err
}

func (b *sentBody) Close() error {
	b.timer.Stop()
	return b.ReadCloser.Close()
}

type receivedBody struct {
	io.ReadCloser
	ctx    context.Context //nolint:containedctx // of the request, which lives as long as the body
	cancel context.CancelCauseFunc
	timer  *time.Timer
	after  time.Duration
}

func (b *receivedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.after)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	return n, because(b.ctx, err)
}

func (b *receivedBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
