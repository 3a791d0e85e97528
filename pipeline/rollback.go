package pipeline

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
)

// WayBack is the way back to Zot, in order: nothing that is read from is taken away before what follows it stands.
func WayBack() []Stage {
	return []Stage{
		{Name: "enable-zot", Does: "turns Zot on again, while everything still reads from ECR", run: enableZot},
		{Name: "copy-back", Does: "copies to Zot what ECR has and Zot has not, digests kept", run: copyBack},
		{Name: "restore", Does: "gives the release its values of before, and waits until workloads read from Zot", run: restore},
	}
}

const notOnECR = "the release is not on ECR"

// Rollback takes a release back to where its cutover began, days later too: to the values that the journal keeps.
// It needs neither the values file nor the registry's address. What is in ECR stays there. It always gives a
// report, also with an error; a second one has nothing to do.
func Rollback(ctx context.Context, o Options) (*report.Report, error) {
	return newSession(o).play(ctx, (*session).checkWayBack, WayBack())
}

// checkWayBack finds out, before anything is touched, whether there is a way back.
func (s *session) checkWayBack(ctx context.Context) (err error) {
	t := &s.Target
	needs := []target.Need{target.NeedRelease, target.NeedClusters}
	if t.Release.ManagedBy == target.Flux {
		needs = append(needs, target.NeedValues) // the manifest that Flux is to apply
	}
	if err := t.Validate(needs...); err != nil {
		return err
	}
	s.describeTarget()
	if t.Release.ManagedBy == target.Flux {
		if s.file, err = s.readValues(); err != nil {
			return err
		}
	}
	if err := s.reachClusters(ctx); err != nil {
		return err
	}
	if s.live, err = deploy.Live(ctx, s.hub, t.Release); err != nil {
		return err
	}
	if s.journal, err = journal.Load(ctx, s.hub.Client, t.Release.Namespace); err != nil {
		return err
	}
	if s.journal.Original == nil {
		return fault.New(fault.Refused, fmt.Sprintf("check --namespace and --context; Helm's own history is shown by `helm history %s --namespace %s`", t.Release.Name, t.Release.Namespace),
			"going back to Zot: no cutover of release %s is on record (Secret %s/%s)", s.report.Target.Release, t.Release.Namespace, journal.Name)
	}
	if s.destination, err = parseRepository(s.journal.Destination); err != nil {
		return fmt.Errorf("reading where the cutover went to: %w", err)
	}
	s.report.Target.Destination = s.journal.Source // which is where this run leads to
	if s.NoCopyBack {
		return nil // no more than the cluster is needed: what can't be reached may be why somebody goes back
	}
	// What changes is the registry, not the chart.
	if s.chart, err = chart.Load(ctx, t.Release.Chart, s.live.Version, chart.Options{HTTPClient: s.HTTPClient}); err == nil {
		s.registry, err = ecr.Connect(ctx, s.destination, s.AWS)
	}
	return orWithoutCopy(err)
}

// orWithoutCopy tells that there is a way back without ECR and the chart too.
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
		return registry.Repository{}, fmt.Errorf("%q is no URL of a repository", url)
	}
	r, err := registry.Parse(url[:at])
	if err != nil {
		return registry.Repository{}, err
	}
	return r.Repository(url[at+1:])
}

// enableZot turns Zot on by itself: what it is to serve has to be in it before anybody reads from it.
func enableZot(ctx context.Context, s *session) (summary, error) {
	if !s.switched() {
		return summary{skip: notOnECR}, nil
	}
	if s.NoCopyBack {
		return summary{skip: "--no-copy-back: it comes with the values of before"}, nil
	}
	_, had, err := s.originalSettings()
	if err != nil {
		return summary{}, err
	}
	if !had || !s.zotIsOff() {
		return summary{skip: "no Zot was turned off"}, nil
	}
	values := maps.Clone(s.live.Values)
	zot, _ := values["zot"].(map[string]any)
	zot = maps.Clone(zot)
	if zot == nil {
		zot = map[string]any{}
	}
	zot["enabled"] = true
	values["zot"] = zot
	result, err := s.applyValues(ctx, values)
	if err != nil {
		return summary{}, err
	}
	return summary{text: fmt.Sprintf("zot.enabled is true since revision %d", result.Revision)}, nil
}

