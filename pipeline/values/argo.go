package values

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/strvals"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// applicationNames are what an Argo CD Application may be told by.
func applicationNames(m manifest) []string {
	names := []string{m.name()}
	for _, source := range sourcesOf(m) {
		names = append(names, source.names()...)
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

// source is one of an Application's sources.
type source struct {
	node *syntax.Node
	at   []any // where it is in its document
}

// sourcesOf are the sources of an Application: one, or several.
func sourcesOf(m manifest) []source {
	at := append(slices.Clone(m.at), "spec")
	if m.kind == "ApplicationSet" {
		at = append(at, "template", "spec")
	}
	spec := applicationSpec(m)
	if one := child(spec, "source"); one != nil && !one.IsNull() {
		return []source{{one, append(at, "source")}}
	}
	var all []source
	for i, item := range items(child(spec, "sources")) {
		all = append(all, source{item, append(slices.Clone(at), "sources", i)})
	}
	return all
}

// names are what a source may be told by: the chart, its directory in Git, the release.
func (s source) names() []string {
	return []string{text(child(s.node, "chart")), path.Base(text(child(s.node, "path"))), text(child(child(s.node, "helm"), "releaseName"))}
}

// sourceOf picks the source of mural among several: the one that is named so, or else the only one with values.
func (c *chooser) sourceOf(m manifest) (source, error) {
	all := slices.DeleteFunc(sourcesOf(m), func(s source) bool { return s.node.Resolved().Kind != syntax.Mapping })
	for _, is := range []func(source) bool{
		func(s source) bool { return slices.Contains(s.names(), "mural") },
		func(s source) bool { return child(s.node, "helm") != nil },
		func(source) bool { return true },
	} {
		switch found := slices.DeleteFunc(slices.Clone(all), func(s source) bool { return !is(s) }); {
		case len(found) == 1:
			return found[0], nil
		case len(found) > 1:
			line, _ := c.stream.Position(found[1].node.Start)
			return source{}, c.at(found[0].node, "write chart: mural, or helm.releaseName: mural, into the one that it is", "which of the sources is PaletteAI's? another one that may be is at line %d", line)
		}
	}
	return source{}, c.at(m.root, "write spec.source, with the chart mural", "the %s has no source", m.kind)
}

// chooseApplication finds the values in Argo CD's manifest: helm.valuesObject, or the text helm.values, which counts
// only without it (argo-cd docs/user-guide/helm.md). helm.parameters win over both, helm.valueFiles are beneath.
func (c *chooser) chooseApplication(m manifest, objects []manifest) error {
	source, err := c.sourceOf(m)
	if err != nil {
		return err
	}
	helm := child(source.node, "helm")
	layers, err := c.applicationLayers(helm)
	if err != nil {
		return err
	}
	if patch := child(child(m.root, "spec"), "templatePatch"); text(patch) != "" {
		layers = append(layers, Layer{Name: "the templatePatch", Unseen: true, Above: true, Place: c.place(patch.Start, patch.Start, "spec.templatePatch")})
	}
	layers = append(layers, c.generatorLayers(child(child(m.root, "spec"), "generators"))...)
	object, written := child(helm, "valuesObject"), child(helm, "values")
	if (object == nil || object.IsNull()) && text(written) != "" {
		if err := c.embed(written.Resolved(), c.asBlock(m, source, helm)); err != nil {
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
	c.ignored = c.unused(written)
	c.kind, c.document, c.layers, c.objects = Application, m.document, layers, objects
	c.base, c.basePath, c.rootKeys = m.root, m.at, nil
	for i, step := range source.at[len(m.at):] {
		if key, ok := step.(string); ok {
			c.rootKeys = append(c.rootKeys, key)
			continue
		}
		c.base, c.basePath, c.rootKeys = source.node, source.at[:len(m.at)+i+1], nil // an item of a list
	}
	c.rootKeys = append(c.rootKeys, "helm", "valuesObject")
	return c.chooseRoot()
}

// asBlock says how the text helm.values is made a block that can be edited in place: its value stays.
func (c *chooser) asBlock(m manifest, s source, helm *syntax.Node) string {
	if helm.Resolved().Style == syntax.Flow || s.node.Resolved().Style == syntax.Flow {
		return "write helm.values as a block that begins with |, for which the mappings around it must be written without braces; or write helm.valuesObject"
	}
	var path strings.Builder
	for _, step := range append(slices.Clone(s.at), "helm", "values") {
		if key, ok := step.(string); ok {
			path.WriteString("." + key)
		} else {
			fmt.Fprintf(&path, "[%d]", step)
		}
	}
	expression := path.String()
	for i := range c.stream.Documents {
		if len(c.stream.Documents) > 1 && &c.stream.Documents[i] == m.document {
			expression = fmt.Sprintf("(select(di == %d) | %s)", i, expression)
		}
	}
	return fmt.Sprintf(`write them as a block that begins with |, which is the same value: yq -i '%s style="literal"' %s (yq 4); or write helm.valuesObject`, expression, c.name)
}

// unused are the credentials in the text helm.values, which counts for nothing beside valuesObject: nobody reads it, and
// everybody can.
func (c *chooser) unused(written *syntax.Node) []Credential {
	var inner map[string]any
	if written == nil || yaml.Unmarshal([]byte(text(written)), &inner) != nil || len(secret.In(inner)) == 0 {
		return nil
	}
	place := c.place(written.Start, written.Start, "helm.values")
	return []Credential{{Place: place, Login: true, Ignored: true}}
}

// generatorLayers are the templates that generators lay over the ApplicationSet's own, at any depth of matrix and merge
// (argo-cd docs/operator-manual/applicationset/Template.md).
func (c *chooser) generatorLayers(generators *syntax.Node) []Layer {
	var layers []Layer
	for _, generator := range items(generators) {
		r := generator.Resolved()
		for i := 0; r.Kind == syntax.Mapping && i+1 < len(r.Children); i += 2 {
			if template := child(child(r.Children[i+1], "template"), "spec"); template != nil {
				layers = append(layers, Layer{Name: "the template of a generator", Unseen: true, Above: true, Place: c.place(template.Start, template.Start, "spec.generators")})
			}
			layers = append(layers, c.generatorLayers(child(r.Children[i+1], "generators"))...)
		}
	}
	return layers
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
