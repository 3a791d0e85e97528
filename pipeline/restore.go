package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Restored is a release with its previous registry settings.
type Restored struct {
	CopiedBack CopiedBack
	Done       bool // by this run

	entry Entry
}

// Entry returns what was restored.
func (r Restored) Entry() Entry { return r.entry }

// Restore gives the release its previous settings.
func Restore(ctx context.Context, w *world.World, s *state.State, in CopiedBack) (Restored, error) {
	done := Restored{CopiedBack: in}
	reason, err := restored(w, s)
	if err != nil || reason != "" {
		done.entry.Skip = reason
		return done, err
	}
	done.entry.Changed = true
	revision, err := restore(ctx, w, s, in.Return)
	if err != nil {
		return done, err
	}
	done.Done = true
	done.entry.Summary = fmt.Sprintf("%s has its previous registry settings, at revision %d", w.Target.Release.Name, revision)
	return done, nil
}

// restored returns the reason why there is nothing to restore, or "". A release that somebody has taken elsewhere is
// refused: its values are somebody's decision.
func restored(w *world.World, s *state.State) (reason string, err error) {
	on, err := s.OnECR(w.Destination)
	if err != nil || on {
		return "", err
	}
	if !s.Journal.Open {
		return notOnECR, nil
	}
	settings, _, err := s.Source(w.Destination)
	if err != nil {
		return "", err
	}
	at, err := settings.Address()
	switch {
	case err != nil || at.URL() != s.Journal.Source:
		return "", fault.New(fault.Refused, "look with `helm get values` who changed it; a new cutover begins with `palette-ecr run`",
			"going back to %s: hue is neither there nor on ECR, but on %q", s.Journal.Source, settings.Endpoint)
	case s.Live.Status == "deployed":
		return "the release names " + s.Journal.Source + " again already", nil
	}
	return "", nil // a rollback that was interrupted
}

// checkRestore finds out whether the values can be put back, before anything is copied.
func checkRestore(ctx context.Context, w *world.World, s *state.State, to Return) error {
	if reason, err := restored(w, s); reason != "" || err != nil {
		return err
	}
	if err := s.Managed.Check(w.Hub, w.Target.Release); err != nil {
		return err
	}
	o, err := restoreOptions(w, s, to)
	if err != nil {
		return err
	}
	return deploy.Check(ctx, w.Hub, o)
}

// restore gives the release its values and returns its revision. Without the chart, Helm's history is asked for a
// revision that has them.
func restore(ctx context.Context, w *world.World, s *state.State, to Return) (int, error) {
	o, err := restoreOptions(w, s, to)
	if err != nil {
		return 0, err
	}
	if o.Chart == nil && o.Release.ManagedBy == target.Helm {
		revision, err := deploy.Revision(ctx, w.Hub, o)
		if err != nil {
			return 0, err
		}
		if revision > 0 {
			if err := deploy.Undo(ctx, w.Hub, o, revision); err != nil {
				return 0, err
			}
			return revisionNow(ctx, w)
		}
		w.Progress.Say("Helm's history has no revision with these values: the chart is needed")
		with, err := withLiveChart(ctx, w, s)
		if err != nil {
			return 0, err
		}
		o.Chart = with.Chart
	}
	if _, err := deploy.Run(ctx, w.Hub, o); err != nil {
		return 0, err
	}
	return revisionNow(ctx, w)
}

func revisionNow(ctx context.Context, w *world.World) (int, error) {
	live, err := deploy.Live(ctx, w.Hub, w.Target.Release)
	if err != nil {
		return 0, err
	}
	return live.Revision, nil
}

// restoreOptions returns a deployment of just the previous values, with the chart and the CRDs that the release has.
func restoreOptions(w *world.World, s *state.State, to Return) (deploy.Options, error) {
	wanted, err := previousValues(s, to.DiscardChanges)
	if err != nil {
		return deploy.Options{}, err
	}
	o := deployOptions(w, s)
	o.Values, o.Release.CRDs = wanted, target.CRDs{}
	if o.Release.ManagedBy == target.Flux {
		o.HelmRelease, err = deploy.WithValues(to.Manifest.Data(), wanted)
	}
	return o, err
}

// previousValues returns the live values with what the cutover changed in them undone. Turning Zot off is part of it,
// whoever did it in the end: a stage, or a commit.
func previousValues(s *state.State, discard bool) (map[string]any, error) {
	if discard || s.Journal.Applied == nil {
		return chart.Normal(s.Journal.Original)
	}
	back, err := deploy.Merge(mural.WithoutZot(s.Journal.Applied), s.Journal.Original, s.Live.Values)
	if err != nil {
		return nil, fault.New(fault.CodeOf(err), "put it back by hand with `palette-ecr render --revert`, or give up what was changed with --discard-changes",
			"going back to the previous values: %w", err)
	}
	return back, nil
}