// copyBack is copy with its ends exchanged. Since hue pushes to ECR, its tags are the newer ones.
func copyBack(ctx context.Context, s *session) (summary, error) {
	switch {
	case !s.switched():
		return summary{skip: notOnECR}, nil
	case s.NoCopyBack:
		return summary{skip: "--no-copy-back: hue pushes again what it renders, and what only ECR has stays there"}, nil
	}
	settings, _, err := s.originalSettings()
	if err != nil {
		return summary{}, err
	}
	address, access, err := s.reach(ctx, settings)
	if err != nil {
		return summary{}, err
	}
	to, err := copy.OpenDestination(address, access)
	if err != nil {
		return summary{}, err
	}
	from, err := copy.FromECR(ctx, s.registry)
	if err != nil {
		return summary{}, orWithoutCopy(err)
	}
	options := copy.Options{Progress: s.Progress, Now: s.Now}
	if options.References, err = s.references(ctx); err != nil {
		return summary{}, err
	}
	result, p, err := copy.RunProven(ctx, from, to, options)
	return summary{text: result.String(), counts: result.Counts()}, orWithoutCopy(s.proven(p, err))
}

// restore gives the release the values of before, and waits until every workload reads from the source again.
func restore(ctx context.Context, s *session) (summary, error) {
	if !s.switched() && s.journal.SwitchedAt.IsZero() {
		return summary{skip: notOnECR}, nil
	}
	if err := s.putBack(ctx); err != nil {
		return summary{}, err
	}
	if err := s.awaitReturn(ctx); err != nil {
		return summary{}, err
	}
	s.Progress.Say("where Git or a pipeline applies your values, revert them there too: the next upgrade would go to ECR again")
	return summary{text: fmt.Sprintf("%s has its values of before, at revision %d; every workload reads from Zot", s.Target.Release.Name, s.live.Revision)}, nil
}

// putBack gives the release the values of before; without the chart, as Helm has them in its history.
func (s *session) putBack(ctx context.Context) (err error) {
	if s.chart != nil || s.Target.Release.ManagedBy == target.Flux {
		_, err = s.applyValues(ctx, s.journal.Original)
		return err
	}
	err = deploy.Undo(ctx, s.hub, deploy.Options{Release: s.Target.Release, Timeout: s.Timeout, Progress: s.Progress, Now: s.Now}, s.journal.PreviousRevision)
	if err == nil {
		s.live, err = deploy.Live(ctx, s.hub, s.Target.Release)
	}
	return err
}

// awaitReturn waits until every workload reads from the source again, and notes that.
func (s *session) awaitReturn(ctx context.Context) error {
	for _, c := range s.clusters() {
		p := validate.Returned(ctx, c, s.validation())
		if p.Verdict != report.Held {
			return fault.New(fault.Failed, p.Remedy, "waiting on %s until workloads read from the source again: %s", c.Name, p.Cause)
		}
	}
	s.journal.Back()
	return s.journal.Save(ctx)
}

// applyValues gives the release just these values, with the chart and the CRDs that it has.
func (s *session) applyValues(ctx context.Context, values map[string]any) (*deploy.Result, error) {
	o := deploy.Options{
		Release: s.Target.Release, Values: values, Chart: s.chart, HTTPClient: s.HTTPClient, Timeout: s.Timeout, Progress: s.Progress, Now: s.Now,
	}
	o.Release.CRDs = target.CRDs{}
	var err error
	if o.Release.ManagedBy == target.Flux {
		if o.HelmRelease, err = deploy.WithValues(s.file.Data(), values); err != nil {
			return nil, err
		}
	}
	result, err := deploy.Run(ctx, s.hub, o)
	if err != nil {
		return result, err
	}
	s.live, err = deploy.Live(ctx, s.hub, s.Target.Release)
	return result, err
}
