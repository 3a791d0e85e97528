package deploy

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Release is what Helm has stored of a release's newest revision. It holds credentials: it is never logged.
type Release struct {
	Name      string
	Namespace string
	Revision  int
	Status    string // Helm's word: deployed, failed, pending-upgrade, …
	Chart     string
	Version   string
	Values    map[string]any // what the user gave
	Merged    map[string]any // what the templates saw: the chart's defaults under the user's values
}

// ErrNoRelease is in the error for a release that is not there.
var ErrNoRelease = errors.New("there is no such release")

// Live reads the release as it is now. A release that is not there is a fault with code Refused.
func Live(ctx context.Context, c *cluster.Cluster, r target.Release) (*Release, error) {
	return LiveAt(ctx, c, r, r.Namespace)
}

// LiveAt is Live for a release whose records are in another namespace than its own, as Flux may keep them
// (Managed.Storage).
func LiveAt(_ context.Context, c *cluster.Cluster, r target.Release, storage string) (*Release, error) {
	o := Options{Release: r, Storage: storage}
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return nil, err
	}
	return h.live(o.Release.Name)
}

func (h *records) live(name string) (*Release, error) {
	last, err := h.last(name)
	if err != nil {
		return nil, err
	}
	if last == nil || last.Chart == nil || last.Chart.Metadata == nil {
		return nil, fault.New(fault.Refused, fmt.Sprintf("check --namespace and --context; `%s` shows what is installed", h.cluster.Helm("list --all-namespaces")),
			"reading release %s/%s on cluster %q: %w", h.namespace, name, h.cluster.Name, ErrNoRelease)
	}
	merged, err := chartutil.CoalesceValues(last.Chart, last.Config)
	if err != nil {
		return nil, fmt.Errorf("merging the values of release %s/%s on cluster %q: %w", h.namespace, name, h.cluster.Name, masked(err, last.Config))
	}
	return &Release{
		Name: name, Namespace: h.namespace, Revision: last.Version, Status: last.Info.Status.String(),
		Chart: last.Chart.Metadata.Name, Version: last.Chart.Metadata.Version, Values: last.Config, Merged: merged,
	}, nil
}
