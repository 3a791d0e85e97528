package syntax

import "strings"

// atom parses what can be a key: an alias, a quoted or plain scalar, a flow collection.
func (p *parser) atom(parent int) *Node {
	fresh := p.fresh
	p.fresh, p.parent = false, parent
	switch c := p.src[p.pos]; c {
	case '*':
		return p.alias()
	case '"', '\'':
		return p.quoted(c)
	case '[', '{':
		return p.flow()
	case '%':
		if !fresh || p.column() > 0 {
			p.fail(p.pos, "a value can't begin with '%%'; put it in quotes")
		}
		p.fail(p.pos, "a directive can't stand here")
	}
	return p.plain(parent)
}

// name parses an anchor or an alias: letters, digits, '-' and '_'.
func (p *parser) name(what string) string {
	start := p.pos
	p.pos++
	for !p.atEnd() {
		c := p.src[p.pos]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			p.pos++
			continue
		}
		break
	}
	if p.pos == start+1 {
		p.fail(start, "%s without a name", what)
	}
	if !p.blank(0) && !strings.ContainsRune(":,]}", rune(p.src[p.pos])) {
		p.fail(p.pos, "did not expect %s in the name of %s", p.seen(), what)
	}
	name := p.src[start+1 : p.pos]
	if what == "an anchor" {
		p.anchors[name] = nil // until its node is complete
	}
	return name
}

// tag parses !local, !!type and !<uri>.
func (p *parser) tag() string {
	start := p.pos
	p.pos++
	if p.peek(0) == '<' {
		p.unsupported(start, "a tag written as an address")
	}
	for !p.blank(0) {
		c := p.src[p.pos]
		if c < 0x80 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_;/?:@&=+$.~*'()", c) >= 0 || c == '!' && p.pos == start+1) {
			p.pos++
			continue
		}
		p.unsupported(p.pos, "%s in a tag", p.seen())
	}
	tag := p.src[start:p.pos]
	if tag == "!!" {
		p.fail(start, "a tag without a name")
	}
	return tag
}

func (p *parser) alias() *Node {
	n := p.make(Alias, Plain, p.pos)
	n.Value = p.name("an alias")
	n.End = p.pos
	target, ok := p.anchors[n.Value]
	switch {
	case !ok:
		p.fail(n.Start, "the alias has no anchor of its name before it; text that begins with '*' needs quotes")
	case target == nil:
		p.fail(n.Start, "the alias is inside the anchor that it names")
	}
	n.rare = &rare{target: target}
	return n
}

// plain parses a scalar without quotes in the block context. It may go on on lines that are indented
// deeper than the parent.
func (p *parser) plain(parent int) *Node {
	p.checkPlainStart(false)
	n := p.make(Scalar, Plain, p.pos)
	end := p.plainLine()
	n.Value, n.End = p.src[p.pos:end], end
	p.pos = end
	var folded strings.Builder
	multi := false
	for {
		breaks, at, ok := p.continues(parent)
		if !ok {
			break
		}
		if !multi {
			folded.WriteString(n.Value)
			multi = true
		}
		fold(&folded, breaks)
		p.pos = at
		end = p.plainLine()
		folded.WriteString(p.src[at:end])
		p.pos, n.End = end, end
	}
	if multi {
		n.Value = folded.String()
	}
	return n
}

// checkPlainStart refuses characters that can't begin a plain scalar.
func (p *parser) checkPlainStart(inFlow bool) {
	c := p.src[p.pos]
	switch c {
	case '-', '?', ':':
		if p.blank(1) || inFlow && c != '-' {
			p.fail(p.pos, "did not expect %s here", p.seen())
		}
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', '\t':
		p.fail(p.pos, "a value can't begin with %s; put it in quotes", p.seen())
	}
}

// plainLine finds where the plain scalar's text on this line ends: before ": ", " #" and trailing blanks.
func (p *parser) plainLine() int {
	end, i := p.pos, p.pos
	for ; i < len(p.src); i++ {
		switch c := p.src[i]; c {
		case '\n':
			return end
		case ' ', '\t', '\r':
			continue
		case ':':
			if i+1 == len(p.src) || strings.IndexByte(" \t\r\n", p.src[i+1]) >= 0 {
				return end
			}
		case '#':
			if i > p.pos && i > end {
				return end
			}
		}
		end = i + 1
	}
	return end
}

// continues reports whether the plain scalar that ends here goes on on a later line: after how many line
// breaks, and where. If so it moves there.
func (p *parser) continues(parent int) (breaks, at int, ok bool) {
	line, end := p.line, p.pos
	for i := p.pos; i < len(p.src); i++ {
		switch p.src[i] {
		case '\n':
			breaks++
			line = i + 1
		case ' ', '\r':
		case '\t':
			if breaks > 0 && i-line <= parent {
				p.fail(i, "a tab can't indent, use spaces")
			}
		default:
			if breaks == 0 || p.src[i] == '#' || i-line <= parent {
				return 0, 0, false
			}
			if p.src[i] == ':' && (i+1 == len(p.src) || strings.IndexByte(" \t\r\n", p.src[i+1]) >= 0) {
				return 0, 0, false
			}
			was := p.line
			p.pos, p.line = i, line
			if p.marker() {
				p.pos, p.line = end, was
				return 0, 0, false
			}
			return breaks, i, true
		}
	}
	return 0, 0, false
}

// fold writes what YAML makes of line breaks in a scalar: one is a space, more are one less.
func fold(into *strings.Builder, breaks int) {
	if breaks == 1 {
		into.WriteByte(' ')
		return
	}
	for ; breaks > 1; breaks-- {
		into.WriteByte('\n')
	}
}
