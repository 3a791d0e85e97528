package values

import (
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// verify reads the output again and compares it with the input: exactly what the patch names may differ,
// and must be as it says. A mistake of the editor ends here as an error instead of in a cluster.
func verify(f *File, output string, full *patch) (*File, error) {
	after, err := parse(f.name, output)
	if err != nil {
		return nil, f.broken(fmt.Sprintf("the result can't be read: %v", err), 0)
	}
	if after.kind != f.kind || len(after.stream.Documents) < len(f.stream.Documents) {
		return nil, f.broken("the result is another kind of file", 0)
	}
	go func() { _, _ = after.decode() }() // takes longest: beside the comparison of what is written
	if !f.isEmpty() {
		c := comparison{before: f, after: after, named: map[*patch]map[string]bool{}}
		if at, why := c.patched(f.base, after.base, full); why != "" {
			return nil, f.broken(why, at.Start)
		}
	}
	wanted := wantedDocument(f, full)
	is, err := after.decode()
	if err != nil {
		return nil, err
	}
	inner := full
	for range f.rootKeys {
		inner = inner.entries[0].patch
	}
	if there := f.valuesIn(wanted); there != nil {
		inner.allowNull(there, after.valuesIn(is))
	}
	if !equalValues(wanted, is) {
		return nil, f.broken("Helm would read other values than the wanted ones", 0)
	}
	f.opened.edited(after)
	return after, nil
}

// wantedDocument is what Helm is to read: the object as the tree has it with the patch applied, and all else as it is.
// Helm isn't asked for what it reads in the input: what it reads otherwise than the tree is in the result too, and differs
// from this, or was replaced.
func wantedDocument(f *File, full *patch) map[string]any {
	if f.isEmpty() {
		return full.apply(nil)
	}
	document := mappingOf(f.document.Root)
	if len(f.basePath) == 0 {
		return full.apply(document)
	}
	holder, last := f.basePath[:len(f.basePath)-1], f.basePath[len(f.basePath)-1].(int) // an item of a list
	list, _ := step(document, holder...).([]any)
	object, _ := list[last].(map[string]any)
	list[last] = full.apply(object)
	return document
}

// comparison compares two trees.
type comparison struct {
	before, after *File
	named         map[*patch]map[string]bool // keys of the patches
}

// patched compares a mapping under a patch; it says what is wrong and where in the input.
func (c *comparison) patched(was, is *syntax.Node, p *patch) (*syntax.Node, string) {
	was, is = was.Resolved(), is.Resolved()
	if is.Kind != syntax.Mapping {
		return was, "a mapping is gone"
	}
	named := c.named[p]
	if named == nil {
		named = make(map[string]bool, len(p.entries))
		for _, e := range p.entries {
			named[e.key] = true
		}
		c.named[p] = named
	}
	for _, e := range p.entries {
		_, old, _ := find(was, e.key)
		_, now, _ := find(is, e.key)
		if why := c.entry(e, old, now); why != "" {
			return was, fmt.Sprintf("%s %s", e.key, why)
		}
	}
	return c.unnamed(was, is, named)
}

// unnamed compares what the patch doesn't name: it is the same, and in the same order. What it names was compared through
// merges, so of a mapping that is written behind a merge's sign only the rest is.
func (c *comparison) unnamed(was, is *syntax.Node, named map[string]bool) (*syntax.Node, string) {
	i, j := 0, 0
	for {
		i, j = next(was, i, named), next(is, j, named)
		if i >= len(was.Children) || j >= len(is.Children) {
			break
		}
		if key := was.Children[i]; key.IsMerge() && is.Children[j].IsMerge() && was.Children[i+1].Kind == syntax.Mapping && is.Children[j+1].Kind == syntax.Mapping {
			if at, why := c.unnamed(was.Children[i+1], is.Children[j+1], named); why != "" {
				return at, why
			}
		} else if !c.same(key, is.Children[j]) || !c.same(was.Children[i+1], is.Children[j+1]) {
			return was.Children[i], fmt.Sprintf("%q has changed", was.Children[i].Value)
		}
		i, j = i+2, j+2
	}
	if i < len(was.Children) || j < len(is.Children) {
		return was, "a key came or went"
	}
	return nil, ""
}

// next is the number of the next key that isn't named.
func next(m *syntax.Node, i int, named map[string]bool) int {
	for i < len(m.Children) && named[m.Children[i].Value] && !m.Children[i].IsMerge() {
		i += 2
	}
	return i
}

// entry checks one key of a patch.
func (c *comparison) entry(e entry, old, now *syntax.Node) string {
	switch {
	case e.do == keep && old != nil && scalar(old.Resolved()) != nil:
		if now == nil || scalar(now.Resolved()) != scalar(old.Resolved()) {
			return "was to stay"
		}
	case e.do == set || e.do == keep:
		if now == nil || now.Resolved().Kind != syntax.Scalar || scalar(now.Resolved()) != e.value {
			return "hasn't the wanted value"
		}
	case (e.do == remove || e.do == removeText && text(now) != "") && now != nil && !now.Resolved().IsNull():
		return "is still there"
	case e.do == null && (now == nil || !now.Resolved().IsNull()):
		return "isn't null"
	case e.do == within:
		return c.within(e, old, now)
	case e.do == forEach:
		return c.list(e, old, now)
	}
	return ""
}

func (c *comparison) within(e entry, old, now *syntax.Node) string {
	had := old != nil && old.Resolved().Kind == syntax.Mapping
	switch {
	case now == nil && !e.adds():
		return ""
	case now == nil:
		return "is missing"
	case had && now.Resolved().Kind == syntax.Mapping:
		if _, why := c.patched(old, now, e.patch); why != "" {
			return why
		}
	case !had && e.adds() && !equalValues(value(now), plainValue(e.patch.content())):
		return "hasn't the wanted values"
	}
	return ""
}

func (c *comparison) list(e entry, old, now *syntax.Node) string {
	switch {
	case old == nil && e.value == nil:
		return ""
	case now == nil:
		return "is missing"
	case old == nil:
		if !equalValues(value(now), plainValue(e.value)) {
			return "hasn't the wanted entries"
		}
		return ""
	}
	old, now = old.Resolved(), now.Resolved()
	if old.Kind != syntax.Sequence {
		return ""
	}
	if len(old.Children) != len(now.Children) {
		return "has another number of entries"
	}
	for i := range old.Children {
		if _, why := c.patched(old.Children[i], now.Children[i], e.ofNode(old.Children[i])); why != "" {
			return why
		}
	}
	return ""
}

// same reports whether two nodes are written the same, but for where a shared mapping was edited: that is
// compared where it is under the patch.
func (c *comparison) same(a, b *syntax.Node) bool {
	if a.Kind != b.Kind || a.Anchor() != b.Anchor() || len(a.Children) != len(b.Children) {
		return false
	}
	if a.Kind == syntax.Alias {
		return a.Value == b.Value
	}
	if c.before.stream.Source[a.Start:a.End] == c.after.stream.Source[b.Start:b.End] {
		return true
	}
	return false
}
