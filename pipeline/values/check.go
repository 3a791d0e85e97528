package values

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// check refuses what is YAML but no values: what Helm can't decode, or reads in a way that this package
// doesn't.
func (f *File) check() error {
	if f.document == nil || f.document.Root == nil {
		return nil
	}
	if f.uses.bomb() {
		widest := f.uses.widest()
		return f.at(widest, "write the values out", "the aliases of &%s stand for too much: Helm refuses such a file", widest.Anchor())
	}
	for _, n := range f.stream.Nodes[f.document.First:] {
		if n.Start >= f.document.End {
			break
		}
		if err := f.checkNode(n); err != nil {
			return err
		}
	}
	if len(f.stream.Source) <= checkedSize {
		_, err := f.decode()
		return err
	}
	return nil
}

// checkNode refuses a node that Helm can't decode, or reads in another way.
func (t *fileText) checkNode(n *syntax.Node) error {
	if n.Tag() != "" && n.Tag() != "!!str" && (strings.HasPrefix(n.Tag(), "!!") || n.Tag() == "!") {
		fits := n.Tag() == "!!map" && n.Kind == syntax.Mapping || n.Tag() == "!!seq" && n.Kind == syntax.Sequence
		if !fits {
			name := "" // that of an unknown one may be text which lacks its quotes
			if slices.Contains(standardTags, n.Tag()) {
				name = n.Tag() + " "
			}
			return t.at(n, "remove the tag", "the tag %sisn't supported", name)
		}
	}
	switch n.Kind {
	case syntax.Scalar:
		if c := first(n.Value); n.Style == syntax.Plain && n.Tag() == "" && (c == '.' || c == '+' || c == '-') {
			switch strings.ToLower(strings.TrimLeft(n.Value, "+-")) {
			case ".inf", ".nan":
				return t.at(n, "put it in quotes, or write a number", "%s can't be passed to a chart", n.Value)
			}
		}
	case syntax.Mapping:
		for i := 0; i+1 < len(n.Children); i += 2 {
			key := n.Children[i]
			if key.Kind == syntax.Mapping && n.Style == syntax.Flow && strings.HasPrefix(t.stream.Source[n.Start:], template) {
				line, _ := t.stream.Position(n.Start)
				return fault.New(fault.Usage, "render the file that the template makes (helmfile template, or write-values), or put the expression in quotes",
					"parsing %q: line %d holds an expression in {{ }}: the file is a template, not YAML", t.name, line)
			}
			if key.Kind != syntax.Scalar {
				return t.at(key, "write the key out", "a key is a %s", key.Kind)
			}
			if key.IsNull() {
				return t.at(key, "put it in quotes, if it is meant as text", "a key is null")
			}
			if key.IsMerge() && !mergeable(n.Children[i+1]) {
				return t.at(n.Children[i+1], "merge an alias of a mapping, or a list of such", "<< needs a mapping")
			}
		}
	}
	return nil
}

// standardTags are YAML's own.
var standardTags = []string{"!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!binary", "!!timestamp", "!!set", "!!omap", "!!merge", "!!str"}

// mergeable reports whether a node may stand behind <<.
func mergeable(n *syntax.Node) bool {
	if n.Resolved().Kind == syntax.Mapping {
		return true
	}
	if n.Kind != syntax.Sequence || len(n.Children) == 0 {
		return false
	}
	for _, item := range n.Children {
		if item.Resolved().Kind != syntax.Mapping {
			return false
		}
	}
	return true
}

// checkedSize is up to which size, in bytes, a file is decoded by the library that Helm uses as soon as it is read:
// 15 ms at most. Above, that is done when it is merged, and what Render makes of it is decoded whatever its size.
const checkedSize = 256 << 10
