package values

import (
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

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
