package values

import (
	"fmt"
	"math"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// uses knows how often each node is part of the values: once, or more often through aliases and merges.
// It is empty for a file without aliases.
type uses struct {
	parents map[*syntax.Node]*syntax.Node
	aliases map[*syntax.Node][]*syntax.Node // of each anchored node
	counts  map[*syntax.Node]float64
	total   float64 // nodes that the file stands for
	written int     // nodes in the file
}

// countUses looks at one document.
func countUses(stream *syntax.Stream, document *syntax.Document) *uses {
	u := &uses{aliases: map[*syntax.Node][]*syntax.Node{}, counts: map[*syntax.Node]float64{}}
	if document == nil || document.Root == nil {
		return u
	}
	nodes := stream.Nodes[document.First:]
	for _, n := range nodes {
		if n.Kind == syntax.Alias && n.End <= document.End {
			u.aliases[n.Target()] = append(u.aliases[n.Target()], n)
		}
	}
	if len(u.aliases) == 0 {
		return u
	}
	u.parents = make(map[*syntax.Node]*syntax.Node, len(nodes))
	for _, n := range nodes {
		for _, c := range n.Children {
			u.parents[c] = n
		}
	}
	for _, n := range nodes {
		if n.End > document.End {
			continue
		}
		u.written++
		if n.Kind != syntax.Alias {
			u.total += u.count(n)
		}
	}
	return u
}

// count returns how often a node is part of the values. It may be infinite.
func (u *uses) count(n *syntax.Node) float64 {
	if u.parents == nil {
		return 1
	}
	if c, ok := u.counts[n]; ok {
		return c
	}
	c := 1.0
	if p := u.parents[n]; p != nil {
		c = u.count(p)
	}
	for _, alias := range u.aliases[n] {
		c += u.count(alias)
	}
	u.counts[n] = c
	return c
}

// bomb reports whether the aliases stand for so much that the library which Helm uses refuses the file. Its
// rule: up to 99 in 100 nodes may come from aliases while the file is small, 10 in 100 when it stands for
// four million nodes.
func (u *uses) bomb() bool {
	if u.parents == nil {
		return false
	}
	const few, many = 400_000, 4_000_000
	fromAliases := u.total - float64(u.written)
	allowed := 0.98
	if u.total > few {
		allowed = 0.98 - 0.89*math.Min(1, (u.total-few)/(many-few))
	}
	return fromAliases > 100 && u.total > 1000 && fromAliases/u.total > allowed
}

// widest is the anchored node that aliases multiply most, for a message.
func (u *uses) widest() *syntax.Node {
	var widest *syntax.Node
	for n := range u.aliases {
		if widest == nil || u.count(n) > u.count(widest) || u.count(n) == u.count(widest) && n.Start < widest.Start {
			widest = n
		}
	}
	return widest
}

// check refuses edits that take an anchor away which is still needed.
func (u *uses) check(t *fileText, edits []edit) error {
	for anchor, aliases := range u.aliases {
		if !removed(edits, anchor) {
			continue
		}
		for _, alias := range aliases {
			if removed(edits, alias) {
				continue
			}
			line, column := t.stream.Position(anchor.Start)
			otherLine, otherColumn := t.stream.Position(alias.Start)
			return fault.New(fault.Usage, fmt.Sprintf("write the values out in place of *%s", anchor.Anchor()),
				"rendering %q: line %d, column %d: &%s would go, but *%s at line %d, column %d needs it", t.name, line, column, anchor.Anchor(), anchor.Anchor(), otherLine, otherColumn)
		}
	}
	return nil
}

// removed reports whether an edit takes the node's anchor or alias away.
func removed(edits []edit, n *syntax.Node) bool {
	i, _ := slices.BinarySearchFunc(edits, n.Start, func(e edit, at int) int {
		if e.end <= at {
			return -1
		}
		return 1
	})
	if i >= len(edits) || edits[i].start > n.Start {
		return false
	}
	// A value that is replaced keeps its anchor.
	return n.Anchor() == "" || len(edits[i].text) == 0 || edits[i].start < n.Start || edits[i].text[0] != '&'
}
