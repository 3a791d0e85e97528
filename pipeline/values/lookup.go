package values

import (
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Node is one value of the file, with its key. Places are where they are written: what comes through an
// alias or a merge is at its anchor.
type Node struct {
	Path  string // for example fleetConfig.spokes[0].ociRegistry.endpoint
	file  *File
	key   *syntax.Node // nil for an item of a list and for the values themselves
	node  *syntax.Node // as written: perhaps an alias
	alias *syntax.Node // the alias or << through which the path led here first, if any
}

// Root is the values themselves; false if the file has none.
func (f *File) Root() (Node, bool) {
	if f.root == nil {
		return Node{}, false
	}
	n := Node{file: f, node: f.root}
	if f.root.Kind == syntax.Alias {
		n.alias = f.root
	}
	return n, true
}

// Lookup finds a value by its path of string keys and int indexes, for example
// Lookup("fleetConfig", "spokes", 0, "ociRegistry"). It goes through aliases and merges, as Helm does.
func (f *File) Lookup(path ...any) (Node, bool) {
	n, ok := f.Root()
	for _, step := range path {
		if !ok {
			return Node{}, false
		}
		n, ok = n.step(step)
	}
	return n, ok
}

// Lookup goes on from a node.
func (n Node) Lookup(path ...any) (Node, bool) {
	for _, step := range path {
		var ok bool
		if n, ok = n.step(step); !ok {
			return Node{}, false
		}
	}
	return n, true
}

func (n Node) step(step any) (Node, bool) {
	at := n.node.Resolved()
	switch s := step.(type) {
	case string:
		key, value, in := find(at, s)
		if value == nil || at.Kind != syntax.Mapping {
			return Node{}, false
		}
		next := Node{Path: join(n.Path, s), file: n.file, key: key, node: value, alias: n.alias}
		if next.alias == nil && in != at {
			next.alias = key
			if m := merge(at); m != nil {
				next.alias = m
			}
		}
		if next.alias == nil && value.Kind == syntax.Alias {
			next.alias = value
		}
		return next, true
	case int:
		if at.Kind != syntax.Sequence || s < 0 || s >= len(at.Children) {
			return Node{}, false
		}
		next := Node{Path: fmt.Sprintf("%s[%d]", n.Path, s), file: n.file, node: at.Children[s], alias: n.alias}
		if next.alias == nil && next.node.Kind == syntax.Alias {
			next.alias = next.node
		}
		return next, true
	}
	return Node{}, false
}

// merge finds the first << of a mapping.
func merge(n *syntax.Node) *syntax.Node {
	for i := 0; i+1 < len(n.Children); i += 2 {
		if n.Children[i].IsMerge() {
			return n.Children[i]
		}
	}
	return nil
}

// Names are the keys that are written in a mapping.
func (n Node) Names() []string {
	r := n.node.Resolved()
	if r.Kind != syntax.Mapping {
		return nil
	}
	names := make([]string, 0, len(r.Children)/2)
	for i := 0; i+1 < len(r.Children); i += 2 {
		if key := r.Children[i]; !key.IsMerge() {
			names = append(names, key.Value)
		}
	}
	return names
}

// Key is where the key is; for an item of a list, where the item is.
func (n Node) Key() report.Place {
	if n.key == nil {
		return n.Place()
	}
	return n.file.place(n.key.Start, n.key.End, n.Path)
}

// Place is where the value is written; for an alias that is the alias.
func (n Node) Place() report.Place { return n.file.place(n.node.Start, n.node.End, n.Path) }

// Aliased reports whether the path led through an alias or a merge, and where the first one is.
func (n Node) Aliased() (report.Place, bool) {
	if n.alias == nil {
		return report.Place{}, false
	}
	return n.file.place(n.alias.Start, n.alias.End, n.Path), true
}

// Unused reports whether the value has an anchor for which no alias of the document stands.
func (n Node) Unused() bool { return n.node.Anchor() != "" && len(n.file.uses.aliases[n.node]) == 0 }

// Line is the source line on which the key (or item) begins, with secrets masked.
func (n Node) Line() string { return n.file.Masked(n.Key().Line) }

// Value decodes the node as Helm does: nil, bool, float64, string, []any or map[string]any.
func (n Node) Value() any { return value(n.node) }

// Text is the value if it is a string, and "" otherwise.
func (n Node) Text() string {
	text, _ := n.scalar().(string)
	return text
}

func (n Node) scalar() any {
	if r := n.node.Resolved(); r.Kind == syntax.Scalar {
		return scalar(r)
	}
	return nil
}

// IsMapping reports whether the node is a mapping, perhaps through an alias.
func (n Node) IsMapping() bool { return n.node.Resolved().Kind == syntax.Mapping }

// IsList reports whether the node is a list, perhaps through an alias.
func (n Node) IsList() bool { return n.node.Resolved().Kind == syntax.Sequence }

// IsNull reports whether the value is null: written so, or not written.
func (n Node) IsNull() bool { return n.node.Resolved().IsNull() }

// Len is the number of a list's items, or of the keys written in a mapping; 0 for a scalar.
func (n Node) Len() int {
	switch r := n.node.Resolved(); r.Kind {
	case syntax.Mapping:
		return len(r.Children) / 2
	case syntax.Sequence:
		return len(r.Children)
	}
	return 0
}

// Each calls visit for every entry of a mapping or list in the order of the file, merges left out, until it
// returns false.
func (n Node) Each(visit func(Node) bool) {
	r := n.node.Resolved()
	switch r.Kind {
	case syntax.Mapping:
		for i := 0; i+1 < len(r.Children); i += 2 {
			key, value := r.Children[i], r.Children[i+1]
			if key.IsMerge() {
				continue
			}
			entry := Node{Path: join(n.Path, key.Value), file: n.file, key: key, node: value, alias: n.alias}
			if entry.alias == nil && value.Kind == syntax.Alias {
				entry.alias = value
			}
			if !visit(entry) {
				return
			}
		}
	case syntax.Sequence:
		for i := range r.Children {
			if item, _ := n.step(i); !visit(item) {
				return
			}
		}
	}
}

// isWord reports whether a key can stand in a path without quotes.
func isWord(key string) bool {
	for i := range len(key) {
		if c := key[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return false
		}
	}
	return key != ""
}

// join writes a path: a.b, or a["x.y/z"] when the key isn't a word.
func join(path, key string) string {
	switch {
	case !isWord(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}
