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
	layout
	file   *File
	habits habits
	edits  []edit
	texts  map[asWritten]string
	// tail is the start of lines that were removed up to the end of a file whose last line has no line
	// break, and where they are removed from: before the line break of the line above.
	tail, tailFrom int
	err            error // the first place where nothing can be added
}

func newEditor(f *File) *editor {
	return &editor{layout: layout{f.stream.Source, f.stream.Nodes}, file: f, habits: learn(f.stream), tail: -1}
}

func (e *editor) replace(start, end int, text string) {
	e.edits = append(e.edits, edit{start, end, text, inLine})
}

// cut removes whole lines. If they are the last ones of a file whose last line has no line break, the line
// above has none afterwards, either.
func (e *editor) cut(start, end int) {
	if end == len(e.src) && !strings.HasSuffix(e.src, "\n") && start > 0 && start < end && !e.behindText(start) {
		e.tail = start
		start--
		if start > 0 && e.src[start-1] == '\r' {
			start--
		}
		e.tailFrom = start
	}
	e.replace(start, end, "")
}

// insertLines inserts whole lines at a column, also behind a last line that has no line break.
func (e *editor) insertLines(at, column int, lines string) {
	if at == e.tail {
		at = e.tailFrom
		lines = e.habits.eol + strings.TrimSuffix(lines, e.habits.eol)
	} else if at == len(e.src) && at > 0 && e.src[at-1] != '\n' {
		lines = e.habits.eol + strings.TrimSuffix(lines, e.habits.eol)
	}
	e.edits = append(e.edits, edit{start: at, end: at, text: lines, column: column})
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
		if m := newMappingEdit(e, jobs[:n]); m.m.Style == syntax.Block {
			(&blockEdit{m}).run()
		} else {
			(&flowEdit{m}).run()
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

// emptyDocument writes the values into a file that has none: behind its comments.
func (e *editor) emptyDocument(p *patch) {
	w := &writer{habits: e.habits}
	for i, f := range p.content() {
		if i > 0 {
			w.out.WriteString(w.eol)
		}
		w.block(0, f.key, f.value)
	}
	at := len(e.src)
	if d := e.file.document; d != nil {
		at = d.End
		if d.Root != nil && d.Root.End > d.Root.Start {
			e.replace(d.Root.Start, d.Root.End, "")
			if at == d.Root.End { // "null" was the last thing in the file
				e.replace(at, at, w.eol+w.out.String())
				return
			}
		}
	}
	text := w.out.String()
	if at > 0 && at <= len(e.src) && e.src[at-1] != '\n' && e.src[:at] != "\ufeff" {
		text = w.eol + text
	}
	e.replace(at, at, text)
}
