package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var soaking = Definition{
	Name: "soak", Does: "proves everything again, minute by minute, for as long as is asked for",
	Needs: Needs{Live: true, Baseline: true}, Work: rights.Proving,
}

// Soak makes the proofs again, minute by minute, for as long as the target says, while Zot could still serve. What fails
// now is revoked in the journal; it ends the stage once there are more failures than the target puts up with.
func Soak(ctx context.Context, w *world.World, s *state.State, in Validation) (Validation, error) {
	done := in
	done.entry = Entry{}
	period, err := w.Target.Soak.Period()
	if err != nil {
		return done, err
	}
	if period == 0 {
		done.entry.Skip = "no time to soak was given: --soak 30m proves everything again, every minute, before Zot goes"
		return done, nil
	}
	if err := refuseBeforeSwitch(w, s, "soaking"); err != nil {
		return done, err
	}
	if zot, err := s.ZotOn(); err != nil || !zot {
		done.entry.Skip = "Zot is off already"
		return done, err
	}
	if err := w.Lock(ctx); err != nil { // canaries
		return done, err
	}
	var last []report.Proof
	v := vigil{
		period: period, every: time.Minute, failures: w.Target.Soak.Failures, now: w.Now, progress: w.Progress,
		look: func(ctx context.Context) ([]report.Proof, error) {
			var err error
			last, err = proveAgain(ctx, w, s, in)
			return last, err
		},
	}
	looks, failed, err := v.keep(ctx)
	if err == nil {
		var whole []report.Proof
		whole, err = proveWhole(ctx, w, s, in)
		last = append(last, whole...)
	}
	done.prove(last...)
	if err != nil {
		return done, err
	}
	done.entry.Changed = true
	done.entry.Summary = fmt.Sprintf("%d proofs hold at the last of %s in %s", len(last), report.Counted(looks, "look"), period)
	done.entry.Counts = map[string]int64{"looks": int64(looks), "looks that failed": int64(failed)}
	return done, nil
}

// proveAgain makes the proofs about clusters again, and keeps in the journal what came of it. A new canary asks
// source-controller for everything that a restart would; workloads are left to their own interval.
func proveAgain(ctx context.Context, w *world.World, s *state.State, in Validation) ([]report.Proof, error) {
	all, err := atSource(w, s)
	if err != nil {
		return nil, err
	}
	config, err := validation(ctx, w, s)
	if err != nil {
		return nil, err
	}
	config.ReadOnly = true
	verdicts := validate.Clusters(ctx, all[0], all[1:], config)
	others, err := proveUnused(ctx, w, s, in.Deployment.values().Given.Leave)
	proofs := append(verdicts.Proofs, others...)
	if ctx.Err() == nil {
		s.Journal.Prove(proofs)
		s.Journal.Leave(verdicts.Leftovers)
		return proofs, errors.Join(err, s.Journal.Save(ctx))
	}
	return proofs, errors.Join(ctx.Err(), keepLeftovers(ctx, s, verdicts.Leftovers))
}

// proveWhole makes those again that no cluster has a part in: they too may have expired meanwhile.
func proveWhole(ctx context.Context, w *world.World, s *state.State, in Validation) ([]report.Proof, error) {
	rendered, err := proveRendered(w, s, in.Deployment.values().Values)
	if err != nil {
		return nil, err
	}
	closure, err := proveClosure(ctx, w, s, in.Deployment.values().Given)
	if err != nil {
		return nil, err
	}
	proofs := []report.Proof{rendered, closure}
	s.Journal.Prove(proofs)
	return proofs, errors.Join(proof.Worst(proofs), s.Journal.Save(ctx))
}

// vigil looks at something again and again.
type vigil struct {
	period   time.Duration
	every    time.Duration // from the beginning of one look to that of the next
	failures int           // so many looks may fail
	now      func() time.Time
	progress progress.Reporter
	look     func(context.Context) ([]report.Proof, error)
}

// keep looks until the time is over, and returns how often it looked and how often a proof failed. It fails with the first look
// that is one failure too many. What can't be seen for a while is not a failure; the last look decides: it must hold.
func (v vigil) keep(ctx context.Context) (looks, failed int, err error) {
	began := v.now()
	total := 1 + int((v.period+v.every-1)/v.every) // one at the beginning, one at the end
	for {
		next := time.After(min(v.every, v.period-v.now().Sub(began)))
		proofs, lookErr := v.look(ctx)
		looks++
		if ctx.Err() != nil {
			return looks, failed, ctx.Err()
		}
		after, worst := v.now().Sub(began), proof.Worst(proofs)
		err = errors.Join(worst, lookErr)
		switch {
		case fault.CodeOf(lookErr) == fault.Refused: // somebody else is at work on the release
			return looks, failed, lookErr
		case fault.CodeOf(worst) == fault.Failed:
			if failed++; failed > v.failures || after >= v.period {
				return looks, failed, fault.New(fault.Failed, fault.RemedyOf(err), "soaking: look %d, after %s: %w", looks, after.Round(time.Second), err)
			}
			v.progress.Say("look %d failed, which is put up with %d more times: %v", looks, v.failures-failed, worst)
		case err != nil:
			v.progress.Say("look %d shows too little: %v", looks, err)
		}
		v.progress.Count("looks at every proof", min(looks, total), total)
		if after >= v.period {
			break
		}
		select {
		case <-ctx.Done():
			return looks, failed, ctx.Err()
		case <-next:
		}
	}
	if err != nil {
		err = fault.New(fault.Unproven, fault.RemedyOf(err), "soaking: the last look shows too little: %w", err)
	}
	return looks, failed, err
}
