package values

import (
	"fmt"

	"helm.sh/helm/v3/pkg/strvals"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// applicationNames are what an Argo CD Application may be told by.
func applicationNames(m manifest) []string {
	names := []string{m.name()}
	for _, source := range sourcesOf(m) {
		names = append(names, text(child(source, "chart")), text(child(child(source, "helm"), "releaseName")))
	}
	return names
}

// applicationSpec is the spec of an Application, or that of the template of an ApplicationSet.
func applicationSpec(m manifest) *syntax.Node {
	spec := child(m.root, "spec")
	if m.kind == "ApplicationSet" {
		spec = child(child(spec, "template"), "spec")
	}
	return spec
}

// sourcesOf are the sources of an Application: one, or several.
func sourcesOf(m manifest) []*syntax.Node {
	spec := applicationSpec(m)
	if source := child(spec, "source"); source != nil {
		return []*syntax.Node{source}
	}
	return items(child(spec, "sources"))
}

// chooseApplication finds the values in Argo CD's manifest: helm.valuesObject, or the text helm.values, which counts
// only without it (argo-cd docs/user-guide/helm.md). helm.parameters win over both, helm.valueFiles are beneath.
func (c *chooser) chooseApplication(m manifest) error {
	var source *syntax.Node
	for _, s := range sourcesOf(m) {
		if source == nil || child(s, "helm") != nil && (child(source, "helm") == nil || text(child(s, "chart")) == "mural") {
			source = s
		}
	}
	if source == nil || source.Resolved().Kind != syntax.Mapping {
		return c.at(m.root, "write spec.source, with the chart mural", "the %s has no source", m.kind)
	}
	helm := child(source, "helm")
	layers, err := c.applicationLayers(helm)
	if err != nil {
		return err
	}
	object, written := child(helm, "valuesObject"), child(helm, "values")
	if object == nil && text(written) != "" {
		if err := c.embed(written.Resolved()); err != nil {
			return err
		}
		_, others := manifests(c.stream)
		if len(others) != 1 {
			return c.at(m.root, "keep the values in one document", "helm.values holds no values, or more than one document")
		}
		if err := c.choosePlain(others[0]); err != nil {
			return err
		}
		c.kind, c.layers = Application, layers
		return nil
	}
	c.kind, c.document, c.base, c.rootKeys, c.layers = Application, m.document, m.root, []string{"spec"}, layers
	if m.kind == "ApplicationSet" {
		c.rootKeys = append(c.rootKeys, "template", "spec")
	}
	c.basePath = m.at
	if child(applicationSpec(m), "source") == nil {
		return c.at(source, "write the values as helm.values, a block that begins with |, or give the Application one source", "valuesObject in one of several sources isn't supported")
	}
	c.rootKeys = append(c.rootKeys, "source", "helm", "valuesObject")
	return c.chooseRoot()
}

// applicationLayers are what Argo CD merges with the values: files beneath them, parameters above.
func (c *chooser) applicationLayers(helm *syntax.Node) ([]Layer, error) {
	var layers []Layer
	for i, file := range items(child(helm, "valueFiles")) {
		layers = append(layers, Layer{Name: "the file " + text(file), Unseen: true, Place: c.place(file.Start, file.End, index("helm.valueFiles", i))})
	}
	for i, p := range items(child(helm, "parameters")) {
		name, value := text(child(p, "name")), child(p, "value")
		layer := Layer{Name: "the parameter " + name, TargetPath: name, Above: true, Place: c.place(p.Start, p.End, index("helm.parameters", i)), Values: map[string]any{}}
		parse := strvals.ParseInto
		if isTrue(child(p, "forceString")) {
			parse = strvals.ParseIntoString
		}
		if err := parse(fmt.Sprintf("%s=%s", name, text(value)), layer.Values); err != nil || name == "" {
			return nil, c.at(p, "correct its name or value", "helm.parameters[%d] can't be read as --set reads it", i)
		}
		layers = append(layers, layer)
	}
	for i, p := range items(child(helm, "fileParameters")) {
		layers = append(layers, Layer{Name: "the file parameter " + text(child(p, "name")), TargetPath: text(child(p, "name")), Unseen: true, Above: true, Place: c.place(p.Start, p.End, index("helm.fileParameters", i))})
	}
	return layers, nil
}
