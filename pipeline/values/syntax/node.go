// Package syntax parses YAML into a tree that knows, for every node, which bytes of the source it is. The
// YAML libraries of Go drop what an editor in place needs (where a node ends, what lies between two keys)
// and take most of the time of an edit. It accepts less than they do and never more: what it accepts, they
// read the same way, which a differential fuzz test holds (FuzzAgrees).
//
// It is a grammar of its own and not a pass that finds ends for the nodes of yaml.v3: that would save less than it seems,
// its errors have no column, and it takes seven times as long; docs/architecture.md has the numbers. The parser is one
// type with many methods since recursive descent is one algorithm over one state: a method is a production of the grammar.
package syntax

import "fmt"

// Kind of a node.
type Kind uint8

const (
	Scalar Kind = iota
	Mapping
	Sequence
	Alias
)

// String names the kind as a person would.
func (k Kind) String() string {
	return [...]string{"value", "mapping", "list", "alias"}[k]
}

// Style is how a node is written.
type Style uint8

const (
	Plain Style = iota
	SingleQuoted
	DoubleQuoted
	Literal
	Folded
	Block // of a collection: one entry a line
	Flow  // of a collection: in brackets or braces
	Pair  // of a mapping: one pair in a flow sequence, without braces
)

// Node is one node of the tree. Offsets count bytes of the source. It is kept small, since a fleet's values
// have hundreds of thousands.
type Node struct {
	Start int    // where it begins, with its anchor and tag
	End   int    // where its last character ends; white space and comments after it aren't part of it
	Value string // of a scalar: decoded; of an alias: the anchor's name
	// Children of a mapping are key, value, key, value and so on; those of a sequence are its items. A value
	// that isn't written is a plain scalar of no length.
	Children []*Node
	rare     *rare
	column   int32
	Kind     Kind
	Style    Style
}

// rare is what few nodes have.
type rare struct {
	anchor, tag string
	target      *Node
}

// Column of a block collection: of its keys or dashes, from 0.
func (n *Node) Column() int { return int(n.column) }

// Anchor is the node's anchor without the &, "" if it has none.
func (n *Node) Anchor() string {
	if n.rare == nil {
		return ""
	}
	return n.rare.anchor
}

// Tag is the node's tag with the !, "" if it has none.
func (n *Node) Tag() string {
	if n.rare == nil {
		return ""
	}
	return n.rare.tag
}

// Target of an alias is the node that has the anchor.
func (n *Node) Target() *Node {
	if n.rare == nil {
		return nil
	}
	return n.rare.target
}

// IsNull reports whether the node is a scalar that YAML reads as null.
func (n *Node) IsNull() bool {
	if n.Kind != Scalar || n.Style != Plain || n.Tag() != "" && n.Tag() != "!!null" {
		return false
	}
	switch n.Value {
	case "", "~", "null", "Null", "NULL":
		return true
	}
	return false
}

// Resolved is the node itself, or what the alias stands for.
func (n *Node) Resolved() *Node {
	for n.Kind == Alias {
		n = n.rare.target
	}
	return n
}

// IsMerge reports whether a key is the merge key <<.
func (n *Node) IsMerge() bool {
	return n.Kind == Scalar && n.Value == "<<" && (n.Style == Plain && n.Tag() == "" || n.Tag() == "!!merge")
}

// Document is one document of a stream.
type Document struct {
	Root  *Node // nil if the document is empty
	Start int   // of its first byte; behind the --- line, if there is one
	End   int   // behind its last byte; before the next --- or ...
	First int   // number of its first node in the stream
}

// Stream is a parsed file.
type Stream struct {
	Source    string
	Documents []Document
	Nodes     []*Node // all nodes, in the order of the source
	lines     []int   // offsets of the lines' first bytes
}

// Error says what is wrong with the source, and where.
type Error struct {
	Offset  int    // byte
	Line    int    // from 1
	Column  int    // from 1, in characters
	Message string // quotes nothing of the source: what is in the wrong place may be a password
	Key     string // the key that it is about, if any; perhaps not one that may be shown
	Other   string // a second place that belongs to it, for example the first of two equal keys
	// Unsupported reports whether the source is, or may be, YAML, but of a form that this package doesn't take.
	Unsupported bool
}

func (e *Error) Error() string {
	text := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	if e.Other != "" {
		text += " (" + e.Other + ")"
	}
	return text
}
