package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
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

// WayBack is the way back to Zot, in order. What Zot has to serve is in it before anybody reads from it, unless Zot
// was turned off: then it comes back with the values of before, and what it lacks follows at once.
func WayBack() []Stage {
	return []Stage{
		{Name: "copy-back", Does: "copies to Zot what ECR has and Zot has not, digests kept, while everything reads from ECR", run: copyBack},
		{Name: "restore", Does: "gives the release its registry settings of before, and Zot with them", run: restore},
		{Name: "catch-up", Does: "copies to Zot what came to ECR meanwhile", run: catchUp},
		{Name: "return", Does: "waits until every workload reads from Zot", run: awaitReturn},
	}
}

const notOnECR = "the release is not on ECR"

// Rollback takes a release back to where its cutover began, days later too: to the settings that the journal keeps.
// Other values that were changed since stay. It needs neither the values file nor the registry's address. What is in
// ECR stays there. It always gives a report, also with an error; a second one has nothing to do.
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
	if err := s.checkRecord(); err != nil {
		return err
	}
	if s.destination, err = parseRepository(s.journal.Destination); err != nil {
		return fmt.Errorf("reading where the cutover went to: %w", err)
	}
	s.report.Target.Destination = s.journal.Source // which is where this run leads to
	if err := s.checkPutBack(ctx); err != nil {
		return err
	}
	if s.NoCopyBack {
		return nil // no more than the cluster is needed: what can't be reached may be why somebody goes back
	}
	if err = s.loadChart(ctx); err == nil {
		s.registry, err = ecr.Connect(ctx, s.destination, s.AWS)
	}
	return orWithoutCopy(err)
}

// checkRecord compares what is asked for with what the journal says of the cutover.
func (s *session) checkRecord() error {
	j, release := s.journal, s.Target.Release
	if j.Original == nil {
		return fault.New(fault.Refused, fmt.Sprintf("check --namespace and --context; a cutover that was made through Git goes back there: revert the commit. Helm's history is shown by `helm history %s --namespace %s`", release.Name, release.Namespace),
			"going back to Zot: no cutover of release %s is on record (Secret %s/%s)", s.report.Target.Release, release.Namespace, journal.Name)
	}
	if j.ManagedBy != "" && j.ManagedBy != string(release.ManagedBy) {
		return fault.New(fault.Usage, fmt.Sprintf("give --managed-by %s, with flux also --helm-release", j.ManagedBy),
			"going back to Zot: the cutover of release %s was made with %s, not with %s", s.report.Target.Release, j.ManagedBy, release.ManagedBy)
	}
	for _, p := range j.Proofs {
		known := p.Cluster == "" || slices.ContainsFunc(s.clusters(), func(c *cluster.Cluster) bool { return c.Name == p.Cluster })
		if !known {
			return fault.New(fault.Usage, fmt.Sprintf("give --spoke name=%s,kubeconfig=…", p.Cluster),
				"going back to Zot: cluster %q was part of the cutover, and is not named", p.Cluster)
		}
	}
	return nil
}

