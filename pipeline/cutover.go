// Package pipeline is the cutover from Zot to ECR, and the rollback: two ordered lists of stages, each stage a
// function with a typed input and a typed result. It knows nothing of Dagger, cobra or a terminal.
package pipeline

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Stages returns the stages of the cutover, in order.
func Stages() []Stage { return cutover(Given{}) }

// cutover is the ordered list. A stage that runs without those before it makes its input of what the person gave.
func cutover(given Given) list {
	return list{
		stage(rendering, Render, given.alone),
		stage(linting, Lint, given.rendered),
		stage(lookingAhead, Preflight, given.linted),
		stage(planning, Plan, given.preflighted),
		stage(copying, Copy, given.planned),
		undoneBy(stage(deploying, Deploy, given.copied), UndoDeploy),
		stage(validating, Validate, given.deployed),
		stage(soaking, Soak, given.validated),
		undoneBy(stage(disabling, DisableZot, given.validated), UndoDisableZot),
	}
}

// Run runs the stages named in o.Only, or all of them, in order. It always returns a report, also with an error. When
// a stage fails after the release was changed in the same run, the release goes back to its previous values.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	o = o.withDefaults()
	r := newRunner(o, nil)
	defer r.release(ctx)
	given, err := prepareCutover(ctx, o, r)
	if err == nil {
		r.stages = cutover(given)
		if o.Wave != "" {
			r.stages = wave(given)
		}
		var last result
		last, err = r.run(ctx)
		err = keepValues(o, last, err)
		if planned, ok := last.(Planned); ok && err == nil {
			err = pendingPlan(planned.Document, "`palette-ecr run`; after `palette-ecr plan -o plan=FILE`, `palette-ecr run --plan FILE` makes just this")
		}
		if p, ok := last.(Preflighted); ok && err == nil {
			err = p.open()
		}
	}
	return r.finish(ctx, err)
}

// prepareCutover finds out, before anything is touched, that what was given is right and can be reached.
func prepareCutover(ctx context.Context, o Options, r *runner) (Given, error) {
	all := cutover(Given{})
	for _, name := range o.Only {
		if !slices.Contains(all.names(), name) {
			return Given{}, all.unknown(name)
		}
	}
	if err := o.checkWaits(); err != nil {
		return Given{}, err
	}
	if err := lint.CheckSeverity(o.Severity); err != nil {
		return Given{}, err
	}
	if o.InCluster != nil {
		if err := o.InCluster.Check(); err != nil {
			return Given{}, err
		}
	}
	if o.Wave != "" {
		if len(o.Only) > 0 || o.InPlace || o.AsIs || o.Install {
			return Given{}, fault.New(fault.Usage, "run the wave as a whole", "running wave %q: it has no part for --from, --until, --in-place, --as-is or --install", o.Wave)
		}
		if _, err := o.Target.Wave(o.Wave); err != nil {
			return Given{}, err
		}
		o.Planned = wave(Given{}).after(planning).drafted().names()
	}
	if err := o.Target.Validate(); err != nil {
		return Given{}, err
	}
	if err := chart.CheckKubernetes(o.KubeVersion); err != nil {
		return Given{}, err
	}
	if err := copy.CheckLeft(o.Leave); err != nil {
		return Given{}, err
	}
	for _, name := range o.Leave {
		r.report.Waivers = append(r.report.Waivers, report.Waiver{Flag: "--leave", Name: name, Effect: "it stays in Zot, and goes with it"})
	}
	destination, err := o.Target.Destination()
	if err != nil {
		return Given{}, err
	}
	r.report.Target.Destination = destination.URL()
	file, err := readValues(ctx, &o)
	if err != nil {
		return Given{}, err
	}
	r.report.Hide(file.Secrets()...)
	given := Given{
		File: file, AsIs: o.AsIs, Disable: o.Disable, KeepCert: o.KeepCert, Severity: o.Severity, CrossAccount: o.CrossAccount, KubeVersion: o.KubeVersion, Leave: o.Leave, Ahead: o.ahead(),
		WithoutSpokes: o.WithoutSpokes, PrepareSpokes: o.PrepareSpokes, CreateRepositories: o.CreateRepositories,
		KeepLive: o.KeepLive, DiscardLive: o.DiscardLive, AllowDowngrade: o.AllowDowngrade, Recover: o.Recover, Install: o.Install,
	}
	given.Planned, given.Ask = o.planned(), r.ask(o)
	if o.Plan != "" {
		given.Plan.Name = o.Plan
		if given.Plan.Document, err = plan.Read(o.Plan); err != nil {
			return given, err
		}
	}
	if given.Before, err = readBefore(o); err != nil {
		return given, err
	}
	if !o.stages().needs().Live {
		w := o.world()
		w.Destination = destination
		r.world = &w
		if given.File, err = r.sourcesOfHub(ctx, file); err != nil {
			return given, err
		}
		if chartKnown(o.Target.Release) {
			r.world, err = w.WithChart(ctx, o.Target.Release, "")
		}
		return given, err
	}
	err = r.connect(ctx, o, &given, destination)
	if o.looks() {
		err = unseenFailure(err)
	}
	return given, err
}

