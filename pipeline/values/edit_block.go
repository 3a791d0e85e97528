package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// blockMapping edits a mapping that has a line for each key.
func (e *editor) blockMapping(m *syntax.Node, jobs []*job) {
	gone := map[*syntax.Node]bool{} // keys
	for _, j := range jobs {
		if j.key != nil && j.do == remove {
			gone[j.key] = true
		}
	}
	for _, j := range jobs {
		switch {
		case j.key == nil:
		case j.do == set:
			e.value(m, j.key, j.value, j.entry.value)
		case j.do == null:
			e.nullify(m, j)
		case j.do == remove:
			e.removeLines(m, j, len(gone)*2 == len(m.Children) && len(adds(jobs)) == 0)
		case j.do == within:
			e.fill(m, j)
		}
	}
	e.addLines(m, jobs, gone)
}

// region is what belongs to a key of a block mapping: the comment lines right above it in its column, its
// lines, and the comment lines right below that are indented deeper.
func (e *editor) region(m *syntax.Node, i int) span {
	key, value := m.Children[i], m.Children[i+1]
	r := span{key.Start, e.lineEnd(max(value.End, key.End))}
	if e.onlySpaces(key.Start) {
		r.start = e.lineStart(key.Start)
		for r.start > 0 {
			above := e.lineStart(r.start - 1)
			column, ok := e.comment(above)
			if !ok || column != m.Column() {
				break
			}
			r.start = above
		}
	}
	for r.end < len(e.src) {
		column, ok := e.comment(r.end)
		if !ok || column <= m.Column() {
			break
		}
		r.end = e.lineEnd(r.end)
	}
	return r
}

// position finds a key's number in its mapping.
func position(m, key *syntax.Node) int {
	for i := 0; i < len(m.Children); i += 2 {
		if m.Children[i] == key {
			return i
		}
	}
	return -1
}

// removeLines removes a key with everything that belongs to it.
func (e *editor) removeLines(m *syntax.Node, j *job, empties bool) {
	r := e.region(m, position(m, j.key))
	if empties {
		// Nothing is left of the mapping. Its last key makes place for an empty one.
		if last := m.Children[len(m.Children)-2]; last == j.key {
			e.replace(j.key.Start, m.End, "{}")
			return
		}
	}
	if r.start == j.key.Start && m.Column() > 0 || !e.onlySpaces(j.key.Start) {
		// The key shares its line with a dash: the next line's content takes its place.
		next := r.end
		if next+m.Column() <= len(e.src) && strings.Trim(e.src[next:next+m.Column()], " ") == "" {
			r.end = next + m.Column()
		}
		e.replace(j.key.Start, r.end, "")
		return
	}
	e.cut(r.start, r.end)
}

// nullify makes a value null and keeps its key's line, with the comment there.
func (e *editor) nullify(m *syntax.Node, j *job) {
	v := j.value
	if v.Kind == syntax.Scalar || v.Kind == syntax.Alias || v.Style == syntax.Flow {
		e.replace(v.Start, v.End, "null"+e.gap(v.End))
		return
	}
	colon := j.key.End + strings.IndexByte(e.src[j.key.End:], ':') + 1
	below := e.lineEnd(colon)
	e.replace(colon, e.propertiesEnd(v, colon, below), " null")
	e.cut(below, e.region(m, position(m, j.key)).end)
}