// loadChart takes the version that the release has: what changes is the registry, not the chart.
func (s *session) loadChart(ctx context.Context) (err error) {
	s.chart, err = chart.Load(ctx, s.Target.Release.Chart, s.live.Version, chart.Options{HTTPClient: s.HTTPClient})
	if err != nil {
		remedy := fmt.Sprintf("check the network, or give the chart in the release's version %s with --chart, as a directory or .tgz", s.live.Version)
		return fault.New(fault.CodeOf(err), remedy, "%w", err)
	}
	return nil
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

// copyBack is copy with its ends exchanged. While hue pushes to ECR, its tags are the newer ones.
func copyBack(ctx context.Context, s *session) (summary, error) {
	switch {
	case !s.switched():
		return summary{skip: notOnECR}, nil
	case s.NoCopyBack:
		return summary{skip: noCopyBack}, nil
	case s.zotIsOff() && s.hadZot():
		return summary{skip: "Zot is off: it follows once Zot is on"}, nil
	}
	return s.copyToSource(ctx, false)
}

const noCopyBack = "--no-copy-back: hue pushes again what it renders, and what only ECR has stays there"

// catchUp copies what came to ECR while restore was at work, or all of it when Zot was off before. In the first case
// hue has pushed to Zot again by now, and the tags there are the newer ones.
func catchUp(ctx context.Context, s *session) (summary, error) {
	switch {
	case !s.restored:
		return summary{skip: "nothing was restored"}, nil
	case s.NoCopyBack:
		return summary{skip: noCopyBack}, nil
	}
	return s.copyToSource(ctx, s.copiedBack)
}

func (s *session) copyToSource(ctx context.Context, keep bool) (summary, error) {
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
	options := copy.Options{Progress: s.Progress, Now: s.Now, Keep: keep}
	if options.References, err = s.references(ctx); err != nil {
		return summary{}, err
	}
	result, p, err := copy.RunProven(ctx, from, to, options)
	if p.Remedy != "" {
		p.Remedy = "run `palette-ecr rollback` again"
	}
	if err := s.proven(p, err); err != nil {
		return summary{}, orWithoutCopy(err)
	}
	s.copiedBack = true
	return summary{text: result.String(), counts: result.Counts()}, nil
}

// hadZot tells whether Zot was on before the cutover: the source may have been a registry of somebody else's.
func (s *session) hadZot() bool {
	_, had, err := s.originalSettings()
	return err == nil && had
}

// restore gives the release its settings of before.
func restore(ctx context.Context, s *session) (summary, error) {
	todo, err := s.toPutBack()
	if err != nil {
		return summary{}, err
	}
	if todo != "" {
		return summary{skip: todo}, nil
	}
	if err := s.putBack(ctx); err != nil {
		return summary{}, err
	}
	s.restored = true
	return summary{text: fmt.Sprintf("%s has its registry settings of before, at revision %d", s.Target.Release.Name, s.live.Revision)}, nil
}

// toPutBack gives the reason why there is nothing to put back. A release that somebody has taken elsewhere is
// refused: its values are somebody's decision.
func (s *session) toPutBack() (reason string, err error) {
	if s.switched() {
		return "", nil
	}
	if !s.journal.Open {
		return notOnECR, nil
	}
	settings, _, err := registryOf(s.live.Merged)
	if err != nil {
		return "", err
	}
	at, err := settings.address()
	switch {
	case err != nil || at.URL() != s.journal.Source:
		return "", fault.New(fault.Refused, "look with `helm get values` who changed it; a new cutover begins with `palette-ecr run`",
			"going back to %s: hue is neither there nor on ECR, but on %q", s.journal.Source, settings.Endpoint)
	case s.live.Status == "deployed":
		return "the release names " + s.journal.Source + " again already", nil
	}
	return "", nil // a way back that was interrupted
}

// awaitReturn waits until every workload reads from the source again, and notes that.
func awaitReturn(ctx context.Context, s *session) (summary, error) {
	if !s.journal.Open {
		return summary{skip: notOnECR}, nil
	}
	if err := s.returned(ctx); err != nil {
		return summary{}, err
	}
	var names []string
	for _, c := range s.clusters() {
		names = append(names, c.Name)
	}
	s.Progress.Say("where Git or a pipeline applies your values, revert them there too: the next upgrade would go to ECR again")
	return summary{text: "every workload reads from Zot, on " + strings.Join(names, ", ")}, nil
}

func (s *session) returned(ctx context.Context) error {
	for _, p := range validate.AllReturned(ctx, s.fleet(), s.validation()) {
		if p.Verdict != report.Held {
			return fault.New(fault.Failed, p.Remedy, "waiting on %s until workloads read from the source again: %s", p.Cluster, p.Cause)
		}
	}
	s.journal.Back()
	return s.journal.Save(ctx)
}
