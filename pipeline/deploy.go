package pipeline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var deploying = Definition{
	Name: "deploy", Does: "upgrades mural-crds, then mural, and restarts what changed its identity",
	Needs: Needs{Live: true, Baseline: true, Release: true, Switch: true}, Work: rights.Switching, draft: draftDeploy,
}

// Deployment is a release that uses ECR, while Zot still runs.
type Deployment struct {
	Copied   Copied
	Rendered report.Proof   // zero when this run has not deployed
	Result   *deploy.Result // nil when this run has not deployed

	entry Entry
}

// Entry returns what was deployed, and the rendered proof.
func (d Deployment) Entry() Entry { return d.entry }

func (d Deployment) edit() *values.Rendered { return d.Copied.edit() }

// values returns what the release is to have.
func (d Deployment) values() Rendered { return d.Copied.Planned.Linted.Rendered }

// proofs returns those that this run has made so far.
func (d Deployment) proofs() []report.Proof {
	var made []report.Proof
	for _, p := range []report.Proof{d.Copied.Closure, d.Rendered} {
		if p.Name != "" {
			made = append(made, p)
		}
	}
	return made
}

// Deploy gives the release the new values. What the rollback needs is kept before anything is touched.
func Deploy(ctx context.Context, w *world.World, s *state.State, in Copied) (Deployment, error) {
	done := Deployment{Copied: in}
	wanted := in.Planned.Linted.Rendered
	err := wanted.refuseLoss(w, s)
	if err != nil {
		return done, err
	}
	var repaired string
	if wanted.Given.Recover {
		if repaired, err = recoverPending(ctx, w, s); err != nil {
			return done, err
		}
	}
	if done.Rendered, err = proveRendered(w, s, wanted.Values); err != nil {
		return done, err
	}
	done.entry.Proofs = []report.Proof{done.Rendered}
	if err := proof.Refuse(done.Rendered); err != nil {
		return done, err
	}
	if err := done.proveCopied(ctx, w, s); err != nil {
		return done, err
	}
	if err := readySpokes(ctx, w, s, wanted.Given.PrepareSpokes); err != nil {
		return done, err
	}
	if s.Absent() {
		if err := prepareInstall(ctx, w, s, wanted); err != nil {
			return done, err
		}
	}
	if err := beginJournal(ctx, w, s, wanted, in.Planned.Document); err != nil {
		return done, err
	}
	if done.Result, err = apply(ctx, w, s, wanted); err != nil {
		return done, err
	}
	// A run that was killed in between has switched, but not noted when.
	if done.Result.Changed || s.Journal.SwitchedAt.IsZero() {
		s.Journal.Switched(done.Result.SwitchedAt)
		if err := s.Journal.Save(ctx); err != nil {
			return done, err
		}
	}
	done.entry.Changed = true
	if !done.Result.Changed {
		done.entry.Skip = done.Result.Reason
		return done, nil
	}
	done.entry.Summary = joined(repaired, deployed(w.Target.Release.Name, done.Result))
	return done, nil
}

// proveCopied refuses to switch to a registry that lacks something. A run that copies has proven that already, and where
// the release is on the destination there is no switch.
func (d *Deployment) proveCopied(ctx context.Context, w *world.World, s *state.State) error {
	if d.Copied.Closure.Name != "" || d.Copied.entry.Skip != "" || s.Absent() {
		return nil
	}
	on, err := s.OnECR(w.Destination)
	if err != nil || on {
		return err
	}
	if d.Copied.Closure, err = proveClosure(ctx, w, s, d.values().Given); err != nil {
		return err
	}
	d.entry.Proofs = append(d.entry.Proofs, d.Copied.Closure)
	return proof.Refuse(d.Copied.Closure)
}

// beginJournal notes where the cutover starts from, unless the release is on the destination already.
func beginJournal(ctx context.Context, w *world.World, s *state.State, wanted Rendered, planned *plan.Document) error {
	s.Journal.ManagedBy = string(w.Target.Release.ManagedBy) // who does the switch, whoever began
	if s.Absent() {
		s.Journal.Installed(w.Destination.URL(), wanted.Values)
		s.Journal.ManagedBy = string(w.Target.Release.ManagedBy)
		return s.Journal.Save(ctx)
	}
	on, err := s.OnECR(w.Destination)
	if err != nil || on {
		return err
	}
	source, err := s.SourceURL(w.Destination)
	if err != nil {
		return err
	}
	sources, err := s.Sources(w)
	if err != nil {
		return err
	}
	until := copiedUntil(ctx, w)
	s.Journal.Applied, s.Journal.CopiedUntil = wanted.Values, until
	if w.Target.Release.ManagedBy == target.Flux {
		s.Journal.InlineApplied = wanted.Wanted.Values()
	}
	if s.Journal.Open && len(s.Journal.Waves) > 0 { // it began with the first wave
		return s.Journal.Save(ctx)
	}
	s.Journal.Begin(w.Destination.URL(), source, s.Live.Revision, s.Live.Values)
	if s.Journal.PreviousCRDs, err = deploy.CRDsRevision(ctx, w.Hub, deployOptions(w, s)); err != nil {
		return err
	}
	s.Journal.Sources, s.Journal.PreviousVersion, s.Journal.Without = sources, s.Live.Version, wanted.Given.WithoutSpokes
	s.Journal.CopiedUntil = until
	noteBaseline(w, s)
	if w.Target.Release.ManagedBy == target.Flux {
		s.Journal.Inline, s.Journal.InlineApplied = deploy.InlineValues(s.Managed), wanted.Wanted.Values()
	}
	if planned != nil {
		s.Journal.Plan = planned.Hash
	}
	s.Journal.Applied, s.Journal.ManagedBy = wanted.Values, string(w.Target.Release.ManagedBy)
	return s.Journal.Save(ctx)
}

