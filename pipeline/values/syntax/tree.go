package syntax

import "fmt"

// make takes a node from the pool.
func (p *parser) make(kind Kind, style Style, start int) *Node {
	if len(p.pool) == 0 {
		p.pool = make([]Node, 512)
	}
	n := &p.pool[0]
	p.pool = p.pool[1:]
	n.Kind, n.Style, n.Start, n.End = kind, style, start, start
	p.stream.Nodes = append(p.stream.Nodes, n)
	return n
}

// gather gives a collection the children that were pushed since base.
func (p *parser) gather(n *Node, base int) {
	count := len(p.stack) - base
	if count > len(p.slab) {
		p.slab = make([]*Node, max(count, 1024))
	}
	n.Children, p.slab = p.slab[:count:count], p.slab[count:]
	copy(n.Children, p.stack[base:])
	p.stack = p.stack[:base]
	if n.Kind == Mapping {
		p.unique(n)
	}
}

// unique refuses a mapping that has a key twice.
func (p *parser) unique(n *Node) {
	twice := func(first, second *Node) {
		line, column := p.stream.Position(first.Start)
		panic(&Error{Offset: second.Start, Key: second.Value, Message: "the key is here twice",
			Other: fmt.Sprintf("first at line %d, column %d", line, column)})
	}
	if len(n.Children) <= 16 {
		for i := 2; i < len(n.Children); i += 2 {
			for j := 0; j < i; j += 2 {
				if a, b := n.Children[j], n.Children[i]; a.Kind == Scalar && b.Kind == Scalar && a.Value == b.Value {
					twice(a, b)
				}
			}
		}
		return
	}
	keys := make(map[string]*Node, len(n.Children)/2)
	for i := 0; i < len(n.Children); i += 2 {
		key := n.Children[i]
		if key.Kind != Scalar {
			continue
		}
		if first := keys[key.Value]; first != nil {
			twice(first, key)
		}
		keys[key.Value] = key
	}
}