// propertiesEnd is where a value's anchor and tag end if they stand on its key's line; otherwise at.
func (e *editor) propertiesEnd(v *syntax.Node, at, lineEnd int) int {
	if v.Anchor() == "" && v.Tag() == "" || v.Start >= lineEnd {
		return at
	}
	line := e.src[v.Start:lineEnd]
	if comment := strings.Index(line, " #"); comment >= 0 {
		line = line[:comment]
	}
	return v.Start + len(strings.TrimRight(line, " \t\r\n"))
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

// fill writes a mapping below a key that has none yet: null or {}.
func (e *editor) fill(m *syntax.Node, j *job) {
	v := j.value
	w := &writer{habits: e.habits}
	for _, f := range j.entry.patch.content() {
		w.block(m.Column()+w.step, f.key, f.value)
	}
	start, end := v.Start, v.End
	if v.Anchor() != "" {
		start = v.Start + len("&"+v.Anchor())
	}
	if v.Kind == syntax.Alias {
		start = v.Start
	}
	if start < end {
		for start > 0 && e.src[start-1] == ' ' {
			start--
		}
		e.replace(start, end, e.gap(end))
	}
	e.insertLines(e.lineEnd(end), m.Column()+1, w.out.String())
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

// addLines writes the keys that are to be added, each behind the nearest key that comes before it in the
// patch's order and is there.
func (e *editor) addLines(m *syntax.Node, jobs []*job, gone map[*syntax.Node]bool) {
	w := &writer{habits: e.habits}
	w.quote = e.habits.quoteIn(m)
	spaced := e.spaced(m)
	for _, j := range adds(jobs) {
		at, last := e.addAt(m, j, gone)
		if at == len(e.src) && !strings.HasSuffix(e.src, "\n") && e.behindText(at) {
			at, last = e.beforeLast(m, gone), false
		}
		w.out.Reset()
		w.block(m.Column(), j.entry.key, j.entry.content())
		text := w.out.String()
		if spaced && m.Column() == 0 {
			if at >= len(e.src) || last {
				text = e.blankBefore(at) + text
			} else {
				text = e.habits.eol + text
			}
		}
		e.insertLines(at, m.Column(), text)
	}
}

// blankBefore is a line break unless a blank line ends right before the offset.
func (e *editor) blankBefore(at int) string {
	before := strings.ReplaceAll(e.src[:at][max(0, at-4):], "\r", "")
	if at == 0 || strings.HasSuffix(before, "\n\n") || before == "\n" {
		return ""
	}
	return e.habits.eol
}

// addAt finds where a key is added, and whether that is behind everything.
func (e *editor) addAt(m *syntax.Node, j *job, gone map[*syntax.Node]bool) (at int, last bool) {
	behind := e.behind(m, j, gone)
	end := len(m.Children) - 2
	for end >= 0 && gone[m.Children[end]] {
		end -= 2
	}
	switch {
	case end < 0: // every key goes
		return e.region(m, 0).start, false
	case behind == end && m == e.file.document.Root && !j.comesAfter(m.Children[behind].Value):
		return e.file.document.End, true
	case behind < 0 && e.onlySpaces(m.Children[0].Start):
		return e.region(m, 0).start, false
	case behind < 0:
		behind = 0 // the first key shares its line with a dash
	}
	return e.behindComments(m, e.region(m, behind).end), behind == end
}

// beforeLast is in front of a mapping's last key: where a key is added if the file ends with a literal scalar
// that has no line break, since behind it there would be one.
func (e *editor) beforeLast(m *syntax.Node, gone map[*syntax.Node]bool) int {
	for i := len(m.Children) - 2; i >= 0; i -= 2 {
		if key := m.Children[i]; !gone[key] && e.onlySpaces(key.Start) {
			return e.region(m, i).start
		}
	}
	if e.err == nil {
		e.err = e.file.at(m, "end the file with a line break", "nothing can be added here: the file ends with a literal text that has no line break")
	}
	return len(e.src)
}

// behindComments moves over comment lines that are indented deeper than the mapping's keys, also behind
// blank lines: what is commented out at the end of a key's value belongs to it.
func (e *editor) behindComments(m *syntax.Node, at int) int {
	for next := at; next < len(e.src); {
		end := e.lineEnd(next)
		column, ok := e.comment(next)
		switch {
		case ok && column > m.Column():
			at = end
		case strings.TrimSpace(e.src[next:end]) != "":
			return at
		}
		next = end
	}
	return at
}

// spaced reports whether the author leaves blank lines between the keys of a mapping.
func (e *editor) spaced(m *syntax.Node) bool {
	blank := 0
	for i := 2; i < len(m.Children); i += 2 {
		gap := strings.ReplaceAll(e.src[m.Children[i-1].End:m.Children[i].Start], "\r", "")
		if strings.Contains(gap, "\n\n") {
			blank++
		}
	}
	return len(m.Children) == 2 || blank*2 >= len(m.Children)/2-1 && blank > 0
}
