package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// renderedRules are about the manifests that Helm makes of the values.
func renderedRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: "L23", Severity: report.Error,
			Title:  "Manifests that Helm makes of the values are flawed",
			Why:    "A null in a Secret's stringData, which mural 1.1.0-rc.0 makes of every unset Secret name and so of a removed basicAuth, is refused, or leaves the old value in place on an upgrade; a StatefulSet without serviceName is refused by API servers that validate it.",
			Source: "blik616287/palette_ai_instance internal/postrender/fixnil.go; project-zot/helm-charts#125",
			Fix:    "take a version of the chart without the defect, or a post-renderer that writes \"\" in place of null",
		},
		check: manifests,
	}}
}

// withoutSecrets hides what the values and the chart's defaults have of secrets in what Helm says.
func withoutSecrets(v *view, text string) string {
	return secret.Text(secret.Known(append(secret.Everywhere(v.file.Merged()), secret.Everywhere(v.in.Chart.Values)...)).Replace(text))
}

// render makes the manifests of the chart and the values.
func (v *view) render() ([]chart.Manifest, error) {
	if v.in.Chart == nil {
		return nil, nil
	}
	release := chart.Release{Name: cmp.Or(v.in.Target.Release.Name, target.DefaultRelease), Namespace: v.namespace(), KubeVersion: v.in.KubeVersion}
	return chart.Render(v.in.Chart, v.file.Merged(), release)
}

func manifests(v *view) error {
	objects, err := v.manifests()
	if err != nil {
		severity := report.Error
		if v.mayHide() { // the chart was given the text of what is hidden
			severity = report.Warning
		}
		v.add(severity, v.root.key(), "correct the values that the message names", "the chart can't be rendered: %s", withoutSecrets(v, strings.Join(strings.Fields(err.Error()), " ")))
		return nil
	}
	for _, o := range objects {
		switch o.Object.GetKind() {
		case "Secret":
			nullsIn(v, o)
		case "StatefulSet":
			if service, _, _ := unstructured.NestedString(o.Object.Object, "spec", "serviceName"); service == "" {
				place := v.root.sub(mural.Zot).key()
				place.Object = o.Name()
				v.add(report.Warning, place, "take a version of the chart that sets it, or a post-renderer; it can't be changed on an existing StatefulSet", "%s has no serviceName (%s)", o.Name(), o.Source)
			}
		}
	}
	return nil
}

func nullsIn(v *view, o chart.Manifest) {
	data, _, _ := unstructured.NestedMap(o.Object.Object, "stringData")
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if data[key] != nil {
			continue
		}
		place := settingsOf(v, o).key()
		place.Object = o.Name()
		v.add(report.Error, place, "take a version of the chart without this defect, or write \"\" there with a post-renderer",
			"%s gets null under stringData.%s (%s)", o.Name(), key, o.Source)
	}
}

// settingsOf guesses by names which registry's settings an object was made of.
func settingsOf(v *view, o chart.Manifest) setting {
	name := o.Object.GetName()
	labels := o.Object.GetLabels()
	for i := range v.spokes {
		s := &v.spokes[i]
		if s.name != "" && (strings.HasPrefix(name, s.name+"-") || slices.Contains(slices.Collect(maps.Values(labels)), s.name)) {
			return s.at
		}
	}
	return v.hub.at
}

// images are those of the rendered pods, each once, in order.
func images(v *view) []string {
	seen := map[string]bool{}
	objects, _ := v.manifests() // L23 says why there are none
	for _, o := range objects {
		for _, list := range []string{"containers", "initContainers"} {
			containers, _, _ := unstructured.NestedSlice(o.Object.Object, "spec", "template", "spec", list)
			for _, c := range containers {
				if m, ok := c.(map[string]any); ok && m["image"] != nil {
					seen[fmt.Sprint(m["image"])] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
