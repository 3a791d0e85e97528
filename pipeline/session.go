package pipeline

import (
	"context"
	"io"
	"net/http"
	"slices"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Options of a run.
type Options struct {
	Target  target.Cutover
	Only    []string // stages to do; empty is all
	Command string   // for the report
	Version string   // of palette-ecr, for the report

	In         io.Reader // standard input, for values from "-"
	InPlace    bool      // write the new values into the file once everything is proven
	NoCopyBack bool      // Rollback only: leave in ECR what only ECR has
	// Rollback only: give up what was changed in the values since the cutover
	DiscardChanges bool
	AsIs           bool         // the values are rendered already (in Git, say): deploy them just as they are
	HTTPClient     *http.Client // for AWS and OCI registries: proxy and authorities set
	AWS            ecr.Options  // how to reach AWS; its HTTPClient is taken from above
	Progress       progress.Reporter
	Now            func() time.Time
	Timeout        time.Duration // for each wait in a cluster
	PushWait       time.Duration // how long validate waits for a push by hue
}

// session is what the stages of one run share. Everything in it is had once, when a stage first asks for it.
type session struct {
	Options
	report *report.Report

	destination registry.Repository
	file        *values.File
	rendered    *values.Rendered // the edit that makes wanted of file; nil with AsIs
	wanted      *values.File     // what the release is to have
	chart       *helmchart.Chart
	hub         *cluster.Cluster
	spokes      []*cluster.Cluster
	kubernetes  string // version of the hub
	live        *deploy.Release
	registry    *ecr.Client
	journal     *journal.Journal

	deployed *deploy.Result // by this run

	restored   bool // by this run: the release has its settings of before
	copiedBack bool // and what ECR has was copied to the source
	closers    []func()
}

func newSession(o Options) *session {
	if o.Progress == nil {
		o.Progress = progress.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.HTTPClient == nil {
		o.HTTPClient = http.DefaultClient
	}
	o.AWS.HTTPClient = o.HTTPClient
	return &session{Options: o, report: report.New(o.Command, o.Version, o.Now())}
}

// needs tells whether one of the named stages is to be done.
func (s *session) needs(names ...string) bool {
	return len(s.Only) == 0 || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(s.Only, n) })
}

// check finds out, before anything is touched, that what was given is right and can be reached.
func (s *session) check(ctx context.Context) (err error) {
	for _, name := range s.Only {
		if !slices.ContainsFunc(Stages(), func(st Stage) bool { return st.Name == name }) {
			return unknownStage(name)
		}
	}
	t := s.Target
	if err := t.Validate(); err != nil {
		return err
	}
	if s.destination, err = t.Destination(); err != nil {
		return err
	}
	s.describeTarget()
	if s.file, err = s.readValues(); err != nil {
		return err
	}
	live := s.needs("copy", "deploy", "validate", "disable-zot")
	if live {
		if err := s.reachClusters(ctx); err != nil {
			return err
		}
	}
	// It may be far away, and with it the wait for a registry that does not answer: so it comes after the clusters.
	if s.chart, err = chart.Load(ctx, t.Release.Chart, t.Release.Version, chart.Options{HTTPClient: s.HTTPClient}); err != nil {
		return err
	}
	if !live {
		return nil
	}
	return s.connect(ctx)
}

// readValues reads the user's file, or standard input, and refuses what can't be deployed the way it is to be.
func (s *session) readValues() (*values.File, error) {
	path := s.Target.ValuesPath()
	var file *values.File
	var err error
	switch {
	case path != "-":
		file, err = values.Read(path)
	case s.InPlace:
		err = fault.New(fault.Usage, "leave --in-place out, or name a file", "reading standard input: new settings can't be written into it")
	case s.In == nil:
		err = fault.New(fault.Usage, "name a file", "reading standard input: there is none")
	default:
		file, err = values.ReadFrom("<stdin>", s.In)
	}
	if err != nil {
		return nil, err
	}
	s.report.Hide(file.Secrets()...)
	switch isManifest := file.Kind() == values.HelmRelease; {
	case s.Target.Release.HelmRelease != "" && !isManifest:
		return nil, fault.New(fault.Usage, "give it as --values", "reading %q: no HelmRelease is in it", path)
	case s.Target.Release.HelmRelease == "" && isManifest:
		return nil, fault.New(fault.Usage, "give it as --helm-release: then Flux applies it", "reading %q: it is the manifest of a HelmRelease, not a values.yaml", path)
	}
	return file, nil
}

// reachClusters reads every kubeconfig, which takes no time, and only then asks the clusters.
func (s *session) reachClusters(ctx context.Context) (err error) {
	if s.hub, err = cluster.Connect(s.Target.Hub); err != nil {
		return err
	}
	for _, spoke := range s.Target.Spokes {
		c, err := cluster.Connect(spoke)
		if err != nil {
			return err
		}
		s.spokes = append(s.spokes, c)
	}
	for _, c := range s.clusters() {
		if err := c.Ping(ctx); err != nil {
			return err
		}
	}
	return cluster.Distinct(ctx, s.clusters())
}

// connect reaches AWS, and reads what the release is now.
func (s *session) connect(ctx context.Context) (err error) {
	if s.kubernetes, err = s.hub.Version(ctx); err != nil {
		return err
	}
	if s.live, err = deploy.Live(ctx, s.hub, s.Target.Release); err != nil {
		return err
	}
	if s.journal, err = journal.Load(ctx, s.hub.Client, s.Target.Release.Namespace); err != nil {
		return err
	}
	s.registry, err = ecr.Connect(ctx, s.destination, s.AWS)
	return err
}

// clusters are the hub and every spoke.
func (s *session) clusters() []*cluster.Cluster {
	return append([]*cluster.Cluster{s.hub}, s.spokes...)
}

func (s *session) describeTarget() {
	t := s.Target
	s.report.Target = report.Target{
		Destination: s.destination.URL(), Release: t.Release.Namespace + "/" + t.Release.Name, Hub: t.Hub.Context, Values: t.ValuesPath(),
	}
	for _, spoke := range t.Spokes {
		s.report.Target.Spokes = append(s.report.Target.Spokes, spoke.Name)
	}
}

// later puts something on the list of what is closed at the end of the run.
func (s *session) later(f func()) { s.closers = append(s.closers, f) }

func (s *session) close() {
	for _, f := range slices.Backward(s.closers) {
		f()
	}
}
