package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// RollbackStages returns the stages of the rollback to Zot, in order. What Zot has to serve is in it before anybody
// reads from it, unless Zot was turned off: then it comes back with its previous values, and what it lacks follows at
// once.
func RollbackStages() []Stage { return rollback(Return{}) }

func rollback(to Return) list {
	return list{
		stage(planning.doing("shows what the stages after it would do, where somebody is asked"), PlanRollback, to.alone),
		stage(Definition{Name: "copy-back", Does: "copies to Zot what ECR has and Zot has not, digests kept, while everything reads from ECR"}, CopyBack, to.planned),
		stage(Definition{Name: "restore", Does: "gives the release its previous registry settings, and Zot with them"}, Restore, to.copiedBack),
		stage(Definition{Name: "catch-up", Does: "copies to Zot what came to ECR meanwhile"}, CatchUp, to.restored),
		stage(Definition{Name: "return", Does: "waits until every workload reads from Zot"}, AwaitReturn, to.caughtUp),
	}
}

// Return is what a person asks of the rollback: the input of CopyBack.
type Return struct {
	Manifest       *values.File // of the HelmRelease, when Flux applies it
	NoCopyBack     bool         // leave in ECR what only ECR has
	DiscardChanges bool         // give up what was changed in the values since the cutover
	CRDs           bool         // take mural-crds back too

	OnlyPlan bool                               // only the plan is wanted
	Ask      func(context.Context, Entry) error // shows a plan and asks; nil: nobody is asked
}

// Entry is empty: a wish is not a stage.
func (r Return) Entry() Entry { return Entry{} }

func (r Return) alone(*world.World, *state.State) (Return, error) { return r, nil }

func (r Return) planned(*world.World, *state.State) (PlannedReturn, error) {
	return PlannedReturn{Return: r}, nil
}

func (r Return) copiedBack(*world.World, *state.State) (CopiedBack, error) {
	return CopiedBack{Return: r}, nil
}

func (r Return) restored(*world.World, *state.State) (Restored, error) {
	return Restored{CopiedBack: CopiedBack{Return: r}}, nil
}

func (r Return) caughtUp(*world.World, *state.State) (CaughtUp, error) { return CaughtUp{}, nil }

const notOnECR = "the release is not on ECR"

// Rollback takes a release back to where its cutover began, days later too: to the settings that the journal keeps.
// Other values that were changed since stay. It needs neither the values file nor the registry's address. What is in
// ECR stays there. It always returns a report, also with an error; a second one has nothing to do.
func Rollback(ctx context.Context, o Options) (*report.Report, error) {
	o = o.withDefaults()
	r := newRunner(o, nil)
	defer r.release(ctx)
	to, err := prepareRollback(ctx, o, r)
	if err == nil {
		r.stages = rollback(to)
		var last result
		last, err = r.run(ctx)
		if planned, ok := last.(PlannedReturn); ok && err == nil && planned.Document != nil {
			err = pendingPlan(planned.Document, "`palette-ecr rollback`")
		}
	}
	return r.finish(ctx, err)
}

// prepareRollback finds out, before anything is touched, whether the release can go back.
func prepareRollback(ctx context.Context, o Options, r *runner) (Return, error) {
	to := Return{NoCopyBack: o.NoCopyBack, DiscardChanges: o.DiscardChanges, CRDs: o.CRDsBack, OnlyPlan: slices.Equal(o.Only, []string{planning.Name}), Ask: r.ask(o)}
	if err := o.checkWaits(); err != nil {
		return to, err
	}
	needs := []target.Need{target.NeedRelease, target.NeedClusters}
	if o.Target.Release.ManagedBy == target.Flux {
		needs = append(needs, target.NeedValues) // the manifest that Flux is to apply
	}
	if err := o.Target.Validate(needs...); err != nil {
		return to, err
	}
	var err error
	if o.Target.Release.ManagedBy == target.Flux {
		if to.Manifest, err = readValues(ctx, &o); err != nil {
			return to, err
		}
		r.report.Hide(to.Manifest.Secrets()...)
	}
	o = o.answering()
	to.NoCopyBack = to.NoCopyBack || len(o.OnlySpokes) > 0 // neither ECR nor the chart is needed
	begun := o.world()
	begun.ReportUnreached = true // each of them may be left behind
	w, err := begun.WithClusters(ctx)
	if err == nil {
		err = mustAnswer(w)
	}
	if err != nil {
		return to, err
	}
	r.guard(o, w)
	s, err := state.Read(ctx, w)
	if err != nil {
		return to, err
	}
	r.report.Hide(s.Secrets()...)
	if len(o.OnlySpokes) > 0 {
		if o.WithoutSpokes, err = othersThan(ctx, w, s, o.OnlySpokes); err != nil {
			return to, err
		}
	}
	if w, err = withFleet(ctx, w, s, o.WithoutSpokes, o.SpokesFromValues); err == nil {
		err = mustAnswer(w)
	}
	if err != nil {
		return to, err
	}
	if w, err = withBaselineOfReturn(ctx, w, s, o.AcceptBroken); err != nil {
		return to, err
	}
	r.reportBaseline(w)
	if err := checkRecord(w, s.Journal, o.WithoutSpokes); err != nil {
		return to, err
	}
	if w.Destination, err = parseRepository(s.Journal.Destination); err != nil {
		return to, fmt.Errorf("reading where the cutover went to: %w", err)
	}
	r.report.Target.Destination = s.Journal.Source // which is where this run leads to
	if err := checkRestore(ctx, w, s, to); err != nil {
		return to, err
	}
	r.world, r.state, r.read = w, s, state.Read
	r.report.Before = standing(ctx, w, s)
	if to.NoCopyBack {
		return to, nil // no more than the cluster is needed: what can't be reached may be why somebody goes back
	}
	if w, err = withPreviousChart(ctx, w, s); err == nil {
		w, err = w.WithECR(ctx, w.Destination, o.AWS)
	}
	if err != nil {
		return to, orWithoutCopy(err)
	}
	r.world, r.state = w, s.WithChart(w.Chart)
	return to, nil
}

