package deploy

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Back returns the release to exactly the chart of an earlier revision, with o.Values: also to one that was changed
// locally. Where Helm's history has a revision of that chart with these values, its manifests are applied as they
// were. Otherwise the chart is needed: Helm stores one without its subcharts, so o.Chart, or what Release.Chart and the
// revision's version lead to, is compared with what is stored and refused when it is another. CRDs stay unless o.CRDs
// is set. The Result is never nil.
func Back(ctx context.Context, c *cluster.Cluster, o Options, revision int) (*Result, error) {
	o = o.undoing()
	h, err := newHelm(c, o)
	if err != nil {
		return &Result{}, err
	}
	return back(ctx, c, h, o, revision)
}

// CheckBack finds out, without a write, whether Back can do its work: whether the chart that it needs can be loaded
// and is that of the revision.
func CheckBack(ctx context.Context, c *cluster.Cluster, o Options, revision int) error {
	o = o.undoing()
	h, err := newHelm(c, o)
	if err != nil {
		return err
	}
	_, err = h.wayBack(ctx, o, revision)
	return err
}

// HasRevision reports whether Helm's history still has a revision with just these values: after somebody installed the
// release again its revisions count from one again.
func HasRevision(_ context.Context, c *cluster.Cluster, o Options, revision int, values map[string]any) (bool, error) {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return false, err
	}
	return h.hasRevision(revision, values)
}

func (h *records) hasRevision(revision int, values map[string]any) (bool, error) {
	history, err := h.history(h.options.Release.Name)
	if err != nil {
		return false, err
	}
	found, err := h.find(history, revision)
	return err == nil && equalValues(found.Config, values), nil //nolint:nilerr // that it is gone is the answer
}

// returning is how a release goes back to the chart of an earlier revision: one of the two.
type returning struct {
	newest int
	to     *release.Release // whose manifests are applied as they were
	chart  *helmchart.Chart
}

func (h *records) wayBack(ctx context.Context, o Options, revision int) (returning, error) {
	history, err := h.history(o.Release.Name)
	if err != nil {
		return returning{}, err
	}
	before, err := h.find(history, revision)
	if err != nil {
		return returning{}, err
	}
	way := returning{newest: history[len(history)-1].Version}
	if o.CRDs == nil {
		way.to = exact(history, before, o.Values)
	}
	if way.to == nil {
		way.chart, err = h.chartOf(ctx, before, o)
	}
	return way, err
}

func back(ctx context.Context, c *cluster.Cluster, h *helm, o Options, revision int) (*Result, error) {
	if err := h.usable(o.Release.Name); err != nil {
		return &Result{}, err
	}
	way, err := h.wayBack(ctx, o, revision)
	if err != nil {
		return &Result{}, err
	}
	if way.to == nil {
		o.Chart = way.chart
		return run(ctx, c, h, o)
	}
	if err := undo(ctx, c, h, o, way.to.Version); err != nil {
		return &Result{}, err
	}
	last, err := h.last(o.Release.Name)
	if err != nil || last == nil {
		return &Result{}, err
	}
	switched, err := since(ctx, c, o)
	return &Result{Changed: last.Version != way.newest, Revision: last.Version, PreviousRevision: way.newest, SwitchedAt: switched}, err
}

// exact is the newest good revision of the same chart with just these values; nil when there is none.
func exact(history []*release.Release, before *release.Release, values map[string]any) *release.Release {
	for _, r := range slices.Backward(history) {
		good := r.Info.Status == release.StatusDeployed || r.Info.Status == release.StatusSuperseded
		// What a subchart was changed to is only seen in the manifests: so it must be before itself, or one that an
		// unchanged chart made.
		if good && equalValues(r.Config, values) && (r.Version == before.Version || sameStored(r.Chart, before.Chart) && r.Chart.Metadata.Version == before.Chart.Metadata.Version && r.Manifest == before.Manifest) {
			return r
		}
	}
	return nil
}

// sameStored compares what Helm stores of a chart as it is: its templates and schema. Default values are stored with
// those of subcharts merged in, which depend on the release's own; what they make is compared by differs.
func sameStored(a, b *helmchart.Chart) bool {
	return a != nil && b != nil && reflect.DeepEqual(templates(a), templates(b)) && bytes.Equal(a.Schema, b.Schema)
}

// chartOf returns the chart of a revision.
func (h *records) chartOf(ctx context.Context, r *release.Release, o Options) (*helmchart.Chart, error) {
	if len(r.Chart.Metadata.Dependencies) == 0 {
		return r.Chart, nil // then what is stored is whole
	}
	candidate := o.Chart
	if candidate == nil {
		var err error
		if candidate, err = chart.Load(ctx, o.Release.Chart, r.Chart.Metadata.Version, chart.Options{HTTPClient: o.HTTPClient, Digest: o.ChartDigest}); err != nil {
			return nil, fault.New(fault.CodeOf(err), fmt.Sprintf("check the network, or give the chart that the release had, version %s, with --chart, as a directory or .tgz", r.Chart.Metadata.Version), "%w", err)
		}
	}
	if why := h.differs(candidate, r); why != "" {
		return nil, fault.New(fault.Refused,
			fmt.Sprintf("give the chart that revision %d was made with, with --chart; or give up what was changed in the values since, with --discard-changes: then Helm's own record of that revision is applied", r.Version),
			"going back to the chart of revision %d of release %s/%s on cluster %q: chart %s %s is another one: %s", r.Version, h.namespace, r.Name, h.cluster.Name, candidate.Name(), candidate.Metadata.Version, why)
	}
	return candidate, nil
}

