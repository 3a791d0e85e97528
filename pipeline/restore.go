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
	repaired, err := recoverPending(ctx, w, s)
	if err != nil {
		return done, err
	}
	done.entry.Changed = true
	revision, err := restore(ctx, w, s, in.Return)
	if err != nil {
		return done, err
	}
	done.Done = true
	done.entry.Summary = joined(repaired, fmt.Sprintf("%s has its previous registry settings, at revision %d", w.Target.Release.Name, revision))
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
	if len(s.Journal.Waves) > 0 { // spokes are
		return "", nil
	}
	settings, _, err := s.Source(w.Destination)
	if err != nil {
		return "", err
	}
	at, err := settings.Address()
	switch {
	case err != nil || at.URL() != s.Journal.Source:
		return "", fault.New(fault.Refused, "look with `"+w.Hub.Helm("get values %s --namespace %s", w.Target.Release.Name, w.Target.Release.Namespace)+"` who changed it; a new cutover begins with `palette-ecr run`",
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
	if to.CRDs && (s.Journal.PreviousCRDs == 0 || w.Target.Release.ManagedBy == target.Flux) {
		return fault.New(fault.Refused, "leave --crds out: CRDs stay then, which loses nothing", "going back to the previous CRDs: no revision of mural-crds is on record")
	}
	o, err := restoreOptions(w, s, to)
	if err != nil {
		return err
	}
	stuck, err := pending(ctx, w, s)
	if err != nil {
		return err
	}
	if len(stuck) > 0 {
		return checkPending(ctx, w, s, true)
	}
	if err := deploy.Check(ctx, w.Hub, o); err != nil {
		return err
	}
	known, err := knowsRevision(ctx, w, s, o)
	if err != nil || !known {
		return err
	}
	return deploy.CheckBack(ctx, w.Hub, o, s.Journal.PreviousRevision)
}

// knowsRevision reports whether Helm still has the revision that the cutover began with.
func knowsRevision(ctx context.Context, w *world.World, s *state.State, o deploy.Options) (bool, error) {
	if o.Release.ManagedBy != target.Helm || s.Journal.PreviousRevision == 0 {
		return false, nil
	}
	return deploy.HasRevision(ctx, w.Hub, o, s.Journal.PreviousRevision, s.Journal.Original)
}

// restore gives the release its values, and its previous chart, and returns its revision. Helm's history has the
// chart, also one that was changed locally; where it has been pruned, and with Flux, the chart's version says which.
func restore(ctx context.Context, w *world.World, s *state.State, to Return) (int, error) {
	o, err := restoreOptions(w, s, to)
	if err != nil {
		return 0, err
	}
	known, err := knowsRevision(ctx, w, s, o)
	if err != nil {
		return 0, err
	}
	switch {
	case known:
		_, err = deploy.Back(ctx, w.Hub, o, s.Journal.PreviousRevision)
	case o.Chart == nil && o.Release.ManagedBy == target.Helm:
		w.Progress.Say("Helm does not have revision %d any more: the chart is needed", s.Journal.PreviousRevision)
		if w, err = withPreviousChart(ctx, w, s); err == nil {
			o.Chart = w.Chart
			_, err = deploy.Run(ctx, w.Hub, o)
		}
	default:
		_, err = deploy.Run(ctx, w.Hub, o)
	}
	if err == nil && to.CRDs { // after mural, which may need the newer ones until then
		err = deploy.BackCRDs(ctx, w.Hub, o, s.Journal.PreviousCRDs)
	}
	if err != nil {
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

// restoreOptions returns a deployment of just the previous values, with the CRDs that the release has. What was live
// before may be older than what is live now.
func restoreOptions(w *world.World, s *state.State, to Return) (deploy.Options, error) {
	wanted, err := previousValues(s, to.DiscardChanges)
	if err != nil {
		return deploy.Options{}, err
	}
	o := deployOptions(w, s)
	o.Values, o.Release.CRDs, o.AllowDowngrade = wanted, target.CRDs{}, true
	if o.Release.ManagedBy == target.Flux {
		o.HelmRelease, err = previousManifest(s, to, wanted)
	}
	return o, err
}

// previousManifest returns the HelmRelease with the previous values. What its valuesFrom brings stays where it is: the
// cutover did not change it.
func previousManifest(s *state.State, to Return, merged map[string]any) ([]byte, error) {
	j := s.Journal
	if j.Inline == nil { // an older palette-ecr, or Helm, began the cutover
		return deploy.WithValues(to.Manifest.Data(), merged)
	}
	if to.DiscardChanges {
		return deploy.WithInlineValues(to.Manifest.Data(), j.Inline)
	}
	own, err := deploy.Merge(mural.WithoutZot(j.InlineApplied), j.Inline, deploy.InlineValues(s.Managed))
	if err != nil {
		return nil, notMerged(err)
	}
	return deploy.WithInlineValues(to.Manifest.Data(), own)
}

// previousValues returns the live values with what the cutover changed in them undone. Turning Zot off is part of it,
// whoever did it in the end: a stage, or a commit.
func previousValues(s *state.State, discard bool) (map[string]any, error) {
	if discard || s.Journal.Applied == nil {
		return chart.Normal(s.Journal.Original)
	}
	back, err := deploy.Merge(mural.WithoutZot(s.Journal.Applied), s.Journal.Original, s.Live.Values)
	if err != nil {
		return nil, notMerged(err)
	}
	return back, nil
}

func notMerged(err error) error {
	return fault.New(fault.CodeOf(err), "put it back by hand with `palette-ecr render --revert`, or give up what was changed with --discard-changes",
		"going back to the previous values: %w", err)
}
