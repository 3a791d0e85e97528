// Package deploy applies the release with the new registry settings, and takes it back. It does what a
// careful person does with helm and kubectl: CRDs first, exactly the given values, restart what read its
// identity at start, wait until the pods that run are the new ones; and it does nothing where nothing changed.
package deploy

import (
	"context"
	"net/http"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Options of a deployment.
type Options struct {
	Release target.Release
	Values  map[string]any // exactly what the release is to have: nothing of the old values is reused

	Chart      *helmchart.Chart // of the release; nil loads it as Release names it
	CRDs       *helmchart.Chart // nil loads it as Release names it; without a name it is left alone
	HTTPClient *http.Client     // for charts in OCI registries
	// ChartDigest is the manifest of Release.Chart in its registry, where it is known (FluxChart): a tag may have moved.
	ChartDigest string
	Install     bool // install a release that is not there, instead of failing
	OnZot       bool // with Install: on Zot, which only a rehearsal wants

	AllowDowngrade bool // of either chart

	HelmRelease []byte // the manifest to apply when Flux manages the release
	Before      []byte // with Install: manifests that it needs, such as sources and the HelmRelease of mural-crds; made where they are missing

	Restart []Workload    // Deployments that read identity or registry settings at start; nil is Restarted
	Timeout time.Duration // for each wait; zero is 5 minutes
	Driver  string        // of Helm's storage, as HELM_DRIVER says; empty is Secrets
	Storage string        // namespace of Helm's records; empty is the release's (Managed.Storage)
	// Lock is called right before each write, and its error ends the deployment: whoever holds a Lease takes it here.
	Lock func(context.Context) error
	// Accepted reports whether a workload was broken before, and may stay so: nobody waits for it. nil is none.
	Accepted func(kind, namespace, name string) bool
	Progress progress.Reporter
	Now      func() time.Time

	poll time.Duration // how often a wait looks; zero is a usual one
}

// every returns how often a wait looks, usually.
func (o Options) every(usual time.Duration) time.Duration {
	if o.poll > 0 {
		return o.poll
	}
	return usual
}

// Workload is a Deployment in the release's namespace that must restart to see a change.
type Workload struct {
	Name          string
	ReadsRegistry bool // it reads the registries' Secrets, not only its identity
}

// Restarted returns the Deployments of PaletteAI that the cutover concerns.
func Restarted() []Workload {
	return []Workload{{Name: "hue", ReadsRegistry: true}, {Name: "source-controller"}}
}

// Result of a deployment.
type Result struct {
	Changed          bool
	Reason           string // why nothing had to be changed
	Revision         int    // of the release now; zero when unknown
	PreviousRevision int    // what the release goes back to; zero when it was not there
	PreviousCRDs     int    // the same of the CRDs' release, when this deployment has changed it
	CRDs             string // what was done with the CRDs' release, one phrase
	Restarted        []string
	SwitchedAt       time.Time // since when only pods with the new settings run, by the cluster's clock
}

func (o *Options) complete() {
	if o.Restart == nil {
		o.Restart = Restarted()
	}
	if o.Timeout <= 0 {
		o.Timeout = leastUndo
	}
	if o.Lock == nil {
		o.Lock = func(context.Context) error { return nil }
	}
	if o.Accepted == nil {
		o.Accepted = func(string, string, string) bool { return false }
	}
	if o.Storage == "" {
		o.Storage = o.Release.Namespace
	}
	if o.Progress == nil {
		o.Progress = progress.Discard
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Release.Name == "" {
		o.Release.Name = "mural"
	}
}

// Run brings the release to the given chart and values. What is there already is left alone and said so in
// Result.Reason. The Result is never nil: with an error it says how far the deployment came.
func Run(ctx context.Context, c *cluster.Cluster, o Options) (*Result, error) {
	o.complete()
	if o.Release.ManagedBy == target.Flux {
		return runFlux(ctx, c, o)
	}
	if err := o.load(ctx); err != nil {
		return &Result{}, err
	}
	h, err := newHelm(c, o)
	if err != nil {
		return &Result{}, err
	}
	return run(ctx, c, h, o)
}

// load fetches the charts that the caller has not loaded, before anything is touched.
func (o *Options) load(ctx context.Context) (err error) {
	options := chart.Options{HTTPClient: o.HTTPClient}
	if o.Chart == nil {
		if o.Chart, err = chart.Load(ctx, o.Release.Chart, o.Release.Version, chart.Options{HTTPClient: o.HTTPClient, Digest: o.ChartDigest}); err != nil {
			return err
		}
	}
	if o.CRDs == nil && o.Release.CRDs.Chart != "" {
		if o.CRDs, err = chart.Load(ctx, o.Release.CRDs.Chart, o.Release.CRDs.Version, options); err != nil {
			return err
		}
	}
	return nil
}

// run has Helm injected.
func run(ctx context.Context, c *cluster.Cluster, h *helm, o Options) (*Result, error) {
	result := &Result{}
	if err := o.check(h); err != nil {
		return result, err
	}
	if o.CRDs != nil {
		change, err := h.applyCRDs(ctx, c, o.CRDs)
		if result.CRDs = change.phrase(); err != nil {
			return result, err
		}
		result.Changed = change.changed
		if change.changed {
			result.PreviousCRDs = change.previous
		}
		if change.changed && h.renew != nil {
			// Which kinds there are is asked once: mural's templates must see the new ones.
			if h, err = h.renew(); err != nil {
				return result, err
			}
		}
	}
	change, err := h.apply(ctx, o.Release.Name, o.Chart, o.Values)
	result.Revision, result.PreviousRevision, result.Reason = change.revision, change.previous, change.reason
	result.Changed = result.Changed || change.changed
	if err != nil {
		return result, h.explain(ctx, c, err)
	}
	return result, finish(ctx, c, h, o, result)
}

// finish restarts what has to see the change, and finds out since when it is seen.
func finish(ctx context.Context, c *cluster.Cluster, h *helm, o Options, result *Result) error {
	history, err := h.history(o.Release.Name)
	if err != nil {
		return err
	}
	restarted, err := restart(ctx, c, o, history)
	result.Restarted = restarted
	if err != nil {
		return err
	}
	if len(restarted) > 0 {
		result.Changed, result.Reason = true, ""
	}
	result.SwitchedAt, err = since(ctx, c, o)
	return err
}

// check refuses what would fail halfway, for all releases before any of them is touched.
func (o *Options) check(h *helm) error {
	wanted := map[string]*helmchart.Chart{o.Release.Name: o.Chart}
	names := []string{o.Release.Name}
	if o.CRDs != nil {
		names = append(names, o.CRDs.Name())
		wanted[o.CRDs.Name()] = o.CRDs
	}
	for _, name := range names {
		if err := h.usable(name); err != nil {
			return err
		}
	}
	last, err := h.last(o.Release.Name)
	if err == nil && last == nil && o.Chart != nil {
		err = withoutZot(o)
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := h.forward(name, wanted[name]); err != nil {
			return err
		}
	}
	return nil
}
