package values

import (
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Release is what a HelmRelease manifest says besides its values
// (fluxcd.io/flux/components/helm/helmreleases).
type Release struct {
	APIVersion      string
	Name            string
	Namespace       string         // of the HelmRelease; "" if the manifest has none
	ReleaseName     string         // of the Helm release, as written; "" means that Flux makes it from the others
	TargetNamespace string         // of the Helm release, if it isn't Namespace
	Chart           string         // spec.chart.spec.chart, or ""
	Version         string         // spec.chart.spec.version, or ""
	ChartRef        ChartRef       // spec.chartRef, or empty
	DependsOn       []string       // names, or namespace/name
	ValuesFrom      []ValuesSource // what is merged below the values and can't be seen in the file
	Suspend         bool
	Patch           bool         // it names no chart: a patch that Kustomize lays over the manifest that does
	Place           report.Place // of the document
}

// ChartRef names the source that the chart comes from.
type ChartRef struct{ Kind, Name, Namespace string }

// ValuesSource is a ConfigMap or Secret with further values.
type ValuesSource struct {
	Kind, Name, ValuesKey, TargetPath string
	Optional                          bool
	Literal                           bool // with TargetPath: the value is set as it is, as by --set-literal
	Place                             report.Place
}

// String names the source as kubectl does.
func (s ValuesSource) String() string { return s.Kind + "/" + s.Name }

// describe reads the manifest. What it doesn't find, or finds to be of another kind, is left empty: the API
// server will say so.
func (c *chooser) describe() *Release {
	root := c.base
	spec, chart := child(root, "spec"), child(child(child(root, "spec"), "chart"), "spec")
	ref := child(spec, "chartRef")
	r := &Release{
		APIVersion: text(child(root, "apiVersion")), Name: text(child(child(root, "metadata"), "name")), Namespace: text(child(child(root, "metadata"), "namespace")),
		ReleaseName: text(child(spec, "releaseName")), TargetNamespace: text(child(spec, "targetNamespace")),
		Suspend: isTrue(child(spec, "suspend")), Patch: chart == nil && ref == nil,
		Chart: text(child(chart, "chart")), Version: text(child(chart, "version")),
		ChartRef: ChartRef{Kind: text(child(ref, "kind")), Name: text(child(ref, "name")), Namespace: text(child(ref, "namespace"))},
		Place:    c.place(root.Start, root.End, ""),
	}
	for _, item := range items(child(spec, "dependsOn")) {
		name := text(child(item, "name"))
		if namespace := text(child(item, "namespace")); namespace != "" {
			name = namespace + "/" + name
		}
		r.DependsOn = append(r.DependsOn, name)
	}
	for i, item := range items(child(spec, "valuesFrom")) {
		r.ValuesFrom = append(r.ValuesFrom, ValuesSource{
			Kind: text(child(item, "kind")), Name: text(child(item, "name")), ValuesKey: text(child(item, "valuesKey")),
			TargetPath: text(child(item, "targetPath")), Optional: isTrue(child(item, "optional")), Literal: isTrue(child(item, "literal")),
			Place: c.place(item.Start, item.End, index("spec.valuesFrom", i)),
		})
	}
	return r
}

// items are a list's, through an alias; none of anything else.
func items(n *syntax.Node) []*syntax.Node {
	if n == nil || n.Resolved().Kind != syntax.Sequence {
		return nil
	}
	return n.Resolved().Children
}

func isTrue(n *syntax.Node) bool {
	return n != nil && n.Resolved().Kind == syntax.Scalar && scalar(n.Resolved()) == true
}
