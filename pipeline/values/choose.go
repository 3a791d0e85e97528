package values

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// choose finds the document that holds the values, and the values in it.
func (f *File) choose() error {
	var releases, others []*syntax.Document
	for i := range f.stream.Documents {
		d := &f.stream.Documents[i]
		if d.Root == nil || d.Root.IsNull() {
			continue
		}
		if isHelmRelease(d.Root) {
			releases = append(releases, d)
		} else {
			others = append(others, d)
		}
	}
	switch {
	case len(releases) > 0:
		d, err := f.onlyMural(releases)
		if err != nil {
			return err
		}
		return f.chooseRelease(d)
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

// isHelmRelease tells whether a document is a manifest for Flux's helm-controller.
func isHelmRelease(root *syntax.Node) bool {
	return text(child(root, "kind")) == "HelmRelease" && strings.HasPrefix(text(child(root, "apiVersion")), "helm.toolkit.fluxcd.io/")
}

func (f *File) choosePlain(d *syntax.Document) error {
	if d.Root.Kind != syntax.Mapping {
		return f.at(d.Root, "give a file whose top level is a mapping", "the top level is a %s, not a mapping", d.Root.Kind)
	}
	if kind := text(child(d.Root, "kind")); kind != "" && text(child(d.Root, "apiVersion")) != "" {
		return f.at(d.Root, "give the chart's values, or the HelmRelease manifest that holds them", "this is a manifest of kind %q, neither values nor a HelmRelease", kind)
	}
	f.kind, f.document, f.root = Plain, d, d.Root
	return nil
}

// onlyMural picks the release of mural among several.
func (f *File) onlyMural(releases []*syntax.Document) (*syntax.Document, error) {
	if len(releases) == 1 {
		return releases[0], nil
	}
	var mural []*syntax.Document
	for _, d := range releases {
		spec := child(d.Root, "spec")
		for _, name := range []string{
			text(child(child(spec, "chartRef"), "name")), text(child(child(child(spec, "chart"), "spec"), "chart")), text(child(spec, "releaseName")), text(child(child(d.Root, "metadata"), "name")),
		} {
			if name == "mural" {
				mural = append(mural, d)
				break
			}
		}
	}
	if len(mural) == 1 {
		return mural[0], nil
	}
	var places []string
	for _, d := range releases {
		line, _ := f.stream.Position(d.Root.Start)
		places = append(places, fmt.Sprintf("%q at line %d", text(child(child(d.Root, "metadata"), "name")), line))
	}
	return nil, fault.New(fault.Usage, "keep one HelmRelease of the chart mural in the file",
		"parsing %q: which of the HelmReleases is PaletteAI's? %s", f.name, strings.Join(places, ", "))
}

func (f *File) chooseRelease(d *syntax.Document) error {
	f.kind, f.document = HelmRelease, d
	f.rootKeys = []any{"spec", "values"}
	spec := child(d.Root, "spec")
	if spec == nil || spec.Resolved().Kind != syntax.Mapping {
		return f.at(d.Root, "write the HelmRelease's spec", "the HelmRelease has no spec")
	}
	if values := child(spec, "values"); values != nil && !values.IsNull() {
		if values.Resolved().Kind != syntax.Mapping {
			return f.at(values, "make spec.values a mapping", "spec.values is a %s, not a mapping", values.Resolved().Kind)
		}
		f.root = values
	}
	f.release = f.describe()
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
