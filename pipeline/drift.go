package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/drift"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Drift reports what points back to Zot, or has credentials for a registry again, since the cutover: code Pending when
// something does, Unproven where it could not look. It only reads, and needs neither the values file nor, unless it is to look in ECR, AWS.
func Drift(ctx context.Context, o Options) (*report.Report, error) {
	o = o.withDefaults()
	r := newRunner(o, nil)
	err := ended(ctx, unseenFailure(findDrift(ctx, o, r)))
	r.report.End(r.now(), err)
	return r.report, err
}

func findDrift(ctx context.Context, o Options, r *runner) error {
	w, s, missing, err := look(ctx, o, r)
	if err != nil {
		return err
	}
	live, err := mural.Read(s.Live.Merged)
	if err != nil {
		return err
	}
	on := false
	if w.Destination.Name != "" {
		if on, err = s.OnECR(w.Destination); err != nil {
			return err
		}
	}
	elsewhere, err := liveECR(s)
	if err != nil {
		return err
	}
	// Where Git or a pipeline has made another cutover since a rollback, the journal does not know of it: what is live counts.
	on = on || elsewhere.Name != ""
	if err := stillBehind(s, on); err != nil {
		return err
	}
	if err := cutOverOnce(w, s, on); err != nil {
		return err
	}
	zot, unseen, err := addresses(ctx, w, s)
	if err != nil {
		return err
	}
	if zot.Empty() { // nobody remembers its address once the cutover is finished: it is the chart's
		zot.AddService("zot", w.Target.Release.Namespace)
	}
	found := drift.Find(ctx, drift.Config{
		Clusters: w.Clusters(), Destination: w.Destination, Live: live, Zot: zot, Unseen: unseen, KeepCert: o.KeepCert,
		Release: w.Target.Release.Namespace + "/" + w.Target.Release.Name, Namespace: w.Target.Release.Namespace,
		// While Zot was never turned off, it may run.
		ZotMayRun: s.Journal.Open && s.Journal.ZotOffAt.IsZero(), Now: w.Now,
	})
	if o.LookInECR && w.Destination.Name != "" {
		lost, err := lookInECR(ctx, w, o.AWS)
		if err != nil {
			return err
		}
		found.Findings, found.Unseen = append(found.Findings, lost.Findings...), append(found.Unseen, lost.Unseen...)
	}
	r.report.Findings, r.report.Rules = append(r.report.Findings, found.Findings...), drift.Rules()
	r.report.Now = standing(ctx, w, s)
	unlooked := unnamed(r.report.Now, missing)
	switch n := r.report.Errors(); {
	case n > 0:
		first := found.Findings[0]
		return fault.New(fault.Pending, first.Remedy, "looking for drift: %s, first %s: %s", report.Counted(n, "thing"), first.Place, first.Message)
	case unlooked != nil:
		return unlooked
	case len(found.Unseen) > 0:
		remedy := "use kubeconfigs that may read all namespaces"
		for _, c := range w.Spokes {
			if err := w.Unreached[c.Name]; err != nil { // which lists nothing either
				remedy = fault.RemedyOf(err)
			}
		}
		return fault.New(fault.Unproven, remedy, "looking for drift: not everything could be looked at: %s", found.Unseen[0])
	}
	return nil
}

// cutOverOnce refuses to call anything drift where no cutover stands that it could drift from. An endpoint in the file says
// where the release was to be, not that a cutover which the journal knows to be rolled back still counts.
func cutOverOnce(w *world.World, s *state.State, on bool) error {
	release := w.Target.Release.Namespace + "/" + w.Target.Release.Name
	switch j := s.Journal; {
	case on || j.Open:
		return nil
	case j.Exists() && j.Original != nil:
		return fault.New(fault.Refused, "see `palette-ecr status`; what reads from Zot counts as drift again once `palette-ecr run` has switched the release, and until then only a spoke that the rollback left on ECR does",
			"looking for drift in release %s: the cutover was rolled back, so that it is on Zot is as it should be", release)
	case w.Target.Registry.Endpoint == "":
		return fault.New(fault.Refused, "see `palette-ecr status`; or say with --endpoint where the release should be",
			"looking for drift in release %s: no cutover was made", release)
	}
	return nil
}

// stillBehind is the error for spokes that a rollback has left behind. Once hue is on ECR again they are where they should be.
func stillBehind(s *state.State, on bool) error {
	j := s.Journal
	if on || j.Open || len(j.Behind) == 0 {
		return nil
	}
	answer := "it answers"
	if len(j.Behind) > 1 {
		answer = "they answer"
	}
	return fault.New(fault.Pending, fmt.Sprintf("run `palette-ecr rollback --only-spoke %s` once %s", strings.Join(j.Behind, " --only-spoke "), answer),
		"looking for drift: the rollback is not done: nobody has seen %s come back to Zot", strings.Join(j.Behind, ", "))
}

// destinationOf returns the repository in ECR that a cutover went to: the journal says so while it is open or, once the
// cutover is finished or was rolled back, the live values. It is empty when hue never was on ECR.
func destinationOf(s *state.State) (registry.Repository, error) {
	if s.Journal.Destination != "" {
		if !s.Journal.Open {
			if live, err := liveECR(s); err != nil || live.Name != "" {
				return live, err
			}
		}
		to, err := parseRepository(s.Journal.Destination)
		if err != nil {
			return to, fmt.Errorf("reading where the cutover went to: %w", err)
		}
		return to, nil
	}
	return liveECR(s)
}

// liveECR returns the repository in ECR that hue is on now. It is empty when hue is not on ECR.
func liveECR(s *state.State) (registry.Repository, error) {
	live, err := mural.Read(s.Live.Merged)
	if err != nil {
		return registry.Repository{}, err
	}
	if at, err := live.Hue.Address(); err == nil && at.Registry.IsECR() {
		return at, nil
	}
	return registry.Repository{}, nil
}