// sourcesOfHub returns the values of a run that needs no cluster with what their valuesFrom names, where the target says
// which hub has it. A hub that can't be reached is no error: it stays unknown, and lint says so.
func (r *runner) sourcesOfHub(ctx context.Context, file *values.File) (*values.File, error) {
	wanted := r.world.Target
	if release := file.HelmRelease(); release == nil || len(release.ValuesFrom) == 0 || !wanted.NamesClusters() {
		return file, nil
	}
	hub, err := r.world.Connect(ctx, wanted.Hub)
	if err == nil {
		var whole *values.File
		if whole, err = render.FromCluster(ctx, file, hub, wanted.Release.Namespace, nil); err == nil {
			r.report.Hide(whole.Secrets()...)
			return whole, nil
		}
	}
	if fault.CodeOf(err) == fault.Usage {
		return file, err
	}
	r.progress.Say("what valuesFrom names stays unknown: %v", err)
	return file, nil
}

// connect reaches everything that live stages need, the nearest first: what is far away, such as the chart's
// registry, may be slow to answer. What valuesFrom names joins what was given.
func (r *runner) connect(ctx context.Context, o Options, given *Given, destination registry.Repository) error {
	need := o.stages().needs()
	begun := o.world()
	begun.ReportUnreached = need.Reports
	if o.Wave != "" {
		only, err := o.Target.Wave(o.Wave)
		if err != nil {
			return err
		}
		begun.Wave = &only
	}
	w, err := begun.WithClusters(ctx)
	if err != nil {
		return err
	}
	w.Destination = destination
	r.guard(o, w)
	if chartKnown(o.Target.Release) { // a mistake in it is said first
		if w, err = w.WithChart(ctx, o.Target.Release, ""); err != nil {
			return err
		}
	}
	if r.state, err = state.Read(ctx, w); err != nil {
		if need.Reports && apierrors.IsForbidden(err) {
			return r.lacking(ctx, w, *given, err)
		}
		return withUnreached(w, err)
	}
	r.report.Hide(r.state.Secrets()...)
	made, err := given.made(o)
	if err != nil {
		return err
	}
	if given.File, err = render.FromCluster(ctx, given.File, w.Hub, o.Target.Release.Namespace, made); err != nil {
		return err
	}
	r.report.Hide(given.File.Secrets()...)
	if w, err = withFleet(ctx, w, r.state, o.WithoutSpokes, o.SpokesFromValues); err != nil {
		return err
	}
	if need.Baseline && !r.state.Absent() && len(w.Unreached) == 0 { // preflight refuses those
		if w, err = withBaseline(ctx, w, r.state, o.AcceptBroken); err != nil {
			return err
		}
		r.reportBaseline(w)
	}
	if need.Switch {
		if err := w.Before.Err(); err != nil {
			return err
		}
	}
	if need.Release {
		if err := r.checkRelease(ctx, o, w); err != nil {
			return err
		}
	}
	if need.Switch {
		if err := wavesFirst(w, r.state); err != nil {
			return err
		}
	}
	if need.Switch && !o.PrepareSpokes && !need.Reports { // preflight says it with everything else
		if err := checkSpokes(ctx, w, r.state); err != nil {
			return err
		}
	}
	if w.Chart == nil { // what neither flags nor file say of the chart stays as it is live
		installed, err := deploy.InstalledCharts(ctx, w.Hub, w.Target.Release, r.state.Managed)
		if err != nil {
			return err
		}
		if w, err = w.WithChart(ctx, installed.WithLive(w.Target.Release), installed.Digest); err != nil {
			return err
		}
	}
	r.state, r.read = r.state.WithChart(w.Chart), state.Read
	if r.world, err = w.WithECR(ctx, destination, o.AWS); err != nil {
		return err
	}
	r.report.Before = standing(ctx, r.world, r.state)
	return nil
}

// withUnreached adds to an error, which keeps preflight from reporting it, that spokes do not answer.
func withUnreached(w *world.World, err error) error {
	for _, spoke := range w.Spokes {
		if cause := w.Unreached[spoke.Name]; cause != nil {
			return fault.New(fault.CodeOf(cause), fault.RemedyOf(cause), "%w; and %w", cause, err)
		}
	}
	return err
}

// checkRelease refuses a release that somebody else manages, or one that is pending. Preflight says both with everything
// else that stands in the way; what it can't see is whether a pending release may be repaired.
func (r *runner) checkRelease(ctx context.Context, o Options, w *world.World) error {
	looked := o.stages().needs().Reports
	if !looked {
		if err := checkManager(w, r.state); err != nil {
			return err
		}
	}
	if looked && !o.Recover {
		return nil
	}
	return checkPending(ctx, w, r.state, o.Recover)
}

// chartKnown reports whether flags and file say which chart it is: without a cluster no version is assumed.
func chartKnown(r target.Release) bool {
	return r.Version != "" || !strings.HasPrefix(r.Chart, "oci://")
}

// keepValues writes the new values into the person's file, when that was asked for. It is the last thing done: a file
// that names ECR while the release is on Zot would undo somebody's next upgrade. After an error nothing is written.
func keepValues(o Options, last result, err error) error {
	carrier, ok := last.(interface{ edit() *values.Rendered })
	if err != nil || !ok || o.Wave != "" || !o.stages().has(rendering) || !o.stages().has(validating) {
		return err
	}
	edit, path := carrier.edit(), o.Target.ValuesPath()
	if len(o.Files.Paths) > 1 && edit != nil {
		path = edit.File().Name() // the one of them that is edited
	}
	switch {
	case edit == nil || len(edit.Changes) == 0:
		return nil
	case !o.InPlace:
		o.Progress.Say("%s still has the old settings: write the new ones with `palette-ecr render --in-place`, before the next upgrade", path)
		return nil
	}
	if err := edit.WriteInPlace(path); err != nil {
		return err
	}
	o.Progress.Say("wrote the new settings into %s", path)
	return nil
}
