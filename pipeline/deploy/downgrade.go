package deploy

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// forward refuses a chart that is older than the live one, unless that was asked for: what a newer version has written
// an older one may not read, and older CRDs can lose data.
func (h *records) forward(name string, wanted *helmchart.Chart) error {
	if h.options.AllowDowngrade || wanted == nil {
		return nil
	}
	last, err := h.last(name)
	if err != nil || last == nil || last.Chart == nil || last.Chart.Metadata == nil {
		return err
	}
	return refuseOlder(fmt.Sprintf("%s/%s on cluster %q", h.namespace, name, h.cluster.Name), wanted.Metadata.Version, last.Chart.Metadata.Version)
}

// refuseOlder compares the wanted version with the live one.
func refuseOlder(release, wanted, live string) error {
	if chart.SameVersion(wanted, live) {
		return nil
	}
	remedy := fmt.Sprintf("leave the version out, which keeps %s, or pass --allow-downgrade", live)
	older, ok := chart.Older(wanted, live)
	switch {
	case !ok:
		return fault.New(fault.Refused, remedy, "deploying version %s of release %s: which is newer, that or %s, is unknown", wanted, release, live)
	case older:
		return fault.New(fault.Refused, remedy, "deploying version %s of release %s: it has version %s, which is newer", wanted, release, live)
	}
	return nil
}

// forwardFlux refuses a HelmRelease whose manifest names an older chart than the live one. With chartRef the manifest
// names none.
func forwardFlux(o Options, wanted *unstructured.Unstructured, release, live string) error {
	version, _, _ := unstructured.NestedString(wanted.Object, "spec", "chart", "spec", "version")
	if o.AllowDowngrade || version == "" || version == "*" || live == "" {
		return nil
	}
	if _, err := semver.StrictNewVersion(version); err == nil {
		return refuseOlder(release, version, live)
	}
	allowed, err := semver.NewConstraint(version)
	if err != nil {
		return refuseOlder(release, version, live)
	}
	plain, _ := chart.SplitVersion(live)
	is, err := semver.NewVersion(plain)
	if err != nil || allowed.Check(is) {
		return nil
	}
	return fault.New(fault.Refused, "allow the live version in the manifest's spec.chart.spec.version, or pass --allow-downgrade",
		"applying the HelmRelease of release %s: its version %q leaves out version %s, which is live", release, version, live)
}
