// Package world is what one run is connected to: the clusters, the chart and ECR, with a clock and a voice. A World
// is made once, before the first stage, and never changed: what changes in the world is read by package state.
package world

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/baseline"
	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/eks"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/incluster"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// World is what the stages of one run have in common.
type World struct {
	Target      target.Cutover
	Destination registry.Repository // where the cutover goes to

	Hub        *cluster.Cluster
	Spokes     []*cluster.Cluster
	Unreached  map[string]error // spokes that do not answer, by name; only preflight goes on with any
	Kubernetes string           // version of the hub's API server, for example v1.34.4
	Chart      *helmchart.Chart // mural as it is to be deployed; nil where no stage needs it
	ECR        *ecr.Client      // of Destination; nil where no stage needs it

	// Lock is called before anything is written that another run must not write at the same time. It takes the release's
	// Lease the first time, so that a run with nothing to do writes nothing; its error ends the stage.
	Lock func(context.Context) error
	// TookOver returns the dead holder whose Lease this run has replaced, or nil.
	TookOver func() *lease.Holder

	// Writer is who this run is, for the journal.
	Writer journal.Stamp

	HTTPClient *http.Client // for OCI registries and charts: proxy and authorities set
	AWS        ecr.Options  // how AWS is reached, for clusters that are found by their name in EKS
	Progress   progress.Reporter
	Now        func() time.Time
	Timeout    time.Duration      // for each wait in a cluster
	PushWait   time.Duration      // for a push by hue
	Baseline   baseline.Snapshot  // what was broken before this run touched anything; zero: nobody has looked
	Before     baseline.Judged    // of that, what nobody waits for
	Install    bool               // install the release where there is none
	Quotas     copy.Limits        // of the AWS account, where they are not ECR's defaults
	Shard      copy.Shard         // the part that this run copies; the zero value is everything
	InCluster  *incluster.Options // pods that copy in place of this process; nil: none
	KeepCert   bool               // certSecretRef and proxySecretRef are meant for ECR too

	Wave *target.Wave // whose spokes alone this run switches; nil is everything

	ReportUnreached bool // spokes that do not answer are in Unreached, and not an error
}

// Switching returns the spokes that this run switches: those of its wave, else all.
func (w *World) Switching() []*cluster.Cluster {
	if w.Wave == nil {
		return w.Spokes
	}
	return slices.DeleteFunc(slices.Clone(w.Spokes), func(c *cluster.Cluster) bool { return !slices.Contains(w.Wave.Spokes, c.Name) })
}

// Clusters returns the hub and every spoke.
func (w *World) Clusters() []*cluster.Cluster {
	return append([]*cluster.Cluster{w.Hub}, w.Spokes...)
}

// WithClusters returns a World that has reached the hub and every spoke of the target. All kubeconfigs are read
// before the first cluster is asked.
func (w World) WithClusters(ctx context.Context) (*World, error) {
	targets := append([]target.Cluster{w.Target.Hub}, w.Target.Spokes...)
	all := make([]*cluster.Cluster, len(targets))
	err := cluster.Each(targets, func(i int, t target.Cluster) (err error) {
		all[i], err = w.Connect(ctx, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	w.Hub, w.Spokes = all[0], all[1:]
	if w.Unreached, err = w.ping(ctx, all); err != nil {
		return nil, err
	}
	if err := cluster.Distinct(ctx, w.answering()); err != nil {
		return nil, err
	}
	w.Kubernetes, err = w.Hub.Version(ctx)
	return &w, err
}

// Connect prepares clients for a cluster, by its name in EKS or by a kubeconfig.
func (w *World) Connect(ctx context.Context, t target.Cluster) (*cluster.Cluster, error) {
	if t.EKS != (target.EKS{}) {
		return eks.Connect(ctx, t, w.eks())
	}
	return cluster.Connect(t)
}

// Associations returns those of EKS Pod Identity, of clusters that are named as EKS clusters.
func (w *World) Associations() eks.Associations { return eks.Associations{Options: w.eks()} }

// eks returns how EKS is reached. Where nobody names a region, clusters are in the registry's.
func (w *World) eks() eks.Options {
	o := eks.Options{AWS: w.AWS}
	o.AWS.HTTPClient = w.HTTPClient
	if r, err := registry.Parse(w.Target.Registry.Endpoint); err == nil && r.Kind == registry.Private {
		o.Region = r.Region
	}
	return o
}

// ping asks each cluster for a sign of life, side by side. A hub that does not answer is an error, and so is a spoke,
// unproven, unless that is to be reported (ReportUnreached): then it is in a copy of Unreached.
func (w *World) ping(ctx context.Context, all []*cluster.Cluster) (map[string]error, error) {
	failures := make([]error, len(all))
	_ = cluster.Each(all, func(i int, c *cluster.Cluster) error { failures[i] = c.Ping(ctx); return nil })
	unreached := maps.Clone(w.Unreached)
	for i, err := range failures {
		switch {
		case err == nil:
		case all[i] == w.Hub:
			return nil, err
		case !w.ReportUnreached && fault.CodeOf(err) == fault.Failed: // what is there is unknown, nothing is known to be wrong
			return nil, &fault.Error{Err: err, Code: fault.Unproven, Remedy: fmt.Sprintf("%s; or leave it out knowingly with --without-spoke %s: %s", fault.RemedyOf(err), all[i].Name, fleet.Loses)}
		case !w.ReportUnreached:
			return nil, err
		default:
			if unreached == nil {
				unreached = map[string]error{}
			}
			unreached[all[i].Name] = err
		}
	}
	return unreached, nil
}

// answering returns the clusters that answer.
func (w *World) answering() []*cluster.Cluster {
	return slices.DeleteFunc(w.Clusters(), func(c *cluster.Cluster) bool { return w.Unreached[c.Name] != nil })
}

// Reached returns a World with the spokes that answer, and no others.
func (w World) Reached() *World {
	w.Spokes = w.answering()[1:] // the hub is the first
	return &w
}

// WithSpokes returns a World with further spokes, which answer and are none of the clusters that it has.
func (w World) WithSpokes(ctx context.Context, more ...*cluster.Cluster) (*World, error) {
	var err error
	if w.Unreached, err = w.ping(ctx, more); err != nil {
		return nil, err
	}
	w.Spokes = slices.Concat(w.Spokes, more)
	return &w, cluster.Distinct(ctx, w.answering())
}

// WithChart returns a World with the chart of a release, which becomes the target's; a digest finds it where its version
// has one. A chart on disk is of the version that it is.
func (w World) WithChart(ctx context.Context, r target.Release, digest string) (*World, error) {
	var err error
	w.Target.Release = r
	w.Chart, err = chart.Load(ctx, r.Chart, r.Version, chart.Options{HTTPClient: w.HTTPClient, Digest: digest})
	return &w, err
}

// WithECR returns a World that is connected to a repository in ECR, its destination.
func (w World) WithECR(ctx context.Context, destination registry.Repository, o ecr.Options) (*World, error) {
	var err error
	o.HTTPClient = w.HTTPClient
	w.Destination = destination
	w.ECR, err = ecr.Connect(ctx, destination, o)
	return &w, err
}