// answering returns the options without the clusters that need not answer: one that is left behind is often named in
// the file all the same.
func (o Options) answering() Options {
	o.Target.Spokes = slices.DeleteFunc(slices.Clone(o.Target.Spokes), func(c target.Cluster) bool {
		return slices.Contains(o.LeaveSpokes, c.Name) || len(o.OnlySpokes) > 0 && !slices.Contains(o.OnlySpokes, c.Name)
	})
	o.WithoutSpokes = slices.Concat(o.WithoutSpokes, o.LeaveSpokes)
	return o
}

// mustAnswer refuses a rollback with a spoke that does not answer, and says how the others go back without it.
func mustAnswer(w *world.World) error {
	for _, c := range w.Spokes {
		if err := w.Unreached[c.Name]; err != nil {
			return orLeaveBehind(w, &cluster.Failure{Cluster: c.Name, Err: err})
		}
	}
	return nil
}

// orLeaveBehind adds to the remedy of an error that a spoke is behind how the others go back without it.
func orLeaveBehind(w *world.World, err error) error {
	failed, ok := errors.AsType[*cluster.Failure](err)
	if !ok || w.Hub != nil && failed.Cluster == w.Hub.Name {
		return err
	}
	remedy := fmt.Sprintf("leave it behind: `palette-ecr rollback --leave-spoke %s`", failed.Cluster)
	if known := fault.RemedyOf(err); known != "" {
		remedy = known + "; or " + remedy
	}
	return fault.New(fault.CodeOf(err), remedy, "%w", err)
}

// checkRecord compares what is asked for with what the journal says of the cutover.
func checkRecord(w *world.World, j *journal.Journal, without []string) error {
	release := w.Target.Release
	name := release.Namespace + "/" + release.Name
	if j.Original == nil {
		return fault.New(fault.Refused, fmt.Sprintf("check --namespace and --context; a cutover that was made through Git goes back there: revert the commit. Helm's history is shown by `%s`", w.Hub.Helm("history %s --namespace %s", release.Name, release.Namespace)),
			"going back to Zot: no cutover of release %s is on record (Secret %s/%s)", name, release.Namespace, journal.Name)
	}
	for _, p := range j.Proofs {
		known := p.Cluster == "" || slices.Contains(without, p.Cluster) || slices.ContainsFunc(w.Clusters(), func(c *cluster.Cluster) bool { return c.Name == p.Cluster })
		if !known {
			return fault.New(fault.Usage, fmt.Sprintf("add --spoke name=%[1]s,kubeconfig=…, or leave it behind with --leave-spoke %[1]s", p.Cluster),
				"going back to Zot: cluster %q was part of the cutover, and is not named", p.Cluster)
		}
	}
	return nil
}

// withPreviousChart loads the chart in the version that the release had before the cutover, as the journal says. An older
// journal doesn't: then it is the one that the release has.
func withPreviousChart(ctx context.Context, w *world.World, s *state.State) (*world.World, error) {
	installed, err := deploy.InstalledCharts(ctx, w.Hub, w.Target.Release, s.Managed)
	if err != nil {
		return nil, err
	}
	release := w.Target.Release
	version := cmp.Or(s.Journal.PreviousVersion, s.Live.Version)
	if strings.HasPrefix(release.Chart, "oci://") {
		release.Version = version
	}
	if installed.Version != version {
		installed.Digest = "" // of another version
	}
	with, err := w.WithChart(ctx, installed.WithLive(release), installed.Digest)
	if err != nil {
		remedy := fmt.Sprintf("check the network, or give the chart in the release's version %s with --chart, as a directory or .tgz", version)
		return nil, fault.New(fault.CodeOf(err), remedy, "%w", err)
	}
	return with, nil
}

// orWithoutCopy adds to a remedy that a rollback needs neither ECR nor the chart.
func orWithoutCopy(err error) error {
	if err == nil {
		return nil
	}
	return fault.New(fault.CodeOf(err), fault.RemedyOf(err)+"; or go back without copying: --no-copy-back", "%w", err)
}

// parseRepository takes apart the URL of a repository below an endpoint.
func parseRepository(url string) (registry.Repository, error) {
	at := strings.LastIndex(url, "/")
	if at < 0 {
		return registry.Repository{}, fmt.Errorf("%q is not the URL of a repository", url)
	}
	r, err := registry.Parse(url[:at])
	if err != nil {
		return registry.Repository{}, err
	}
	return r.Repository(url[at+1:])
}
