package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// checkPending refuses, before anything is touched, to work on a release whose newest revision has begun and not ended.
// With repair it refuses only where nothing shows that nobody is at work on it any more.
func checkPending(ctx context.Context, w *world.World, s *state.State, repair bool) error {
	stuck, err := pending(ctx, w, s)
	if err != nil || len(stuck) == 0 {
		return err
	}
	if !repair {
		return fault.New(fault.Refused, "wait if somebody is upgrading it; if not, `palette-ecr run --recover` goes on, and `palette-ecr rollback` goes back: both repair it where nothing shows that somebody is at work",
			"looking at release %s/%s on cluster %q: %s: another helm is at work, or one was killed", w.Target.Release.Namespace, stuck[0].Name, w.Hub.Name, stuck[0])
	}
	holder, err := awaitHolder(ctx, w)
	if err != nil {
		return err
	}
	_, err = deploy.Recoverable(ctx, w.Hub, deployOptions(w, s), holder)
	return err
}

// recoverPending repairs a release that a killed helm has left pending, so that it can be changed again, and returns
// what it did for people. It looks only where the state that was read is such a one.
func recoverPending(ctx context.Context, w *world.World, s *state.State) (string, error) {
	stuck, err := pending(ctx, w, s)
	if err != nil || len(stuck) == 0 {
		return "", err
	}
	if _, err := awaitHolder(ctx, w); err != nil {
		return "", err
	}
	if err := w.Lock(ctx); err != nil { // first: it says whose run has died
		return "", err
	}
	done, err := deploy.Recover(ctx, w.Hub, deployOptions(w, s), w.TookOver())
	if err != nil || len(done.Pending) == 0 {
		return "", err
	}
	return fmt.Sprintf("repaired %s, since %s", done.Pending[0], done.Evidence[0]), nil
}

// awaitHolder waits for the end of a lease that a killed run has left: that it died is the evidence that a young revision
// needs, and only then is known of a process elsewhere.
func awaitHolder(ctx context.Context, w *world.World) (*lease.Holder, error) {
	return lease.AwaitEnd(ctx, w.Hub.Client, lease.Options{Namespace: w.Target.Release.Namespace, Run: w.Writer.Run, Now: w.Now}, w.Progress.Say)
}

// pending lists the releases that are pending. What helm-controller has left so it repairs itself.
func pending(ctx context.Context, w *world.World, s *state.State) ([]deploy.Pending, error) {
	if w.Target.Release.ManagedBy != target.Helm {
		return nil, nil
	}
	return deploy.Stuck(ctx, w.Hub, deployOptions(w, s))
}
