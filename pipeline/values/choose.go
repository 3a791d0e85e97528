package values

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// choose finds the document or object that holds the values, and the values in it.
func (f *File) choose() error {
	objects, others := manifests(f.stream)
	releases, applications := only(objects, manifest.isHelmRelease), only(objects, manifest.isApplication)
	switch {
	case len(releases) > 0:
		m, err := f.onlyMural("HelmReleases", releases, releaseNames)
		if err != nil {
			return err
		}
		return f.chooseRelease(m, objects)
	case len(applications) > 0:
		m, err := f.onlyMural("Applications", applications, applicationNames)
		if err != nil {
			return err
		}
		return f.chooseApplication(m)
	case len(objects) > 0:
		return f.noValues(objects)
	case len(others) > 1:
		return f.at(others[1].Root, "keep the values in one document", "a second document begins here; Helm reads only the first")
	case len(others) == 1:
		return f.choosePlain(others[0])
	}
	f.kind = Plain
	if len(f.stream.Documents) > 0 {
		f.document = &f.stream.Documents[0]
	}
	return nil
}

func only(objects []manifest, is func(manifest) bool) []manifest {
	return slices.DeleteFunc(slices.Clone(objects), func(m manifest) bool { return !is(m) })
}

// noValues is the error for a file with manifests none of which holds the chart's values.
func (f *File) noValues(objects []manifest) error {
	if m := only(objects, manifest.isKustomization); len(m) > 0 {
		return f.at(m[0].root, "give the manifest of the HelmRelease, or the patch in a file of its own", "this is a Kustomization: no HelmRelease is in it, only patches or resources")
	}
	if len(objects) == 1 {
		return f.at(objects[0].root, "give the chart's values, or the HelmRelease manifest that holds them", "this is a manifest of kind %q, neither values nor a HelmRelease", objects[0].kind)
	}
	var kinds []string
	for _, m := range objects {
		if !slices.Contains(kinds, m.kind) {
			kinds = append(kinds, m.kind)
		}
	}
	return f.at(objects[0].root, "give the manifest of the HelmRelease of mural, or the chart's values",
		"no HelmRelease is in it: it holds %d manifests (%s)", len(objects), strings.Join(kinds, ", "))
}

func (f *File) choosePlain(d *syntax.Document) error {
	if d.Root.Kind != syntax.Mapping {
		return f.at(d.Root, "give a file whose top level is a mapping", "the top level is a %s, not a mapping", d.Root.Kind)
	}
	f.kind, f.document, f.base, f.root = Plain, d, d.Root, d.Root
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
func (f *File) onlyMural(what string, objects []manifest, names func(manifest) []string) (manifest, error) {
	if len(objects) == 1 {
		return objects[0], nil
	}
	mural := only(objects, func(m manifest) bool { return slices.Contains(names(m), "mural") })
	if len(mural) == 1 {
		return mural[0], nil
	}
	var places []string
	for _, m := range objects {
		line, _ := f.stream.Position(m.root.Start)
		places = append(places, fmt.Sprintf("%q at line %d", m.name(), line))
	}
	return manifest{}, fault.New(fault.Usage, fmt.Sprintf("keep one %s of the chart mural in the file", strings.TrimSuffix(what, "s")),
		"parsing %q: which of the %s is PaletteAI's? %s", f.name, what, strings.Join(places, ", "))
}

func (f *File) chooseRelease(m manifest, objects []manifest) error {
	f.kind, f.document, f.base, f.basePath = HelmRelease, m.document, m.root, m.at
	f.rootKeys = []string{"spec", "values"}
	spec := child(m.root, "spec")
	if spec == nil || spec.Resolved().Kind != syntax.Mapping {
		return f.at(m.root, "write the HelmRelease's spec", "the HelmRelease has no spec")
	}
	if err := f.chooseRoot(); err != nil {
		return err
	}
	f.release = f.describe()
	f.objects = objects
	return nil
}

// chooseRoot finds the values below the object, at rootKeys.
func (f *File) chooseRoot() error {
	at := f.base
	for _, key := range f.rootKeys {
		at = child(at, key)
	}
	if at == nil || at.IsNull() {
		return nil
	}
	if at.Resolved().Kind != syntax.Mapping {
		path := strings.Join(f.rootKeys, ".")
		return f.at(at, "make "+path+" a mapping", "%s is a %s, not a mapping", path, at.Resolved().Kind)
	}
	f.root = at
	return nil
}

// child finds the value of a key in a mapping, through aliases and merges, as Helm reads it; nil if there
// is none.
func child(n *syntax.Node, key string) *syntax.Node {
	_, value, _ := find(n, key)
	return value
}

// find is child with the mapping that the key is written in: n itself or one that is merged into it.
func find(n *syntax.Node, key string) (k, value, in *syntax.Node) {
	if n == nil {
		return nil, nil, nil
	}
	n = n.Resolved()
	switch n.Kind {
	case syntax.Sequence: // of merged mappings: the first that has the key counts
		for _, item := range n.Children {
			if k, v, in := find(item, key); v != nil {
				return k, v, in
			}
		}
	case syntax.Mapping:
		// The library that Helm uses lets the last of key and merge win.
		for i := len(n.Children) - 2; i >= 0; i -= 2 {
			k := n.Children[i]
			if k.IsMerge() {
				if k, v, in := find(n.Children[i+1], key); v != nil {
					return k, v, in
				}
			} else if k.Resolved().Value == key && k.Resolved().Kind == syntax.Scalar {
				return k, n.Children[i+1], n
			}
		}
	}
	return nil, nil, nil
}

// text is a scalar's text, "" for anything else.
func text(n *syntax.Node) string {
	if n == nil || n.Resolved().Kind != syntax.Scalar {
		return ""
	}
	return n.Resolved().Value
}
