package syntax

// context says what may stand where a node is expected in the block context.
type context struct {
	keys  bool // a mapping may begin on this line (its first key right here)
	dash  bool // a sequence may begin on this line
	below bool // a sequence may stand at the parent's own column: the value of a key
}

// properties are an anchor and a tag, in any order.
type properties struct {
	start       int // -1 if there are none
	end         int
	anchor, tag string
}

// properties parses those on this line.
func (p *parser) properties() properties {
	props := properties{start: -1}
	for !p.atEnd() {
		start := p.pos
		switch p.src[p.pos] {
		case '&':
			if props.anchor != "" {
				p.fail(p.pos, "a second anchor for one value")
			}
			props.anchor = p.name("an anchor")
		case '!':
			if props.tag != "" {
				p.fail(p.pos, "a second tag for one value")
			}
			props.tag = p.tag()
		default:
			return props
		}
		if props.start < 0 {
			props.start = start
		}
		props.end = p.pos
		p.fresh = false
		for p.peek(0) == ' ' || p.peek(0) == '\t' {
			p.pos++
		}
	}
	return props
}

// apply gives a node its properties.
func (p *parser) apply(n *Node, props properties) *Node {
	if props.start < 0 {
		return n
	}
	if n.Kind == Alias {
		p.fail(props.start, "an alias can't have an anchor or a tag")
	}
	n.Start, n.rare = props.start, &rare{anchor: props.anchor, tag: props.tag}
	if props.anchor != "" {
		p.anchors[props.anchor] = n
	}
	return n
}

// node parses what follows an indicator: parent is the column of the collection that it is in, -1 at the
// top.
func (p *parser) node(parent int, ctx context) *Node {
	at := p.pos
	p.next()
	if p.fresh {
		ctx.keys, ctx.dash = true, true
	}
	if p.outside(parent, ctx.below) {
		return p.make(Scalar, Plain, at)
	}
	start, column := p.pos, p.column()
	props := p.properties()
	if props.start >= 0 {
		p.next()
		if p.fresh || p.atEnd() {
			return p.nodeBelow(parent, ctx, props)
		}
		ctx.dash = false
	}
	return p.content(parent, column, start, ctx, props)
}

// nodeBelow parses the node whose properties stand alone at a line's end.
func (p *parser) nodeBelow(parent int, ctx context, props properties) *Node {
	if p.outside(parent, ctx.below) {
		n := p.make(Scalar, Plain, props.end)
		return p.apply(n, props)
	}
	start, column := p.pos, p.column()
	inner := p.properties()
	if inner.start >= 0 {
		p.next()
		if p.fresh || p.atEnd() {
			p.unsupported(inner.start, "an anchor or a tag on a line of its own below another")
		}
	}
	n := p.content(parent, column, start, context{keys: true, dash: inner.start < 0, below: ctx.below}, inner)
	if n.rare != nil {
		p.unsupported(inner.start, "a second anchor or tag for one value")
	}
	return p.apply(n, props)
}

// outside reports whether the next token belongs to an outer collection.
func (p *parser) outside(parent int, below bool) bool {
	if p.atEnd() || p.marker() {
		return true
	}
	if !p.fresh {
		return false
	}
	column := p.column()
	if below && column == parent && p.src[p.pos] == '-' && p.blank(1) {
		return false
	}
	return column <= parent
}

// content parses a node whose properties have been read; start and column are where they began.
func (p *parser) content(parent, column, start int, ctx context, props properties) *Node {
	p.enter()
	defer p.leave()
	switch c := p.src[p.pos]; {
	case c == '-' && p.blank(1):
		if !ctx.dash {
			p.fail(p.pos, "a list entry can't begin here")
		}
		return p.apply(p.sequence(column), props)
	case c == '?' && p.blank(1):
		p.unsupported(p.pos, "a key written with '?'")
	case c == ':' && p.blank(1):
		p.unsupported(p.pos, "an empty key")
	case c == '|' || c == '>':
		return p.apply(p.blockScalar(parent), props)
	}
	line := p.line
	n := p.atom(parent)
	single := p.line == line
	if !p.colon() {
		return p.apply(n, props)
	}
	if !ctx.keys || !single || n.End-start > maxKey {
		p.fail(p.pos, "a mapping can't begin here: is the value before ':' missing its quotes, or the line its indentation?")
	}
	return p.mapping(column, p.apply(n, props))
}

