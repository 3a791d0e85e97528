package syntax

import "strings"

// blockScalar parses a literal (|) or folded (>) scalar in a collection whose column is parent.
func (p *parser) blockScalar(parent int) *Node {
	style := Literal
	if p.src[p.pos] == '>' {
		style = Folded
	}
	n := p.make(Scalar, style, p.pos)
	p.pos++
	chomp, indent := p.header(parent)
	n.End = p.headerEnd()
	if p.atEnd() {
		p.fresh = false
		return n
	}
	p.newline()
	indent, leading := p.blankLines(indent, parent)
	var lines []string // without their breaks; blank lines are ""
	for range leading {
		lines = append(lines, "")
	}
	trailing := leading
	for !p.atEnd() && p.column() == indent {
		start := p.pos
		end := strings.IndexByte(p.src[start:], '\n')
		broken := end >= 0
		if !broken {
			end = len(p.src) - start
		}
		text := p.src[start : start+end]
		if broken {
			text = strings.TrimSuffix(text, "\r")
		}
		lines = append(lines, text)
		n.End = start + len(text)
		p.pos = start + end
		if !broken {
			n.Value = joinBlock(lines, style, chomp, 0, false)
			p.fresh = false
			return n
		}
		p.newline()
		_, trailing = p.blankLines(indent, parent)
		for range trailing {
			lines = append(lines, "")
		}
	}
	if chomp == '+' && trailing > 0 {
		// Blank lines are part of the value: it ends before the break of the last one.
		end := p.line
		n.End = end - 1
		if end >= 2 && p.src[end-2] == '\r' {
			n.End--
		}
	}
	content := len(lines) > trailing
	n.Value = joinBlock(lines[:len(lines)-trailing], style, chomp, trailing, content)
	return n
}

// header parses the indicators behind | or >; an indent of 0 is to be found out.
func (p *parser) header(parent int) (chomp byte, indent int) {
	for range 2 {
		switch c := p.peek(0); {
		case (c == '+' || c == '-') && chomp == 0:
			chomp = c
			p.pos++
		case c >= '1' && c <= '9' && indent == 0:
			indent = int(c-'0') + max(parent, 0)
			p.pos++
		}
	}
	return chomp, indent
}

// headerEnd moves to the line's end and returns where the header's text ended.
func (p *parser) headerEnd() int {
	end := p.pos
	for p.peek(0) == ' ' || p.peek(0) == '\t' {
		p.pos++
	}
	if p.peek(0) == '#' {
		p.comment()
	} else if p.peek(0) == '\r' {
		p.pos++
	}
	if !p.atEnd() && p.src[p.pos] != '\n' {
		p.fail(p.pos, "did not expect %s after '|' or '>'", p.seen())
	}
	return end
}

// blankLines moves over lines that hold spaces only, and over the next line's indentation up to indent. If
// indent is 0 it finds it out.
func (p *parser) blankLines(indent, parent int) (found, count int) {
	widest := 0
	for {
		for (indent == 0 || p.column() < indent) && p.peek(0) == ' ' {
			p.pos++
		}
		widest = max(widest, p.column())
		if (indent == 0 || p.column() < indent) && p.peek(0) == '\t' {
			p.fail(p.pos, "a tab can't indent, use spaces")
		}
		if p.peek(0) == '\r' && p.peek(1) == '\n' {
			p.pos++
		}
		if p.peek(0) != '\n' {
			break
		}
		p.newline()
		count++
	}
	if indent == 0 {
		indent = max(widest, parent+1, 1)
	}
	return indent, count
}

// joinBlock makes the value: lines end with content, trailing blank lines and whether a break ends the last
// content line come apart.
func joinBlock(lines []string, style Style, chomp byte, trailing int, broken bool) string {
	var text strings.Builder
	if style == Literal {
		text.WriteString(strings.Join(lines, "\n"))
	} else {
		foldBlock(&text, lines)
	}
	if chomp != '-' && broken {
		text.WriteByte('\n')
	}
	if chomp == '+' {
		text.WriteString(strings.Repeat("\n", trailing))
	}
	return text.String()
}

// foldBlock joins lines as > does: a single break between two lines that don't begin with white space is a
// space.
func foldBlock(text *strings.Builder, lines []string) {
	previous, breaks, first := false, 0, true // previous: the last content line begins with a blank
	for _, line := range lines {
		if line == "" {
			breaks++
			continue
		}
		blank := line[0] == ' ' || line[0] == '\t'
		switch {
		case first:
			text.WriteString(strings.Repeat("\n", breaks))
		case !previous && !blank && breaks == 0:
			text.WriteByte(' ')
		case !previous && !blank:
			text.WriteString(strings.Repeat("\n", breaks))
		default:
			text.WriteString(strings.Repeat("\n", breaks+1))
		}
		text.WriteString(line)
		previous, breaks, first = blank, 0, false
	}
}
