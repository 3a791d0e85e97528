package values

import (
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Join makes one of several files that Helm merges, the last winning key by key: the file that is edited, with the
// others as layers. Edit names it; empty is the last that has a registry setting.
func Join(files []*File, edit string) (*File, error) {
	at := len(files) - 1
	for i := len(files) - 1; i >= 0 && edit == ""; i-- {
		if hasRegistry(files[i]) {
			at = i
			break
		}
	}
	if edit != "" {
		at = slices.IndexFunc(files, func(f *File) bool { return f.name == edit })
	}
	if at < 0 {
		return nil, fault.New(fault.Usage, "name one of those that are given with --values", "reading --edit %q: it is not one of the files", edit)
	}
	joined := *files[at]
	for i, f := range files {
		if len(files) > 1 && f.kind != Plain {
			return nil, fault.New(fault.Usage, "give one manifest, or several values files", "reading %q: it is a manifest, and only values files are merged", f.name)
		}
		if i != at {
			joined.layers = append(joined.layers, Layer{Name: fmt.Sprintf("%q", f.name), Place: report.Place{File: f.name}, Values: f.Values(), Above: i > at, Logins: f.logins(), hidden: f.Secrets()})
		}
	}
	return &joined, nil
}

// logins are the places of the passwords of registries in a file.
func (f *File) logins() (places []report.Place) {
	root, ok := f.Root()
	if !ok {
		return nil
	}
	add := func(registry Node, ok bool) {
		if !ok {
			return
		}
		if password, ok := registry.Lookup(mural.BasicAuth, mural.Password); ok && password.Text() != "" {
			places = append(places, password.Place())
		}
	}
	hue, ok := lookup(root, mural.HueRegistry())
	add(hue, ok)
	if spokes, ok := lookup(root, mural.SpokeList()); ok && spokes.IsList() {
		for i := range spokes.Len() {
			registry, ok := spokes.Lookup(i, mural.OCIRegistry)
			add(registry, ok)
		}
	}
	return places
}

func lookup(n Node, path []string) (Node, bool) {
	for _, key := range path {
		var ok bool
		if n, ok = n.Lookup(key); !ok {
			return n, false
		}
	}
	return n, true
}

// hasRegistry reports whether the file says something of the registry.
func hasRegistry(f *File) bool {
	for _, path := range [][]string{mural.HueRegistry(), mural.SpokeList()} {
		root, ok := f.Root()
		if ok {
			_, ok = lookup(root, path)
		}
		if ok {
			return true
		}
	}
	return false
}
