package values

import (
	"maps"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// secrets finds what must not be shown, in the order of the file: the values of secret keys at any depth below them,
// also where an alias brings them from elsewhere, the user information of addresses, secrets in texts that are YAML or
// JSON themselves, and more nodes.
func secrets(s *syntax.Stream, more map[*syntax.Node]bool) []span {
	anchored := maps.Clone(more)
	if anchored == nil {
		anchored = map[*syntax.Node]bool{}
	}
	for _, n := range s.Nodes {
		markAnchors(anchored, n)
	}
	c := collector{source: s.Source, anchored: anchored}
	for i := range s.Documents {
		if root := s.Documents[i].Root; root != nil {
			c.collect(root, false)
		}
	}
	return inOrder(c.found)
}

// inOrder sorts spans, and makes one of those that overlap.
func inOrder(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
	merged := spans[:0]
	for _, s := range spans {
		if last := len(merged) - 1; last >= 0 && s.start < merged[last].end {
			merged[last].end = max(merged[last].end, s.end)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// markAnchors notes what aliases under a secret key, or behind a secret argument, stand for.
func markAnchors(anchored map[*syntax.Node]bool, n *syntax.Node) {
	switch n.Kind {
	case syntax.Mapping:
		for i := 0; i+1 < len(n.Children); i += 2 {
			key := n.Children[i].Resolved().Value
			if secret.Key(key) || secret.Entry(key, textsOf(n)) {
				markAliases(anchored, n.Children[i+1])
			}
		}
	case syntax.Sequence:
		list := itemsOf(n)
		for i, item := range n.Children {
			if secret.Item(list, i) {
				markAliases(anchored, item)
			}
		}
	}
}

func markAliases(anchored map[*syntax.Node]bool, n *syntax.Node) {
	if n.Kind == syntax.Alias {
		anchored[n.Resolved()] = true
		return
	}
	for _, child := range n.Children {
		markAliases(anchored, child)
	}
}

type collector struct {
	source   string
	anchored map[*syntax.Node]bool
	found    []span
}

func (c *collector) collect(n *syntax.Node, hidden bool) {
	hidden = hidden || c.anchored[n]
	switch n.Kind {
	case syntax.Scalar:
		c.scalar(n, hidden)
	case syntax.Sequence:
		list := itemsOf(n)
		for i, item := range n.Children {
			c.collect(item, hidden || secret.Item(list, i))
		}
	case syntax.Mapping:
		for i := 0; i+1 < len(n.Children); i += 2 {
			key, value := n.Children[i], n.Children[i+1]
			inner := secret.Key(key.Resolved().Value) || secret.Entry(key.Value, textsOf(n))
			c.key(key, hidden)
			if secret.Logins(key.Resolved().Value) {
				c.logins(value)
			}
			if inner && value.Kind == syntax.Mapping {
				c.anchored[child(value, "value")] = true // ZOT_PASSWORD: {value: …}
			}
			// A mapping below such a key (secretReference, tokens) is looked into, but not all of it is secret; what
			// basicAuth holds is, and so is what an alias under a password brings.
			c.collect(value, inner && value.Kind != syntax.Mapping || hidden && !plainName(key.Value) || secret.Holder(key.Value))
		}
	}
}

// logins hides the items of a list that have a password behind a name, and of a mapping what is behind each name.
func (c *collector) logins(n *syntax.Node) {
	for i, item := range n.Children {
		login := n.Kind == syntax.Sequence && secret.Login(item.Value) || n.Kind == syntax.Mapping && i%2 == 1
		if login && item.Kind == syntax.Scalar && !item.IsNull() {
			c.found = append(c.found, span{item.Start, item.End})
		}
	}
}

// itemsOf are the texts of a list's items.
func itemsOf(list *syntax.Node) []string {
	items := make([]string, len(list.Children))
	for i, item := range list.Children {
		items[i] = text(item)
	}
	return items
}

// textsOf returns what a mapping has under a key, where that is a text.
func textsOf(mapping *syntax.Node) func(string) string {
	return func(key string) string { return text(child(mapping, key)) }
}

// plainName reports whether a key below a secret one names something that is none, for example a Secret.
func plainName(key string) bool {
	return strings.EqualFold(key, "name") || strings.EqualFold(key, "namespace") || strings.EqualFold(key, "key")
}

// key hides what is written as a key and is none: below basicAuth whatever isn't one of its keys ({admin, password} is a
// mapping without values), and what follows the word that a colon is missing behind.
func (c *collector) key(n *syntax.Node, hidden bool) {
	if n.Kind != syntax.Scalar || n.End <= n.Start {
		return
	}
	first, _, several := strings.Cut(n.Value, " ")
	switch {
	case hidden && !plainName(n.Value) && (several || !secret.Key(n.Value)):
		c.found = append(c.found, span{n.Start, n.End})
	case several && secret.Key(first):
		c.found = append(c.found, span{n.Start + len(first), n.End})
	}
}

func (c *collector) scalar(n *syntax.Node, hidden bool) {
	if n.End <= n.Start || isEncrypted(n.Value) || n.IsNull() && n.Anchor() == "" {
		return
	}
	if hidden {
		c.found = append(c.found, span{n.Start, n.End})
		return
	}
	if n.Style != syntax.Literal && strings.Contains(c.source[n.Start:n.End], "\n") && secret.Tells(n.Value) { // its lines are one
		c.found = append(c.found, span{n.Start, n.End})
		return
	}
	c.inside(n)
	from, to, ok := secret.UserInfo(n.Value)
	if !ok {
		return
	}
	switch written := n.End - n.Start - len(n.Value); {
	case n.Style == syntax.Plain && written == 0:
		c.found = append(c.found, span{n.Start + from, n.Start + to})
	case n.Style <= syntax.DoubleQuoted && written == 2 && n.Anchor() == "" && n.Tag() == "":
		c.found = append(c.found, span{n.Start + 1 + from, n.Start + 1 + to})
	default: // with escapes, an anchor or line breaks it isn't where it seems to be
		c.found = append(c.found, span{n.Start, n.End})
	}
}

// inside hides the secrets in a text: those that it has as YAML or JSON, and what looks like one across its lines.
func (c *collector) inside(n *syntax.Node) {
	written := c.source[n.Start:n.End]
	if strings.Contains(written, "\n") {
		for _, at := range secret.Find(written) {
			c.found = append(c.found, span{n.Start + at[0], n.Start + at[1]})
		}
	}
	for _, text := range secret.InTexts(n.Value) {
		for line := range strings.Lines(text) {
			c.each(n, written, strings.TrimSpace(line))
		}
	}
}

// each hides a text wherever it is written in a node. Of shorter ones than a password the line with their key hides it.
func (c *collector) each(n *syntax.Node, written, text string) {
	for at := 0; len(text) >= len("pass"); at += len(text) {
		next := strings.Index(written[at:], text)
		if next < 0 {
			return
		}
		at += next
		c.found = append(c.found, span{n.Start + at, n.Start + at + len(text)})
	}
}
