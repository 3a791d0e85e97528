package values

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// chooser looks for the values in a text.
type chooser struct {
	*fileText
	site
	layers  layers
	release *Release
	objects []manifest
	ignored []Credential // in values that count for nothing
}

// choose finds the document or object that holds the values, and the values in it.
func (c *chooser) choose() error {
	objects, others := manifests(c.stream)
	releases, applications := only(objects, manifest.isHelmRelease), only(objects, manifest.isApplication)
	switch {
	case len(releases) > 0:
		m, err := c.onlyMural("HelmReleases", releases, releaseNames)
		if err != nil {
			return err
		}
		return c.chooseRelease(m, objects)
	case len(applications) > 0:
		m, err := c.onlyMural("Applications", applications, applicationNames)
		if err != nil {
			return err
		}
		return c.chooseApplication(m, objects)
	case len(objects) > 0:
		return c.noValues(objects)
	case len(others) > 1:
		return c.at(others[1].Root, "keep the values in one document", "a second document begins here; Helm reads only the first")
	case len(others) == 1:
		return c.choosePlain(others[0])
	}
	c.kind = Plain
	if len(c.stream.Documents) > 0 {
		c.document = &c.stream.Documents[0]
	}
	return nil
}

func only(objects []manifest, is func(manifest) bool) []manifest {
	return slices.DeleteFunc(slices.Clone(objects), func(m manifest) bool { return !is(m) })
}

// noValues is the error for a file with manifests none of which holds the chart's values.
func (c *chooser) noValues(objects []manifest) error {
	if m := only(objects, manifest.isKustomization); len(m) > 0 {
		return c.at(m[0].root, "give the manifest of the HelmRelease, or the patch in a file of its own", "this is a Kustomization: no HelmRelease is in it, only patches or resources")
	}
	if len(objects) == 1 {
		return c.at(objects[0].root, "give the chart's values, or the HelmRelease manifest that holds them", "this is a manifest of kind %q, neither values nor a HelmRelease", objects[0].kind)
	}
	var kinds []string
	for _, m := range objects {
		if !slices.Contains(kinds, m.kind) {
			kinds = append(kinds, m.kind)
		}
	}
	return c.at(objects[0].root, "give the manifest of the HelmRelease of mural, or the chart's values",
		"no HelmRelease is in it: it holds %d manifests (%s)", len(objects), strings.Join(kinds, ", "))
}

func (c *chooser) choosePlain(d *syntax.Document) error {
	if first := items(d.Root); len(first) > 0 && child(first[0], "op") != nil && child(first[0], "path") != nil {
		return c.at(d.Root, "give the HelmRelease that it patches, or what kustomize build makes of it", "this is a JSON patch (RFC 6902), not values")
	}
	if releases := items(child(d.Root, "releases")); len(releases) > 0 && child(releases[0], "chart") != nil {
		return c.at(d.Root, "give the values file that the release of mural names in it", "this is a helmfile, not values")
	}
	if d.Root.Kind != syntax.Mapping {
		return c.at(d.Root, "give a file whose top level is a mapping", "the top level is a %s, not a mapping", d.Root.Kind)
	}
	c.kind, c.document, c.base, c.root = Plain, d, d.Root, d.Root
	return nil
}

// releaseNames are what a HelmRelease may be told by.
func releaseNames(m manifest) []string {
	spec := child(m.root, "spec")
	return []string{
		text(child(child(spec, "chartRef"), "name")), text(child(child(child(spec, "chart"), "spec"), "chart")), text(child(spec, "releaseName")), m.name(),
	}
}

// onlyMural picks the object of mural among several of a kind.
func (c *chooser) onlyMural(what string, objects []manifest, names func(manifest) []string) (manifest, error) {
	if len(objects) == 1 {
		return objects[0], nil
	}
	mural := only(objects, func(m manifest) bool { return slices.Contains(names(m), "mural") })
	if len(mural) == 1 {
		return mural[0], nil
	}
	var places []string
	for _, m := range objects {
		line, _ := c.stream.Position(m.root.Start)
		places = append(places, fmt.Sprintf("%q at line %d", m.name(), line))
	}
	return manifest{}, fault.New(fault.Usage, fmt.Sprintf("keep one %s of the chart mural in the file", strings.TrimSuffix(what, "s")),
		"parsing %q: which of the %s is PaletteAI's? %s", c.name, what, strings.Join(places, ", "))
}

func (c *chooser) chooseRelease(m manifest, objects []manifest) error {
	c.kind, c.document, c.base, c.basePath = HelmRelease, m.document, m.root, m.at
	c.rootKeys = []string{"spec", "values"}
	spec := child(m.root, "spec")
	if spec == nil || spec.Resolved().Kind != syntax.Mapping {
		return c.at(m.root, "write the HelmRelease's spec", "the HelmRelease has no spec")
	}
	if err := c.chooseRoot(); err != nil {
		return err
	}
	c.release = c.describe()
	c.objects = objects
	return nil
}

// chooseRoot finds the values below the object, at rootKeys.
func (c *chooser) chooseRoot() error {
	at := c.base
	for _, key := range c.rootKeys {
		at = child(at, key)
	}
	if at == nil || at.IsNull() {
		return nil
	}
	if at.Resolved().Kind != syntax.Mapping {
		path := strings.Join(c.rootKeys, ".")
		return c.at(at, "make "+path+" a mapping", "%s is a %s, not a mapping", path, at.Resolved().Kind)
	}
	c.root = at
	return nil
}
