package pipeline

import (
	"context"
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Returned is an installation that reads from the source again.
type Returned struct{ entry Entry }

// Entry returns where workloads read from.
func (r Returned) Entry() Entry { return r.entry }

// AwaitReturn waits until every workload reads from the source again, and notes that.
func AwaitReturn(ctx context.Context, w *world.World, s *state.State, _ CaughtUp) (Returned, error) {
	if !s.Journal.Open {
		return Returned{Entry{Skip: notOnECR}}, nil
	}
	err := awaitReturned(ctx, w, s)
	if err == nil {
		err = notWorse(ctx, w, w.Baseline)
	}
	if err != nil {
		return Returned{}, err
	}
	w.Progress.Say("where Git or a pipeline applies your values, revert them there too: the next upgrade would go to ECR again")
	return Returned{Entry{Summary: "every workload reads from Zot, on " + strings.Join(clusterNames(w), ", "), Changed: true}}, nil
}

// leastReturn is how long a rollback may take at least, however short --timeout is.
const leastReturn = 5 * time.Minute

func awaitReturned(ctx context.Context, w *world.World, s *state.State) error {
	all, err := atSource(w, s)
	if err != nil {
		return err
	}
	config, err := validation(ctx, w, s)
	if err != nil {
		return err
	}
	config.Timeout = max(config.Timeout, leastReturn) // what failed may have failed for want of time
	if err := w.Lock(ctx); err != nil {               // requests to reconcile
		return err
	}
	for _, p := range validate.AllReturned(ctx, all, config) {
		if p.Verdict != report.Held {
			code := fault.Failed
			if p.Verdict == report.Unproven {
				code = fault.Unproven
			}
			return fault.New(code, p.Remedy, "waiting on %s until workloads read from the source again: %s", p.Cluster, p.Cause)
		}
	}
	s.Journal.Back()
	return s.Journal.Save(ctx)
}
