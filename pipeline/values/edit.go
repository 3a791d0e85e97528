package values

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// edit replaces a range of bytes. Nothing else of the file changes.
type edit struct {
	start, end int
	text       string
	column     int // of lines that are inserted; deeper ones come first where several meet
}

// inLine is the column of what is inserted into a line: it comes before lines that are inserted behind it.
const inLine = 1 << 30

// editor turns jobs into edits.
type editor struct {
	file   *File
	src    string
	habits habits
	edits  []edit
	texts  map[asWritten]string
	// tail is the start of lines that were removed up to the end of a file whose last line has no line
	// break, and where they are removed from: before the line break of the line above.
	tail, tailFrom int
	err            error // the first place where nothing can be added
}

func newEditor(f *File) *editor {
	return &editor{file: f, src: f.stream.Source, habits: learn(f.stream), tail: -1}
}

func (e *editor) replace(start, end int, text string) {
	e.edits = append(e.edits, edit{start, end, text, inLine})
}

// do makes the edits for all jobs, mapping by mapping.
func (e *editor) do(jobs []*job) {
	jobs = slices.Clone(jobs)
	slices.SortStableFunc(jobs, func(a, b *job) int { return a.in.Start - b.in.Start })
	e.edits = make([]edit, 0, len(jobs)+1)
	for len(jobs) > 0 {
		n := 1
		for n < len(jobs) && jobs[n].in == jobs[0].in {
			n++
		}
		if m := jobs[0].in; m.Style == syntax.Block {
			e.blockMapping(m, jobs[:n])
		} else {
			e.flowMapping(m, jobs[:n])
		}
		jobs = jobs[n:]
	}
}

// apply makes the new source. Of edits that begin at the same place insertions come first, those that belong
// deeper into the tree before the others.
func (e *editor) apply() (string, error) {
	if e.err != nil {
		return "", e.err
	}
	slices.SortStableFunc(e.edits, func(a, b edit) int {
		if a.start != b.start {
			return a.start - b.start
		}
		if a, b := min(1, a.end-a.start), min(1, b.end-b.start); a != b {
			return a - b
		}
		return b.column - a.column
	})
	var out strings.Builder
	out.Grow(len(e.src) + 64*len(e.edits))
	at := 0
	for _, edit := range e.edits {
		if edit.start < at {
			return "", e.file.broken("two edits overlap", edit.start)
		}
		out.WriteString(e.src[at:edit.start])
		out.WriteString(edit.text)
		at = edit.end
	}
	out.WriteString(e.src[at:])
	return out.String(), nil
}

// value replaces a single value, in its own quotes.
func (e *editor) value(m, key, old *syntax.Node, value any) {
	style := old.Style
	if style > syntax.DoubleQuoted || old.IsNull() || style == syntax.Plain && m.Style != syntax.Block && key.Style != syntax.Plain {
		style = e.habits.quoteIn(m)
	}
	if _, isText := scalar(old).(string); !isText && style == syntax.Plain {
		style = e.habits.quoteIn(m)
	}
	text := e.scalarText(value, style)
	if old.Anchor() != "" {
		text = "&" + old.Anchor() + " " + text
	}
	if old.Start == old.End { // not written: "key:"
		if e.src[old.Start-1] != ' ' {
			text = " " + text
		}
		if at := old.Start; at < len(e.src) && !strings.ContainsRune(" \t\r\n,}]", rune(e.src[at])) {
			text += " "
		}
		if e.src[key.End:old.Start] == "" { // a flow mapping's key without a colon
			text = ":" + text
		}
	}
	e.replace(old.Start, old.End, text+e.gap(old.End))
}

// scalarText remembers texts: a fleet's spokes get the same values.
func (e *editor) scalarText(value any, style syntax.Style) string {
	written := asWritten{value, style}
	if text, ok := e.texts[written]; ok {
		return text
	}
	text := scalarText(value, style)
	if e.texts == nil {
		e.texts = map[asWritten]string{}
	}
	e.texts[written] = text
	return text
}

// asWritten is a single value and how it is to be quoted.
type asWritten struct {
	value any
	style syntax.Style
}

// gap is a space where a comment stands right behind a bracket or quote that goes.
func (e *editor) gap(at int) string {
	if at < len(e.src) && e.src[at] == '#' {
		return " "
	}
	return ""
}

// lineStart is where the line of an offset begins.
func (e *editor) lineStart(offset int) int { return strings.LastIndexByte(e.src[:offset], '\n') + 1 }

// lineEnd is behind the line break of the line of an offset, or the source's end.
func (e *editor) lineEnd(offset int) int {
	if i := strings.IndexByte(e.src[offset:], '\n'); i >= 0 {
		return offset + i + 1
	}
	return len(e.src)
}

// comment reports whether a line is a comment alone, and its column.
func (e *editor) comment(lineStart int) (column int, ok bool) {
	for i := lineStart; i < len(e.src); i++ {
		switch e.src[i] {
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
func (e *editor) behindText(at int) bool {
	for i := len(e.file.stream.Nodes) - 1; i >= 0; i-- {
		n := e.file.stream.Nodes[i]
		if n.Kind == syntax.Scalar && n.Start < at {
			return (n.Style == syntax.Literal || n.Style == syntax.Folded) && strings.TrimSpace(e.src[min(n.End, at):at]) == ""
		}
	}
	return false
}

// onlySpaces reports whether there is nothing but spaces between the line's start and an offset.
func (e *editor) onlySpaces(offset int) bool {
	start := e.lineStart(offset)
	return strings.Trim(e.src[start:offset], " ") == ""
}
