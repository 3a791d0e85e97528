package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Mask stands for a secret wherever a value is shown.
const Mask = secret.Hidden

// span is a range of bytes.
type span struct{ start, end int }

// secrets finds what must not be shown, in the order of the file: the values of secret keys at any depth below them,
// also where an alias brings them from elsewhere, and the user information of addresses.
func secrets(s *syntax.Stream) []span {
	anchored := map[*syntax.Node]bool{}
	for _, n := range s.Nodes {
		markAnchors(anchored, n)
	}
	c := collector{anchored: anchored}
	for i := range s.Documents {
		if root := s.Documents[i].Root; root != nil {
			c.collect(root, false)
		}
	}
	return c.found
}

// markAnchors notes what aliases under a secret key stand for.
func markAnchors(anchored map[*syntax.Node]bool, n *syntax.Node) {
	if n.Kind != syntax.Mapping {
		return
	}
	for i := 0; i+1 < len(n.Children); i += 2 {
		if secret.Key(n.Children[i].Resolved().Value) {
			markAliases(anchored, n.Children[i+1])
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
	anchored map[*syntax.Node]bool
	found    []span
}

func (c *collector) collect(n *syntax.Node, hidden bool) {
	hidden = hidden || c.anchored[n]
	switch n.Kind {
	case syntax.Scalar:
		c.scalar(n, hidden)
	case syntax.Sequence:
		for _, item := range n.Children {
			c.collect(item, hidden)
		}
	case syntax.Mapping:
		for i := 0; i+1 < len(n.Children); i += 2 {
			key, value := n.Children[i], n.Children[i+1]
			inner := secret.Key(key.Resolved().Value)
			// A mapping below such a key (secretReference, tokens) is looked into, but not all of it is secret; what
			// basicAuth holds is, and so is what an alias under a password brings.
			c.collect(value, inner && value.Kind != syntax.Mapping || hidden && !plainName(key.Value) || holder(key.Value))
		}
	}
}

// holder reports whether whatever a key holds is a credential.
func holder(key string) bool { return strings.EqualFold(key, "basicAuth") }

// plainName reports whether a key below a secret one names something that is none, for example a Secret.
func plainName(key string) bool {
	return strings.EqualFold(key, "name") || strings.EqualFold(key, "namespace") || strings.EqualFold(key, "key")
}

func (c *collector) scalar(n *syntax.Node, hidden bool) {
	if n.End <= n.Start || n.IsNull() || isEncrypted(n.Value) {
		return
	}
	if hidden {
		c.found = append(c.found, span{n.Start, n.End})
		return
	}
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

// Masked is the text of a line, counted from 1, with secrets hidden.
func (t *fileText) Masked(line int) string { return masked(t.stream, t.secrets(), line) }

// masked is the text of a line with the parts in spans hidden, and what comments and texts in it tell. The spans are in
// order.
func masked(s *syntax.Stream, spans []span, line int) string {
	text := s.Line(line)
	start := s.LineStart(line)
	start += strings.Index(s.Source[start:], text) // behind a byte order mark
	end := start + len(text)
	low, high := 0, len(spans)
	for low < high { // the first span that ends behind the line's start
		if mid := (low + high) / 2; spans[mid].end <= start {
			low = mid + 1
		} else {
			high = mid
		}
	}
	var shown strings.Builder
	at := start
	for ; low < len(spans) && spans[low].start < end; low++ {
		from, to := max(spans[low].start, at), min(spans[low].end, end)
		hidden := s.Source[from:to]
		indent := len(hidden) - len(strings.TrimLeft(hidden, " \t"))
		shown.WriteString(s.Source[at : from+indent])
		if strings.TrimSpace(hidden) != "" {
			shown.WriteString(Mask)
		}
		at = to
	}
	shown.WriteString(s.Source[at:end])
	return secret.Line(shown.String())
}

// isEncrypted reports whether a value is one that SOPS encrypted.
func isEncrypted(value string) bool {
	return strings.HasPrefix(value, "ENC[") && strings.HasSuffix(value, "]")
}
