package syntax

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits that no honest file meets.
const (
	maxDepth = 500  // nested collections
	maxKey   = 1024 // bytes of a key, as in the YAML specification (it counts characters)
)

type parser struct {
	stream  *Stream
	src     string
	pos     int
	line    int // offset of the current line's first byte
	fresh   bool
	depth   int
	parent  int // column of the block collection around the atom that is being parsed
	anchors map[string]*Node
	pool    []Node
	slab    []*Node // room for children
	stack   []*Node // children of the open collections
}

// Parse reads a stream of documents. An error is an *Error.
func Parse(source string) (stream *Stream, err error) {
	p := &parser{stream: &Stream{Source: source, lines: lineStarts(source)}, src: source, fresh: true}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			e.Line, e.Column = p.stream.Position(e.Offset)
			stream, err = nil, e
		}
	}()
	p.checkCharacters()
	p.stream.Nodes = make([]*Node, 0, len(source)/16)
	p.documents()
	return p.stream, nil
}

func (p *parser) fail(at int, format string, args ...any) {
	panic(&Error{Offset: at, Message: fmt.Sprintf(format, args...)})
}

func (p *parser) unsupported(at int, format string, args ...any) {
	panic(&Error{Offset: at, Message: fmt.Sprintf(format, args...), Unsupported: true})
}

// checkCharacters refuses what can't be text, so that all that follows may look at bytes.
func (p *parser) checkCharacters() {
	if strings.HasPrefix(p.src, "\xff\xfe") || strings.HasPrefix(p.src, "\xfe\xff") {
		p.fail(0, "the file is UTF-16, not UTF-8")
	}
	for i := 0; i < len(p.src); {
		c := p.src[i]
		if c >= 0x20 && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		if c == '\r' {
			if i+1 == len(p.src) || p.src[i+1] != '\n' {
				p.unsupported(i, "a carriage return without a line feed")
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(p.src[i:])
		switch {
		case r == utf8.RuneError && size <= 1:
			p.fail(i, "the byte 0x%02x isn't UTF-8", c)
		case r < 0xa0 && r != 0x85, r == 0xfffe, r == 0xffff:
			p.fail(i, "the control character U+%04X", r)
		case r == 0x85, r == 0x2028, r == 0x2029:
			p.unsupported(i, "the line separator U+%04X", r)
		case r == 0xfeff && i > 0:
			p.unsupported(i, "a byte order mark inside the file")
		}
		i += size
	}
}

// documents parses the whole stream.
func (p *parser) documents() {
	if strings.HasPrefix(p.src, bom) {
		p.pos, p.line = len(bom), len(bom)
	}
	explicit := false // a --- has been seen for the document that comes
	for {
		p.anchors = map[string]*Node{}
		first, start := len(p.stream.Nodes), p.pos
		p.next()
		if p.fresh && p.column() == 0 && p.peek(0) == '%' {
			p.directive(explicit)
			continue
		}
		var root *Node
		if !p.atEnd() && !p.marker() {
			if !explicit && len(p.stream.Documents) > 0 {
				p.fail(p.pos, "expected '---' before another document")
			}
			root = p.node(-1, context{keys: p.fresh})
			p.next()
			if !p.atEnd() && !p.marker() {
				p.fail(p.pos, "did not expect %s here", p.seen())
			}
		}
		if root == nil && !explicit && p.marker() && p.src[p.pos] == '.' {
			p.unsupported(p.pos, "an end marker without a document")
		}
		if root != nil || explicit {
			p.stream.Documents = append(p.stream.Documents, Document{Root: root, Start: start, End: p.pos, First: first})
		}
		if p.atEnd() {
			return
		}
		explicit = p.src[p.pos] == '-'
		p.pos, p.fresh = p.pos+3, false
		if !explicit {
			p.restOfLine("a document's end marker")
		}
	}
}

// directive takes %YAML 1.1, which says nothing, and no other: the libraries refuse 1.2.
func (p *parser) directive(explicit bool) {
	const version = "%YAML 1.1"
	if !strings.HasPrefix(p.src[p.pos:], version) || explicit || len(p.stream.Documents) > 0 {
		p.unsupported(p.pos, "a YAML directive that isn't %%YAML 1.1 in the first line")
	}
	p.pos += len(version)
	p.fresh = false
	p.restOfLine("a directive")
	p.next()
	if !p.marker() || p.src[p.pos] != '-' {
		p.fail(p.pos, "expected '---' after a directive")
	}
}

// restOfLine refuses anything but white space and a comment up to the line's end.
func (p *parser) restOfLine(after string) {
	for p.peek(0) == ' ' || p.peek(0) == '\t' {
		p.pos++
	}
	if p.peek(0) == '#' {
		p.comment()
	}
	if p.peek(0) == '\r' {
		p.pos++
	}
	if !p.atEnd() && p.src[p.pos] != '\n' {
		p.fail(p.pos, "did not expect %s after %s", p.seen(), after)
	}
}

func (p *parser) peek(ahead int) byte {
	if p.pos+ahead < len(p.src) {
		return p.src[p.pos+ahead]
	}
	return 0
}

func (p *parser) atEnd() bool { return p.pos >= len(p.src) }

func (p *parser) column() int { return p.pos - p.line }

// blank reports whether the byte ends a word: white space, a line break or the end.
func (p *parser) blank(ahead int) bool {
	switch p.peek(ahead) {
	case ' ', '\t', '\n', '\r', 0:
		return true
	}
	return false
}

// marker reports whether --- or ... stands here, at the line's start.
func (p *parser) marker() bool {
	return p.column() == 0 && p.pos+3 <= len(p.src) &&
		(p.src[p.pos:p.pos+3] == "---" || p.src[p.pos:p.pos+3] == "...") && p.blank(3)
}

// seen quotes what stands here, for messages.
func (p *parser) seen() string {
	if p.atEnd() {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	if r == '\n' || r == '\r' {
		return "the line's end"
	}
	return fmt.Sprintf("%q", r)
}

// next moves over white space, comments and line breaks to the next token of the block context. A tab is
// white space only behind a token: it can't indent.
func (p *parser) next() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\r':
			p.pos++
		case '\t':
			if p.fresh {
				p.fail(p.pos, "a tab can't indent, use spaces")
			}
			p.pos++
		case '#':
			p.comment()
		case '\n':
			p.newline()
		default:
			return
		}
	}
}

// nextInFlow is next where tabs are white space.
func (p *parser) nextInFlow() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\r', '\t':
			p.pos++
		case '#':
			p.comment()
		case '\n':
			p.newline()
		default:
			return
		}
	}
}

// comment moves to the line's end.
func (p *parser) comment() {
	if end := strings.IndexByte(p.src[p.pos:], '\n'); end >= 0 {
		p.pos += end
	} else {
		p.pos = len(p.src)
	}
}

func (p *parser) newline() {
	p.pos++
	p.line, p.fresh = p.pos, true
}