// differs says how a chart differs from that of a revision; empty is not at all. Subcharts are compared by what they
// make of the revision's values, apart from Secrets, whose content may be random or kept from before.
func (h *records) differs(candidate *helmchart.Chart, r *release.Release) string {
	if !chart.SameVersion(candidate.Metadata.Version, r.Chart.Metadata.Version) {
		return "the version was " + r.Chart.Metadata.Version
	}
	if !sameStored(candidate, r.Chart) {
		return "its templates or schema are not those that Helm has stored"
	}
	version := ""
	if h.config.Capabilities != nil {
		version = h.config.Capabilities.KubeVersion.Version
	}
	made, err := chart.Render(candidate, r.Config, chart.Release{Name: r.Name, Namespace: r.Namespace, KubeVersion: version})
	if err != nil {
		return err.Error()
	}
	had, err := chart.Objects(r)
	if err != nil {
		return err.Error()
	}
	left, right := bodies(had), bodies(made)
	for _, name := range slices.Sorted(keysOf(left)) {
		switch body, ok := right[name]; {
		case !ok:
			return "it makes no " + name
		case !reflect.DeepEqual(left[name], body):
			return "it makes another " + name
		}
	}
	for _, name := range slices.Sorted(keysOf(right)) {
		if _, ok := left[name]; !ok {
			return "it makes one more " + name
		}
	}
	return ""
}

func keysOf(m map[string]map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// checksums of Secrets differ with them.
const checksum = "checksum/"

// bodies are objects by name, without what differs from one rendering to the next.
func bodies(manifests []chart.Manifest) map[string]map[string]any {
	all := map[string]map[string]any{}
	for _, m := range manifests {
		o := m.Object.DeepCopy()
		if o.GetKind() == "Secret" {
			delete(o.Object, "data")
			delete(o.Object, "stringData")
		}
		labels := o.GetLabels()
		delete(labels, helmReleaseName) // helm-controller adds them after rendering
		delete(labels, helmReleaseNamespace)
		if len(labels) == 0 {
			labels = nil
		}
		o.SetLabels(labels)
		if annotations, ok, _ := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "annotations"); ok {
			for key := range annotations {
				if strings.HasPrefix(key, checksum) {
					delete(annotations, key)
				}
			}
			_ = unstructured.SetNestedStringMap(o.Object, annotations, "spec", "template", "metadata", "annotations")
		}
		all[m.Name()] = plain(o.Object).(map[string]any) //nolint:forcetypeassert // a map through JSON is one
	}
	return all
}

// sameCRDs compares charts of CRDs. What is in crds/ is in no manifest.
func sameCRDs(a, b *helmchart.Chart) bool {
	files := func(c *helmchart.Chart) (all []string) {
		for _, crd := range c.CRDObjects() {
			all = append(all, string(crd.File.Data))
		}
		return all
	}
	return sameStored(a, b) && a.Metadata.Version == b.Metadata.Version && slices.Equal(files(a), files(b))
}

// CRDsRevision returns the newest revision of the CRDs' release; zero when there is none.
func CRDsRevision(_ context.Context, c *cluster.Cluster, o Options) (int, error) {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return 0, err
	}
	last, err := h.last(CRDsRelease)
	if err != nil || last == nil {
		return 0, err
	}
	return last.Version, nil
}

// BackCRDs takes the CRDs' release back to an earlier revision, and applies the CRDs that its chart had. Older CRDs can
// lose what newer ones have stored: only on request.
func BackCRDs(ctx context.Context, c *cluster.Cluster, o Options, revision int) error {
	o = o.undoing()
	o.Release.Name = CRDsRelease
	h, err := newHelm(c, o)
	if err != nil {
		return err
	}
	return backCRDs(ctx, c, h, revision)
}

func backCRDs(ctx context.Context, c *cluster.Cluster, h *helm, revision int) error {
	if err := h.usable(CRDsRelease); err != nil {
		return err
	}
	history, err := h.history(CRDsRelease)
	if err != nil {
		return err
	}
	before, err := h.find(history, revision)
	if err != nil || isThere(history[len(history)-1], before) && sameCRDs(history[len(history)-1].Chart, before.Chart) {
		return err
	}
	if err := h.rollback(ctx, before); err != nil {
		return err
	}
	return h.applyFiles(ctx, c, before.Chart)
}