// colon reports whether ':' follows an atom on its line. What else may follow is a comment.
func (p *parser) colon() bool {
	if p.fresh {
		return false
	}
	for p.peek(0) == ' ' || p.peek(0) == '\t' {
		p.pos++
	}
	switch c := p.peek(0); {
	case c == ':' && p.blank(1):
		return true
	case p.atEnd() || c == '\n' || c == '\r' || c == '#':
		return false
	}
	p.fail(p.pos, "did not expect %s here", p.seen())
	return false
}

// mapping parses a block mapping whose first key has been read.
func (p *parser) mapping(column int, key *Node) *Node {
	n := p.make(Mapping, Block, key.Start)
	n.column = int32(column) //nolint:gosec // a column of a file of at most 10 MiB
	base := len(p.stack)
	for {
		p.pos++ // the colon
		p.fresh = false
		p.stack = append(p.stack, key)
		value := p.node(column, context{below: true})
		p.stack = append(p.stack, value)
		n.End = max(value.End, key.End)
		p.next()
		if p.atEnd() || p.marker() || p.column() < column {
			break
		}
		if p.column() > column {
			p.fail(p.pos, "the indentation doesn't fit any line above")
		}
		if !p.fresh {
			p.fail(p.pos, "did not expect %s here", p.seen())
		}
		if p.src[p.pos] == '-' && p.blank(1) {
			p.fail(p.pos, "expected a key, not a list entry")
		}
		key = p.key(column)
	}
	p.gather(n, base)
	return n
}

// key parses a key at the line's start, up to its colon.
func (p *parser) key(column int) *Node {
	start, line := p.pos, p.line
	props := p.properties()
	if c := p.peek(0); (c == '?' || c == ':') && p.blank(1) {
		p.unsupported(p.pos, "a key written with '?', or an empty one")
	} else if c == '|' || c == '>' || p.atEnd() || c == '\n' || c == '\r' || c == '#' || c == '-' && p.blank(1) {
		p.fail(p.pos, "expected a key")
	}
	n := p.apply(p.atom(column), props)
	if p.line != line || !p.colon() {
		p.fail(start, "expected a key and ':'")
	}
	if n.End-start > maxKey {
		p.fail(start, "the key is longer than %d bytes", maxKey)
	}
	return n
}

// sequence parses a block sequence whose first dash stands here.
func (p *parser) sequence(column int) *Node {
	n := p.make(Sequence, Block, p.pos)
	n.column = int32(column) //nolint:gosec // a column of a file of at most 10 MiB
	base := len(p.stack)
	for {
		dash := p.pos
		p.pos++
		if p.peek(0) == '\t' {
			p.fail(p.pos, "a tab can't indent, use spaces")
		}
		p.fresh = false
		p.spaces()
		item := p.node(column, context{keys: true, dash: true})
		p.stack = append(p.stack, item)
		n.End = max(item.End, dash+1)
		p.next()
		if p.atEnd() || p.marker() || p.column() < column {
			break
		}
		if p.column() > column || !p.fresh {
			p.fail(p.pos, "the indentation doesn't fit any line above")
		}
		if p.src[p.pos] != '-' || !p.blank(1) {
			break // the next key of the mapping that this sequence is below
		}
	}
	p.gather(n, base)
	return n
}

// spaces moves over spaces and refuses a tab behind them: as behind a dash.
func (p *parser) spaces() {
	for p.peek(0) == ' ' {
		p.pos++
	}
	if p.peek(0) == '\t' {
		p.fail(p.pos, "a tab can't indent, use spaces")
	}
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.pos, "nested more than %d levels deep", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }
