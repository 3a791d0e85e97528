package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// mostAnswer is how long an API server may take for one answer: by default it ends a request itself after a minute.
const mostAnswer = time.Minute

// silence is the error of an API server that took a question and never answered it. It may pass by itself, as a connection
// that broke may.
type silence struct {
	name, host string
	most       time.Duration
}

func (s *silence) Error() string {
	return fmt.Sprintf("cluster %q at %s took the question and did not answer within %s", s.name, s.host, s.most)
}

// Timeout makes it a net.Error that may pass.
func (s *silence) Timeout() bool { return true }

// Temporary belongs to net.Error.
func (s *silence) Temporary() bool { return true }

// bounded gives each question an end, also one of a caller who has none. A watch goes on for as long as it is wanted.
type bounded struct {
	client.WithWatch
	silence silence
}

func (b bounded) ask(ctx context.Context, do func(context.Context) error) error {
	within, cancel := context.WithTimeout(ctx, b.silence.most)
	defer cancel()
	err := do(within)
	if err != nil && ctx.Err() == nil && (errors.Is(within.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)) {
		return &b.silence
	}
	return err
}

func (b bounded) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	return b.ask(ctx, func(ctx context.Context) error { return b.WithWatch.Get(ctx, key, o, options...) })
}

func (b bounded) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	return b.ask(ctx, func(ctx context.Context) error { return b.WithWatch.List(ctx, list, options...) })
}

func (b bounded) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	return b.ask(ctx, func(ctx context.Context) error { return b.WithWatch.Create(ctx, o, options...) })
}

func (b bounded) Update(ctx context.Context, o client.Object, options ...client.UpdateOption) error {
	return b.ask(ctx, func(ctx context.Context) error { return b.WithWatch.Update(ctx, o, options...) })
}

func (b bounded) Patch(ctx context.Context, o client.Object, p client.Patch, options ...client.PatchOption) error {
	return b.ask(ctx, func(ctx context.Context) error { return b.WithWatch.Patch(ctx, o, p, options...) })
}

func (b bounded) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	return b.ask(ctx, func(ctx context.Context) error { return b.WithWatch.Delete(ctx, o, options...) })
}

// answerOf takes from a configuration how long one answer may take. As a limit of the whole HTTP client it would end watches
// and logs too.
func answerOf(config *rest.Config) time.Duration {
	most := config.Timeout
	config.Timeout = 0
	if most <= 0 {
		return mostAnswer
	}
	return most
}
