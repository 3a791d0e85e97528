package syntax

import "strings"

// flow parses a collection in brackets or braces.
func (p *parser) flow() *Node {
	p.enter()
	defer p.leave()
	start := p.pos
	kind, closing := Sequence, byte(']')
	if p.src[p.pos] == '{' {
		kind, closing = Mapping, '}'
	}
	n := p.make(kind, Flow, start)
	p.pos++
	base := len(p.stack)
	for {
		p.skipInFlow(start)
		if p.src[p.pos] == closing {
			break
		}
		if kind == Mapping {
			p.flowPair(start)
		} else {
			p.flowItem(start)
		}
		p.skipInFlow(start)
		if c := p.src[p.pos]; c == ',' {
			p.pos++
		} else if c != closing {
			p.fail(p.pos, "expected ',' or '%c', not %s", closing, p.seen())
		}
	}
	p.pos++
	n.End = p.pos
	p.fresh = false
	p.gather(n, base)
	return n
}

// skipInFlow moves to the next token of the collection that began at start.
func (p *parser) skipInFlow(start int) {
	p.nextInFlow()
	if p.atEnd() || p.marker() {
		p.fail(start, "the bracket is never closed")
	}
	p.fresh = false
}

// flowPair parses one entry of a mapping and pushes key and value.
func (p *parser) flowPair(start int) {
	key := p.flowKey(start)
	p.stack = append(p.stack, key)
	p.skipInFlow(start)
	if p.src[p.pos] != ':' {
		p.stack = append(p.stack, p.make(Scalar, Plain, key.End))
		return
	}
	p.flowValue(start)
}

// flowKey parses a node that may be a key, and refuses one that the YAML libraries don't take for it.
func (p *parser) flowKey(start int) *Node {
	line, at := p.line, p.pos
	key := p.flowNode(start)
	p.skipInFlow(start)
	if p.src[p.pos] == ':' && (p.line != line || key.End-at > maxKey) {
		p.unsupported(p.pos, "a key of more than one line")
	}
	return key
}

// flowValue parses ':' and the value, and pushes it.
func (p *parser) flowValue(start int) {
	p.pos++
	after := p.pos
	p.skipInFlow(start)
	if c := p.src[p.pos]; c == ',' || c == '}' || c == ']' {
		p.stack = append(p.stack, p.make(Scalar, Plain, after))
		return
	}
	p.stack = append(p.stack, p.flowNode(start))
}

// flowItem parses one entry of a sequence: a node, or a pair without braces.
func (p *parser) flowItem(start int) {
	item := p.flowKey(start)
	if p.src[p.pos] != ':' {
		p.stack = append(p.stack, item)
		return
	}
	pair := p.make(Mapping, Pair, item.Start)
	base := len(p.stack)
	p.stack = append(p.stack, item)
	p.flowValue(start)
	pair.End = max(item.End, p.stack[len(p.stack)-1].End)
	p.gather(pair, base)
	p.stack = append(p.stack, pair)
}

// flowNode parses any node of the flow context.
func (p *parser) flowNode(start int) *Node {
	props := p.properties()
	if props.start >= 0 {
		p.skipInFlow(start)
	}
	switch c := p.src[p.pos]; c {
	case ',', '}', ']', ':':
		if props.start < 0 {
			p.fail(p.pos, "did not expect %s here", p.seen())
		}
		if c == ':' {
			p.unsupported(p.pos, "an empty key")
		}
		return p.apply(p.make(Scalar, Plain, props.end), props)
	case '?':
		p.unsupported(p.pos, "a key written with '?'")
	case '*':
		return p.apply(p.alias(), props)
	case '"', '\'':
		return p.apply(p.quoted(c), props)
	case '[', '{':
		return p.apply(p.flow(), props)
	}
	return p.apply(p.flowPlain(), props)
}

// flowPlain parses a scalar without quotes, which may go on on further lines.
func (p *parser) flowPlain() *Node {
	p.checkPlainStart(true)
	n := p.make(Scalar, Plain, p.pos)
	var text strings.Builder
	end := p.flowPlainLine()
	text.WriteString(p.src[p.pos:end])
	p.pos = end
	for {
		breaks, at, line := p.flowContinues()
		if breaks == 0 {
			break
		}
		fold(&text, breaks)
		p.pos, p.line = at, line
		end = p.flowPlainLine()
		text.WriteString(p.src[at:end])
		p.pos = end
	}
	n.Value, n.End = text.String(), p.pos
	return n
}

// flowPlainLine is plainLine where brackets, braces and commas end the text too.
func (p *parser) flowPlainLine() int {
	end := p.pos
	for i := p.pos; i < len(p.src); i++ {
		switch c := p.src[i]; c {
		case '\n', ',', '[', ']', '{', '}':
			return end
		case '?':
			p.unsupported(i, "a '?' in a value in brackets; put it in quotes")
		case ' ', '\t', '\r':
			continue
		case ':':
			if i+1 == len(p.src) || strings.IndexByte(" \t\r\n", p.src[i+1]) >= 0 {
				return end
			}
			if strings.IndexByte(",[]{}", p.src[i+1]) >= 0 {
				p.unsupported(i, "a ':' before a bracket or comma")
			}
		case '#':
			if i > end {
				return end
			}
		}
		end = i + 1
	}
	return end
}

// flowContinues returns after how many line breaks the plain scalar goes on, and where; 0 if it doesn't.
func (p *parser) flowContinues() (breaks, at, line int) {
	for i := p.pos; i < len(p.src); i++ {
		switch c := p.src[i]; c {
		case '\n':
			breaks++
			line = i + 1
		case '\t':
			if breaks > 0 && i-line <= p.parent {
				p.fail(i, "a tab can't indent, use spaces")
			}
		case ' ', '\r':
		case ',', '[', ']', '{', '}', '#':
			return 0, 0, 0
		case ':':
			if i+1 == len(p.src) || strings.IndexByte(" \t\r\n,[]{}", p.src[i+1]) >= 0 {
				return 0, 0, 0
			}
			return breaks, i, line
		default:
			if i == line && breaks > 0 && i+3 <= len(p.src) && (p.src[i:i+3] == "---" || p.src[i:i+3] == "...") {
				p.unsupported(i, "a line that begins with %q inside brackets", p.src[i:i+3])
			}
			return breaks, i, line
		}
	}
	return 0, 0, 0
}
