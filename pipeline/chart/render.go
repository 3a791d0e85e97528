package chart

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Release is what templates can see of the release that they are rendered for.
type Release struct {
	Name        string
	Namespace   string
	KubeVersion string // for example v1.34.4; empty is OldestKubernetes
}

// OldestKubernetes is the oldest version that PaletteAI runs on, by its vendor's installation guides. Where there
// is no cluster to ask, charts are rendered for it: the Helm SDK would say 1.20, which the chart refuses.
const OldestKubernetes = "v1.31.0"

// Manifest is one Kubernetes object that a chart makes.
type Manifest struct {
	Source string // the template, for example mural/charts/hue/templates/secret.yaml
	Object *unstructured.Unstructured
}

// Name is kind and name, as people write it: Secret mural-system/hue-oci-registry.
func (m Manifest) Name() string {
	name := m.Object.GetName()
	if namespace := m.Object.GetNamespace(); namespace != "" {
		name = namespace + "/" + name
	}
	return m.Object.GetKind() + " " + name
}

// Defaults returns the chart's own default values: those of its subcharts merged in where its conditions
// keep them, overrides of the parent applied, nulls resolved, as a release without any user values has them.
func Defaults(c *chart.Chart) (map[string]any, error) {
	return Merged(c, nil)
}

// Merged returns what templates see as .Values for a user's values.
func Merged(c *chart.Chart, values map[string]any) (map[string]any, error) {
	quiet()
	values, err := Normal(values)
	if err != nil {
		return nil, err
	}
	copied := Clone(c)
	if err := chartutil.ProcessDependenciesWithMerge(copied, values); err != nil {
		return nil, fmt.Errorf("merging the values of chart %q: %w", c.Name(), err)
	}
	merged, err := chartutil.CoalesceValues(copied, values)
	if err != nil {
		return nil, fmt.Errorf("merging the values of chart %q: %w", c.Name(), err)
	}
	return merged, nil
}

// Normal returns values with the types that `helm --values` has (numbers are float64, as from JSON), so
// that templates print them alike, and so that they compare equal with those that a release stored.
func Normal(values map[string]any) (map[string]any, error) {
	data, err := yaml.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encoding the values: %w", err)
	}
	normal := map[string]any{}
	if err := yaml.Unmarshal(data, &normal); err != nil {
		return nil, fmt.Errorf("decoding the values: %w", err)
	}
	return normal, nil
}

// Render makes the manifests of a chart with a user's values as an upgrade would, hooks included, on this
// machine alone: `lookup` finds nothing. The chart and the values are left as they were. An error names
// the template that failed.
func Render(c *chart.Chart, values map[string]any, r Release) ([]Manifest, error) {
	quiet()
	values, err := Normal(values)
	if err != nil {
		return nil, err
	}
	install := action.NewInstall(&action.Configuration{
		KubeClient: &kubefake.PrintingKubeClient{Out: io.Discard},
		Log:        func(string, ...any) {},
	})
	install.ClientOnly = true
	install.DryRun = true
	install.IsUpgrade = true
	install.ReleaseName = r.Name
	install.Namespace = r.Namespace
	if r.KubeVersion == "" {
		r.KubeVersion = OldestKubernetes
	}
	if install.KubeVersion, err = kubernetes(r.KubeVersion); err != nil {
		return nil, err
	}
	rendered, err := install.Run(Clone(c), values)
	if err != nil {
		return nil, fault.New(fault.Failed, "correct the values that the template or the chart's schema names", "rendering chart %q: %w", c.Name(), err)
	}
	return Objects(rendered)
}

// Objects takes apart the manifest of a release, in the order of the document, and its hooks.
func Objects(rendered *release.Release) ([]Manifest, error) {
	documents := releaseutil.SplitManifests(rendered.Manifest)
	keys := make([]string, 0, len(documents))
	for key := range documents {
		keys = append(keys, key)
	}
	sort.Sort(releaseutil.BySplitManifestsOrder(keys))
	var manifests []Manifest
	for _, key := range keys {
		// Helm's splitting trims each document, and the last line of a block scalar would lose its end.
		more, err := parse(source(documents[key]), documents[key]+"\n")
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, more...)
	}
	for _, hook := range rendered.Hooks {
		more, err := parse(hook.Path, hook.Manifest)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, more...)
	}
	return manifests, nil
}

func source(document string) string {
	for line := range strings.Lines(document) {
		if path, found := strings.CutPrefix(line, "# Source: "); found {
			return strings.TrimSpace(path)
		}
	}
	return ""
}

func parse(source, document string) ([]Manifest, error) {
	data, err := yaml.YAMLToJSON([]byte(document))
	if err != nil {
		return nil, fmt.Errorf("parsing the manifest of template %q: %w", source, err)
	}
	if slices.Equal(data, []byte("null")) {
		return nil, nil
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(data); err != nil {
		return nil, fmt.Errorf("parsing the manifest of template %q: %w", source, err)
	}
	if !object.IsList() {
		return []Manifest{{Source: source, Object: object}}, nil
	}
	var manifests []Manifest
	err = object.EachListItem(func(item runtime.Object) error {
		if one, ok := item.(*unstructured.Unstructured); ok {
			manifests = append(manifests, Manifest{Source: source, Object: one})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("parsing the list of template %q: %w", source, err)
	}
	return manifests, nil
}

// CheckKubernetes refuses, as wrong use, what is no version of Kubernetes; "" is none that was given.
func CheckKubernetes(version string) error {
	if version == "" {
		return nil
	}
	_, err := kubernetes(version)
	return err
}

func kubernetes(version string) (*chartutil.KubeVersion, error) {
	parsed, err := chartutil.ParseKubeVersion(version)
	if err != nil {
		return nil, fault.New(fault.Usage, "give one as 1.34.1", "parsing Kubernetes version %q: it is none", version)
	}
	return parsed, nil
}
