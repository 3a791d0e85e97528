package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// layout finds its way in a file's text by lines, which the grammar knows nothing of.
type layout struct {
	src   string
	nodes []*syntax.Node // of the whole file, in order
}

// gap is a space where a comment stands right behind a bracket or quote that goes.
func (l *layout) gap(at int) string {
	if at < len(l.src) && l.src[at] == '#' {
		return " "
	}
	return ""
}

// lineStart is where the line of an offset begins.
func (l *layout) lineStart(offset int) int { return strings.LastIndexByte(l.src[:offset], '\n') + 1 }

// lineEnd is behind the line break of the line of an offset, or the source's end.
func (l *layout) lineEnd(offset int) int {
	if i := strings.IndexByte(l.src[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(l.src)
}

// comment reports whether a line is a comment alone, and its column.
func (l *layout) comment(lineStart int) (column int, ok bool) {
	for i := lineStart; i < len(l.src); i++ {
		switch l.src[i] {
		case ' ':
		case '#':
			return i - lineStart, true
		default:
			return 0, false
		}
	}
	return 0, false
}

// behindText reports whether a literal or folded scalar is the last thing before an offset: whether a line
// break follows is then part of its value.
func (l *layout) behindText(at int) bool {
	for i := len(l.nodes) - 1; i >= 0; i-- {
		n := l.nodes[i]
		if n.Kind == syntax.Scalar && n.Start < at {
			return (n.Style == syntax.Literal || n.Style == syntax.Folded) && strings.TrimSpace(l.src[min(n.End, at):at]) == ""
		}
	}
	return false
}

// onlySpaces reports whether there is nothing but spaces between the line's start and an offset.
func (l *layout) onlySpaces(offset int) bool {
	start := l.lineStart(offset)
	return strings.Trim(l.src[start:offset], " ") == ""
}

// onlyBlanks reports whether there is nothing but spaces and tabs between the line's start and an offset.
func (l *layout) onlyBlanks(offset int) bool {
	return strings.Trim(l.src[l.lineStart(offset):offset], " \t") == ""
}
