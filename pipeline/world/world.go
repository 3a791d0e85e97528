// Package world is what one run is connected to: the clusters, the chart and ECR, with a clock and a voice. A World
// is made once, before the first stage, and never changed: what changes in the world is read by package state.
package world

import (
	"context"
	"net/http"
	"slices"
	"time"

	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
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
	Kubernetes string           // version of the hub's API server, for example v1.34.4
	Chart      *helmchart.Chart // mural as it is to be deployed; nil where no stage needs it
	ECR        *ecr.Client      // of Destination; nil where no stage needs it

	// Lock is called before anything is written that another run must not write at the same time. It takes the release's
	// Lease the first time, so that a run with nothing to do writes nothing; its error ends the stage.
	Lock func(context.Context) error

	// Writer is who this run is, for the journal.
	Writer journal.Stamp

	HTTPClient *http.Client // for OCI registries and charts: proxy and authorities set
	Progress   progress.Reporter
	Now        func() time.Time
	Timeout    time.Duration // for each wait in a cluster
	PushWait   time.Duration // for a push by hue
	KeepCert   bool          // certSecretRef and proxySecretRef are meant for ECR too
}

// Clusters returns the hub and every spoke.
func (w *World) Clusters() []*cluster.Cluster {
	return append([]*cluster.Cluster{w.Hub}, w.Spokes...)
}

// WithClusters returns a World that has reached the hub and every spoke of the target. All kubeconfigs are read
// before the first cluster is asked.
func (w World) WithClusters(ctx context.Context) (*World, error) {
	var err error
	if w.Hub, err = cluster.Connect(w.Target.Hub); err != nil {
		return nil, err
	}
	w.Spokes = nil
	for _, spoke := range w.Target.Spokes {
		c, err := cluster.Connect(spoke)
		if err != nil {
			return nil, err
		}
		w.Spokes = append(w.Spokes, c)
	}
	for _, c := range w.Clusters() {
		if err := c.Ping(ctx); err != nil {
			return nil, err
		}
	}
	if err := cluster.Distinct(ctx, w.Clusters()); err != nil {
		return nil, err
	}
	w.Kubernetes, err = w.Hub.Version(ctx)
	return &w, err
}

// WithSpokes returns a World with further spokes, which answer and are none of the clusters that it has.
func (w World) WithSpokes(ctx context.Context, more ...*cluster.Cluster) (*World, error) {
	for _, c := range more {
		if err := c.Ping(ctx); err != nil {
			return nil, err
		}
	}
	w.Spokes = slices.Concat(w.Spokes, more)
	return &w, cluster.Distinct(ctx, w.Clusters())
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
