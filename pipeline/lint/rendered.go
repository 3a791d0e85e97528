package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
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
func (v *view) withoutSecrets(text string) string {
	return secret.Text(secret.Known(append(secret.In(v.file.Merged()), secret.In(v.in.Chart.Values)...)).Replace(text))
}

// objects are the rendered manifests; nil without a chart, or where it can't be rendered.
func (v *view) objects() []chart.Manifest {
	if v.in.Chart == nil || v.rendered {
		return v.manifests
	}
	v.rendered = true
	name := v.in.Target.Release.Name
	if name == "" {
		name = target.DefaultRelease
	}
	v.manifests, v.unmade = chart.Render(v.in.Chart, v.file.Merged(), chart.Release{Name: name, Namespace: v.namespace(), KubeVersion: v.in.KubeVersion})
	return v.manifests
}

func manifests(v *view) error {
	objects := v.objects()
	if v.unmade != nil {
		v.add(report.Error, v.root.key(), "correct the values that the message names", "the chart can't be rendered: %s", v.withoutSecrets(strings.Join(strings.Fields(v.unmade.Error()), " ")))
		return nil
	}
	for _, o := range objects {
		switch o.Object.GetKind() {
		case "Secret":
			v.nullsIn(o)
		case "StatefulSet":
			if service, _, _ := unstructured.NestedString(o.Object.Object, "spec", "serviceName"); service == "" {
				place := v.root.sub("zot").key()
				place.Object = o.Name()
				v.add(report.Warning, place, "take a version of the chart that sets it, or a post-renderer; it can't be changed on an existing StatefulSet", "%s has no serviceName (%s)", o.Name(), o.Source)
			}
		}
	}
	return nil
}

func (v *view) nullsIn(o chart.Manifest) {
	data, _, _ := unstructured.NestedMap(o.Object.Object, "stringData")
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if data[key] != nil {
			continue
		}
		place := v.settingsOf(o).key()
		place.Object = o.Name()
		v.add(report.Error, place, "take a version of the chart without this defect, or write \"\" there with a post-renderer",
			"%s gets null under stringData.%s (%s)", o.Name(), key, o.Source)
	}
}

// settingsOf guesses by names which registry's settings an object was made of.
func (v *view) settingsOf(o chart.Manifest) setting {
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
func (v *view) images() []string {
	seen := map[string]bool{}
	for _, o := range v.objects() {
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
