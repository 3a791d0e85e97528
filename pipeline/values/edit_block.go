package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// blockEdit edits a mapping that has a line for each key.
type blockEdit struct{ mappingEdit }

func (e *blockEdit) run() {
	for _, j := range e.jobs {
		switch {
		case j.key == nil:
		case j.do == set:
			e.value(j.key, j.value, j.entry.value)
		case j.do == null:
			e.nullify(j)
		case j.do == remove:
			e.removeLines(j)
		case j.do == within:
			e.fill(j)
		}
	}
	e.addLines()
}

// region is what belongs to a key of a block mapping: the comment lines right above it in its column, its
// lines, and the comment lines right below that are indented deeper.
func (e *blockEdit) region(i int) span {
	key, value := e.m.Children[i], e.m.Children[i+1]
	r := span{key.Start, e.lineEnd(max(value.End, key.End))}
	if e.onlySpaces(key.Start) {
		r.start = e.lineStart(key.Start)
		for r.start > 0 {
			above := e.lineStart(r.start - 1)
			column, ok := e.comment(above)
			if !ok || column != e.m.Column() {
				break
			}
			r.start = above
		}
	}
	for r.end < len(e.src) {
		column, ok := e.comment(r.end)
		if !ok || column <= e.m.Column() {
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
func (e *blockEdit) removeLines(j *job) {
	r := e.region(position(e.m, j.key))
	if len(e.gone)*2 == len(e.m.Children) && len(e.adds) == 0 {
		// Nothing is left of the mapping. Its last key makes place for an empty one.
		if last := e.m.Children[len(e.m.Children)-2]; last == j.key {
			e.replace(j.key.Start, e.m.End, "{}")
			return
		}
	}
	if r.start == j.key.Start && e.m.Column() > 0 || !e.onlySpaces(j.key.Start) {
		// The key shares its line with a dash: the next line's content takes its place.
		next := r.end
		if next+e.m.Column() <= len(e.src) && strings.Trim(e.src[next:next+e.m.Column()], " ") == "" {
			r.end = next + e.m.Column()
		}
		e.replace(j.key.Start, r.end, "")
		return
	}
	e.cut(r.start, r.end)
}

// nullify makes a value null and keeps its key's line, with the comment there.
func (e *blockEdit) nullify(j *job) {
	v := j.value
	if v.Kind == syntax.Scalar || v.Kind == syntax.Alias || v.Style == syntax.Flow {
		e.replace(v.Start, v.End, "null"+e.gap(v.End))
		return
	}
	colon := j.key.End + strings.IndexByte(e.src[j.key.End:], ':') + 1
	below := e.lineEnd(colon)
	e.replace(colon, e.propertiesEnd(v, colon, below), " null")
	e.cut(below, e.region(position(e.m, j.key)).end)
}

// propertiesEnd is where a value's anchor and tag end if they stand on its key's line; otherwise at.
func (e *blockEdit) propertiesEnd(v *syntax.Node, at, lineEnd int) int {
	if v.Anchor() == "" && v.Tag() == "" || v.Start >= lineEnd {
		return at
	}
	line := e.src[v.Start:lineEnd]
	if comment := strings.Index(line, " #"); comment >= 0 {
		line = line[:comment]
	}
	return v.Start + len(strings.TrimRight(line, " \t\r\n"))
}

// fill writes a mapping below a key that has none yet: null or {}.
func (e *blockEdit) fill(j *job) {
	v := j.value
	w := &writer{habits: e.habits}
	for _, f := range j.entry.patch.content() {
		w.block(e.m.Column()+w.step, f.key, f.value)
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
	e.insertLines(e.lineEnd(end), e.m.Column()+1, w.out.String())
}

// addLines writes the keys that are to be added, each behind the nearest key that comes before it in the
// patch's order and is there.
func (e *blockEdit) addLines() {
	w := &writer{habits: e.habits}
	w.quote = e.habits.quoteIn(e.m)
	spaced := e.spaced()
	for _, j := range e.adds {
		at, last := e.addAt(j)
		if at == len(e.src) && !strings.HasSuffix(e.src, "\n") && e.behindText(at) {
			at, last = e.beforeLast(), false
		}
		w.out.Reset()
		w.block(e.m.Column(), j.entry.key, j.entry.content())
		text := w.out.String()
		if spaced && e.m.Column() == 0 {
			if at >= len(e.src) || last {
				text = e.blankBefore(at) + text
			} else {
				text = e.habits.eol + text
			}
		}
		e.insertLines(at, e.m.Column(), text)
	}
}

// blankBefore is a line break unless a blank line ends right before the offset.
func (e *blockEdit) blankBefore(at int) string {
	before := strings.ReplaceAll(e.src[:at][max(0, at-4):], "\r", "")
	if at == 0 || strings.HasSuffix(before, "\n\n") || before == "\n" {
		return ""
	}
	return e.habits.eol
}

// addAt finds where a key is added, and whether that is behind everything.
func (e *blockEdit) addAt(j *job) (at int, last bool) {
	behind := e.behind(j)
	end := len(e.m.Children) - 2
	for end >= 0 && e.gone[e.m.Children[end]] {
		end -= 2
	}
	switch {
	case end < 0: // every key goes
		return e.region(0).start, false
	case behind == end && e.m == e.file.document.Root && !j.comesAfter(e.m.Children[behind].Value):
		return e.file.document.End, true
	case behind < 0 && e.onlySpaces(e.m.Children[0].Start):
		return e.region(0).start, false
	case behind < 0:
		behind = 0 // the first key shares its line with a dash
	}
	return e.behindComments(e.region(behind).end), behind == end
}

// beforeLast is in front of a mapping's last key: where a key is added if the file ends with a literal scalar
// that has no line break, since behind it there would be one.
func (e *blockEdit) beforeLast() int {
	for i := len(e.m.Children) - 2; i >= 0; i -= 2 {
		if key := e.m.Children[i]; !e.gone[key] && e.onlySpaces(key.Start) {
			return e.region(i).start
		}
	}
	if e.err == nil {
		e.err = e.file.at(e.m, "end the file with a line break", "nothing can be added here: the file ends with a literal text that has no line break")
	}
	return len(e.src)
}

// behindComments moves over comment lines that are indented deeper than the mapping's keys, also behind
// blank lines: what is commented out at the end of a key's value belongs to it.
func (e *blockEdit) behindComments(at int) int {
	for next := at; next < len(e.src); {
		end := e.lineEnd(next)
		column, ok := e.comment(next)
		switch {
		case ok && column > e.m.Column():
			at = end
		case strings.TrimSpace(e.src[next:end]) != "":
			return at
		}
		next = end
	}
	return at
}

// spaced reports whether the author leaves blank lines between the keys of a mapping.
func (e *blockEdit) spaced() bool {
	blank := 0
	for i := 2; i < len(e.m.Children); i += 2 {
		gap := strings.ReplaceAll(e.src[e.m.Children[i-1].End:e.m.Children[i].Start], "\r", "")
		if strings.Contains(gap, "\n\n") {
			blank++
		}
	}
	return len(e.m.Children) == 2 || blank*2 >= len(e.m.Children)/2-1 && blank > 0
}
