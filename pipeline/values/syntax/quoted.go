package syntax

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// quoted parses a scalar in single or double quotes, on one or more lines.
func (p *parser) quoted(quote byte) *Node {
	style := SingleQuoted
	if quote == '"' {
		style = DoubleQuoted
	}
	n := p.make(Scalar, style, p.pos)
	p.pos++
	if end := strings.IndexAny(p.src[p.pos:], "'\"\\\n"); end >= 0 && p.src[p.pos+end] == quote && (quote == '"' || p.peek(end+1) != '\'') {
		n.Value = p.src[p.pos : p.pos+end] // nothing to decode
		p.pos += end + 1
		n.End = p.pos
		return n
	}
	var text strings.Builder
	for {
		if p.atEnd() {
			p.fail(n.Start, "the quote is never closed")
		}
		c := p.src[p.pos]
		switch {
		case c == quote && quote == '\'' && p.peek(1) == '\'':
			text.WriteByte('\'')
			p.pos += 2
		case c == quote:
			p.pos++
			n.Value, n.End = text.String(), p.pos
			return n
		case c == '\\' && quote == '"':
			p.escape(&text, n.Start)
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			p.blanks(&text, n.Start)
		default:
			text.WriteByte(c)
			p.pos++
		}
	}
}

// blanks parses white space inside quotes: kept on a line, folded around line breaks.
func (p *parser) blanks(text *strings.Builder, start int) {
	from, breaks := p.pos, 0
	for !p.atEnd() {
		switch p.src[p.pos] {
		case '\n':
			breaks++
			p.pos++
			p.line = p.pos
			if p.marker() {
				p.fail(p.pos, "a document's marker inside quotes")
			}
			continue
		case ' ', '\t', '\r':
			p.pos++
			continue
		}
		break
	}
	if p.atEnd() {
		p.fail(start, "the quote is never closed")
	}
	if breaks == 0 {
		text.WriteString(p.src[from:p.pos])
		return
	}
	fold(text, breaks)
}

var escapes = map[byte]string{
	'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r",
	'e': "\x1b", ' ': " ", '"': `"`, '\\': `\`, 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029",
}

// escape parses a backslash and what belongs to it.
func (p *parser) escape(text *strings.Builder, start int) {
	at := p.pos
	p.pos++
	c := p.peek(0)
	if p.atEnd() {
		p.fail(start, "the quote is never closed")
	}
	if plain, ok := escapes[c]; ok {
		text.WriteString(plain)
		p.pos++
		return
	}
	if c == '\r' && p.peek(1) == '\n' {
		p.pos++
		c = '\n'
	}
	if c == '\n' { // the line goes on without a space
		p.pos++
		p.line = p.pos
		if p.marker() {
			p.fail(p.pos, "a document's marker inside quotes")
		}
		breaks := 0
		for !p.atEnd() && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
			if p.src[p.pos] == '\n' {
				breaks++
				p.line = p.pos + 1
			}
			p.pos++
			if p.marker() {
				p.fail(p.pos, "a document's marker inside quotes")
			}
		}
		text.WriteString(strings.Repeat("\n", breaks))
		return
	}
	length := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if length == 0 || p.pos+1+length > len(p.src) {
		p.fail(at, "unknown escape \\%c in double quotes", c)
	}
	code, err := strconv.ParseUint(p.src[p.pos+1:p.pos+1+length], 16, 32)
	if err != nil || code > utf8.MaxRune || code >= 0xd800 && code < 0xe000 {
		p.fail(at, "the escape isn't a character")
	}
	text.WriteRune(rune(code))
	p.pos += 1 + length
}
