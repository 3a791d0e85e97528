package deploy

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Installed is which charts the cluster has. Empty strings are for what it doesn't have, or doesn't show.
type Installed struct {
	Version string // of mural
	CRDs    string // of mural-crds
	Chart   string // oci:// address that Flux takes mural from; Helm doesn't note where a chart came from
	Digest  string // of the chart's manifest there
}

// InstalledCharts reads which charts are live. A release that isn't there has no version, which is no error.
func InstalledCharts(ctx context.Context, c *cluster.Cluster, r target.Release, m Managed) (Installed, error) {
	o := Options{Release: r, Storage: m.Storage}
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return Installed{}, err
	}
	installed, err := h.installed()
	if err != nil || m.Release == nil {
		return installed, err
	}
	installed.Digest = digestOf(m.Release, installed.Version)
	installed.Chart, err = chartSource(ctx, c, m.Release)
	return installed, err
}

func (h *records) installed() (Installed, error) {
	var found Installed
	for name, version := range map[string]*string{h.options.Release.Name: &found.Version, CRDsRelease: &found.CRDs} {
		last, err := h.last(name)
		if err != nil {
			return found, err
		}
		if last != nil && last.Chart != nil && last.Chart.Metadata != nil {
			*version = last.Chart.Metadata.Version
		}
	}
	return found, nil
}

// WithLive fills in what neither flags nor file say of the charts: it stays as it is live. Without a version of the
// CRDs they are left alone, which is the same.
func (i Installed) WithLive(r target.Release) target.Release {
	if r.Version == "" && strings.HasPrefix(r.Chart, "oci://") {
		r.Version = i.Version
	}
	if i.Chart != "" && (r.Chart == "" || r.Chart == target.DefaultChart) {
		r.Chart = i.Chart
	}
	return r
}

// digestOf finds the digest of a chart in what helm-controller notes about its releases.
func digestOf(h *unstructured.Unstructured, version string) string {
	history, _, _ := unstructured.NestedSlice(h.Object, "status", "history")
	for _, each := range history {
		entry, _ := each.(map[string]any)
		made, _ := entry["chartVersion"].(string)
		if digest, _ := entry["ociDigest"].(string); digest != "" && chart.SameVersion(made, version) {
			return digest
		}
	}
	digest, _, _ := unstructured.NestedString(h.Object, "status", "lastAttemptedRevisionDigest")
	if _, mark := chart.SplitVersion(version); mark != "" && strings.HasPrefix(strings.TrimPrefix(digest, "sha256:"), mark) {
		return digest
	}
	return ""
}

// chartSource returns the oci:// address of the chart; empty for sources that have none.
func chartSource(ctx context.Context, c *cluster.Cluster, h *unstructured.Unstructured) (string, error) {
	fields := []string{"spec", "chartRef"}
	ref, found, _ := unstructured.NestedStringMap(h.Object, fields...)
	if !found {
		ref, _, _ = unstructured.NestedStringMap(h.Object, "spec", "chart", "spec", "sourceRef")
	}
	if kind := ref["kind"]; kind != "OCIRepository" && kind != "HelmRepository" {
		return "", nil
	}
	namespace := ref["namespace"]
	if namespace == "" {
		namespace = h.GetNamespace()
	}
	source := &unstructured.Unstructured{}
	source.SetAPIVersion("source.toolkit.fluxcd.io/v1")
	source.SetKind(ref["kind"])
	err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: ref["name"]}, source)
	switch {
	case apierrors.IsNotFound(err), apierrors.IsForbidden(err), meta.IsNoMatchError(err):
		return "", nil // then it is where it usually is, or the user says
	case err != nil:
		return "", fault.New(fault.Failed, fmt.Sprintf("make sure that you may get %ss in namespace %s", strings.ToLower(ref["kind"]), namespace),
			"reading %s %s/%s on cluster %q: %w", ref["kind"], namespace, ref["name"], c.Name, err)
	}
	url, _, _ := unstructured.NestedString(source.Object, "spec", "url")
	if !strings.HasPrefix(url, "oci://") {
		return "", nil
	}
	if ref["kind"] == "HelmRepository" {
		name, _, _ := unstructured.NestedString(h.Object, "spec", "chart", "spec", "chart")
		url = strings.TrimSuffix(url, "/") + "/" + name
	}
	return url, nil
}