// apply deploys values.
func apply(ctx context.Context, w *world.World, s *state.State, wanted Rendered) (*deploy.Result, error) {
	o := applyOptions(w, s, wanted)
	if o.Release.CRDs == (target.CRDs{}) {
		w.Progress.Say("mural-crds stays as it is: no version of it is given")
	}
	return deploy.Run(ctx, w.Hub, o)
}

// applyOptions returns the deployment of values.
func applyOptions(w *world.World, s *state.State, wanted Rendered) deploy.Options {
	o := deployOptions(w, s)
	if o.Release.CRDs.Version == "" && strings.HasPrefix(o.Release.CRDs.Chart, "oci://") {
		o.Release.CRDs = target.CRDs{}
	}
	o.Values, o.HelmRelease, o.AllowDowngrade = wanted.Values, wanted.Wanted.Data(), wanted.Given.AllowDowngrade
	o.Install, o.Before = wanted.Given.Install, wanted.Given.Before
	return o
}

// deployOptions returns what every deployment of this run has in common.
func deployOptions(w *world.World, s *state.State) deploy.Options {
	return deploy.Options{Release: w.Target.Release, Lock: w.Lock, Storage: s.Managed.Storage, Chart: w.Chart, HTTPClient: w.HTTPClient, Timeout: w.Timeout, Progress: w.Progress, Now: w.Now, Accepted: w.Before.Broken(w.Hub.Name)}
}

// joined is two phrases for people, of which the first may be empty.
func joined(first, second string) string {
	if first == "" {
		return second
	}
	return first + "; " + second
}

func deployed(release string, r *deploy.Result) string {
	text := fmt.Sprintf("%s is at revision %d", release, r.Revision)
	if r.CRDs != "" {
		text += "; " + r.CRDs
	}
	if len(r.Restarted) > 0 {
		text += "; restarted " + strings.Join(r.Restarted, " and ")
	}
	return text
}

// proveRendered proves the manifests of the new values, without touching the cluster.
func proveRendered(w *world.World, s *state.State, wanted map[string]any) (report.Proof, error) {
	source, _, err := s.Source(w.Destination)
	if err != nil {
		return report.Proof{}, err
	}
	sources, err := s.Sources(w)
	if err != nil {
		return report.Proof{}, err
	}
	urls := slices.DeleteFunc(slices.Sorted(maps.Values(sources)), func(url string) bool { return url == "" })
	config := validate.Config{Destination: w.Destination, Namespace: w.Target.Release.Namespace, Now: w.Now}
	return validate.Rendered(validate.Manifests{
		Chart: w.Chart, Values: wanted, Endpoint: w.Destination.Registry.Endpoint(), Sources: slices.Compact(urls), Secrets: []string{source.BasicAuth.Password},
		Release: chart.Release{Name: w.Target.Release.Name, Namespace: w.Target.Release.Namespace, KubeVersion: w.Kubernetes},
	}, config), nil
}

// UndoDeploy puts the release back to the revision before this run, and waits until every workload reads from the
// source again.
func UndoDeploy(ctx context.Context, w *world.World, s *state.State, done Deployment) (Entry, error) {
	switch {
	case done.Result == nil || !done.Result.Changed:
		return Entry{Skip: "this run has not changed the release"}, nil
	case done.Result.PreviousRevision == 0:
		return Entry{Skip: "there was no release before: what was installed stays"}, nil
	}
	w.Progress.Stage("back to Zot")
	o := deployOptions(w, s)
	o.Chart, o.HelmRelease = nil, done.values().Given.File.Data()
	if err := deploy.Undo(ctx, w.Hub, o, done.Result.PreviousRevision); err != nil {
		return Entry{}, err
	}
	err := awaitReturned(ctx, w, s, beforeThisRun(w, s)...)
	if err == nil {
		err = notWorse(ctx, w, w.Baseline)
	}
	if err != nil {
		return Entry{}, err
	}
	return Entry{Summary: fmt.Sprintf("the release has the values of revision %d again; Zot serves, and every workload reads from it", done.Result.PreviousRevision)}, nil
}
