package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// PlannedReturn is a rollback that was shown to whoever wanted to see it.
type PlannedReturn struct {
	Return   Return
	Document *plan.Document // nil when this run has not planned

	entry Entry
}

// Entry returns what was planned.
func (p PlannedReturn) Entry() Entry { return p.entry }

// PlanRollback finds out what the rollback would do, where there is somebody to see it, and asks. What can't be found
// out is said and stops nobody: whoever goes back may do so because something can't be reached.
func PlanRollback(ctx context.Context, w *world.World, s *state.State, in Return) (PlannedReturn, error) {
	done := PlannedReturn{Return: in}
	if in.Ask == nil && !in.OnlyPlan {
		done.entry.Skip = "nobody is asked"
		return done, nil
	}
	reason, err := restored(w, s)
	if err != nil || reason != "" {
		done.entry.Skip = reason
		return done, err
	}
	d := plan.Document{Stages: rollback(Return{}).after(planning).names(), Target: planTarget(w)}
	d.Target.Source = s.Journal.Source
	d.Final = []string{"where Git or a pipeline applies the values, revert them there too, or the next upgrade goes to ECR again"}
	for _, part := range []func(context.Context, *world.World, *state.State, Return, *plan.Document) error{draftRestore, draftCopyBack} {
		if err := part(ctx, w, s, in, &d); err != nil {
			if ctx.Err() != nil {
				return done, ctx.Err()
			}
			d.Unknown = append(d.Unknown, err.Error())
		}
	}
	done.Document = plan.New(d)
	if err := done.entry.show(done.Document); err != nil {
		return done, err
	}
	if in.Ask != nil {
		return done, in.Ask(ctx, done.entry)
	}
	return done, nil
}

// draftRestore adds what putting the values back does.
func draftRestore(ctx context.Context, w *world.World, s *state.State, in Return, d *plan.Document) error {
	o, err := restoreOptions(w, s, in)
	if err != nil {
		return err
	}
	known, err := knowsRevision(ctx, w, s, o)
	if err != nil {
		return fmt.Errorf("finding out what restore would change: %w", err)
	}
	var f deploy.Foreseen
	switch {
	case known:
		f, err = deploy.ForeseeBack(ctx, w.Hub, o, s.Journal.PreviousRevision)
	case o.Chart == nil && o.Release.ManagedBy == target.Helm:
		if w, err = withPreviousChart(ctx, w, s); err == nil {
			o.Chart = w.Chart
			f, err = deploy.Foresee(ctx, w.Hub, o)
		}
	default:
		f, err = deploy.Foresee(ctx, w.Hub, o)
	}
	if err != nil {
		return fmt.Errorf("finding out what restore would change: %w", err)
	}
	addForeseen(d, "restore", f)
	d.Values, err = deploy.ValuesDiff(s.Live.Values, o.Values)
	return err
}

// draftCopyBack adds what only ECR has. While Zot is off nobody can say what it lacks.
func draftCopyBack(ctx context.Context, w *world.World, s *state.State, in Return, d *plan.Document) error {
	if in.NoCopyBack {
		d.Final = append(d.Final, "what hue pushed to ECR since the cutover stays there: it is not copied to Zot (--no-copy-back)")
		return nil
	}
	waits, err := zotWasTurnedOff(w, s)
	if err != nil {
		return err
	}
	if waits { // nothing is unknown for want of a right: nobody can see it now
		d.Final = append(d.Final, "what hue pushed to ECR since Zot was turned off is copied to Zot once that is on again; how much it is can't be seen before")
		return nil
	}
	ends, err := openBack(ctx, w, s)
	if err != nil {
		return err
	}
	defer ends.close()
	f, err := copy.Foresee(ctx, *ends.source, ends.destination, ends.options)
	if err != nil {
		return err
	}
	addCopy(d, "", f)
	return nil
}
