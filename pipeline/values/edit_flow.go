package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// flowMapping edits a mapping in braces. Only it and what is in it may be written in one line.
func (e *editor) flowMapping(m *syntax.Node, jobs []*job) {
	gone := map[*syntax.Node]bool{}
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
			e.replace(j.value.Start, j.value.End, "null"+e.gap(j.value.End))
		case j.do == within:
			w := e.flowWriter(m)
			w.flow(j.entry.patch.content(), e.linePrefix(m))
			e.value(m, j.key, j.value, raw(w.out.String()))
		}
	}
	if news := adds(jobs); len(news) > 0 && len(gone) > 0 {
		e.exchange(m, news, gone)
	} else {
		e.removePairs(m, gone)
		e.addPairs(m, news, gone)
	}
}

// adds lists the jobs that add a key.
func adds(jobs []*job) []*job {
	var all []*job
	for _, j := range jobs {
		if j.key == nil {
			all = append(all, j)
		}
	}
	return all
}

// exchange writes the keys that are to be added in the place of one that goes: the commas stay.
func (e *editor) exchange(m *syntax.Node, adds []*job, gone map[*syntax.Node]bool) {
	prefix := e.linePrefix(m)
	between := ", "
	if prefix != "" {
		between = "," + prefix
	}
	var pairs []string
	for _, j := range adds {
		pairs = append(pairs, e.pair(m, j, prefix))
	}
	for i := 0; i < len(m.Children); i += 2 {
		if key := m.Children[i]; gone[key] {
			e.replace(key.Start, max(key.End, m.Children[i+1].End), strings.Join(pairs, between))
			delete(gone, key)
			break
		}
	}
	e.removePairs(m, gone)
}

// pair writes the key that a job adds.
func (e *editor) pair(m *syntax.Node, j *job, prefix string) string {
	w := e.flowWriter(m)
	w.out.WriteString(w.key(j.entry.key) + ": ")
	w.flow(j.entry.content(), prefix)
	return w.out.String()
}

// raw is text that is written as it is.
type raw string

// flowWriter writes as the mapping does: with its quotes, also around keys if it has them there.
func (e *editor) flowWriter(m *syntax.Node) *writer {
	w := &writer{habits: e.habits}
	w.quote = e.habits.quoteIn(m)
	if len(m.Children) > 0 {
		w.keys = m.Children[0].Style
		if w.keys == syntax.DoubleQuoted { // JSON
			w.quote = syntax.DoubleQuoted
		}
	}
	return w
}

// linePrefix is what stands before each key of a mapping that has a line for each: a line break and the
// indentation; "" if it has not.
func (e *editor) linePrefix(m *syntax.Node) string {
	for i := 0; i < len(m.Children); i += 2 {
		if start := m.Children[i].Start; e.onlyBlanks(start) {
			return e.habits.eol + e.src[e.lineStart(start):start]
		}
	}
	return ""
}

// onlyBlanks reports whether there is nothing but spaces and tabs between the line's start and an offset.
func (e *editor) onlyBlanks(offset int) bool {
	return strings.Trim(e.src[e.lineStart(offset):offset], " \t") == ""
}

// comma finds the comma behind a pair, -1 if there is none.
func (e *editor) comma(m *syntax.Node, i int) int {
	for at := max(m.Children[i+1].End, m.Children[i].End); at < m.End; at++ {
		switch e.src[at] {
		case ',':
			return at
		case '}', ']':
			return -1
		case '#':
			at = e.lineEnd(at) - 1
		}
	}
	return -1
}

// removePairs removes keys with a comma each: the one behind, or for the last ones the one before.
func (e *editor) removePairs(m *syntax.Node, gone map[*syntax.Node]bool) {
	end := len(m.Children) // behind the last pair that stays
	for end > 0 && gone[m.Children[end-2]] {
		end -= 2
	}
	for i := 0; i < end; i += 2 {
		if gone[m.Children[i]] {
			e.removePair(m, i)
		}
	}
	if end < len(m.Children) {
		e.removeTail(m, end)
	}
}

// removePair removes a pair behind which another one stays.
func (e *editor) removePair(m *syntax.Node, i int) {
	start, next := m.Children[i].Start, e.comma(m, i)+1
	for next < len(e.src) && (e.src[next] == ' ' || e.src[next] == '\t') {
		next++
	}
	if rest := e.lineEnd(next); e.onlyBlanks(start) && strings.TrimRight(e.src[next:rest], "\r\n") == "" {
		start, next = e.lineStart(start), rest // the pair has its lines for itself
	}
	e.replace(start, next, "")
}

// removeTail removes all pairs from one on.
func (e *editor) removeTail(m *syntax.Node, from int) {
	tail := len(m.Children) - 2
	start, end, comma := m.Children[from].Start, max(m.Children[tail+1].End, m.Children[tail].End), e.comma(m, tail)
	if from == 0 {
		e.replace(start, max(end, comma+1), "")
		return
	}
	last := max(m.Children[from-1].End, m.Children[from-2].End)
	if before := e.comma(m, from-2); comma >= 0 {
		e.replace(before+1, comma+1, "") // there was a comma behind the last one: it stays
	} else if strings.Contains(e.src[before:start], "#") {
		e.replace(before, before+1, "")
		e.replace(start, end, "")
	} else {
		e.replace(last, end, "")
	}
}

// addPairs writes the keys that are to be added, each behind the nearest that comes before it.
func (e *editor) addPairs(m *syntax.Node, adds []*job, gone map[*syntax.Node]bool) {
	prefix := e.linePrefix(m)
	for len(adds) > 0 {
		behind := e.behind(m, adds[0], gone)
		var pairs []string
		for len(adds) > 0 && e.behind(m, adds[0], gone) == behind {
			pairs = append(pairs, e.pair(m, adds[0], prefix))
			adds = adds[1:]
		}
		e.insertPairs(m, behind, pairs, prefix)
	}
}

// insertPairs inserts pairs behind another, or in front if behind is -1.
func (e *editor) insertPairs(m *syntax.Node, behind int, pairs []string, prefix string) {
	if len(m.Children) == 0 {
		e.replace(m.End-1, m.End-1, strings.Join(pairs, ", "))
		return
	}
	if behind < 0 {
		between := " "
		if prefix != "" {
			between = prefix
		}
		first := m.Children[0].Start
		e.replace(first, first, strings.Join(pairs, ","+between)+","+between)
		return
	}
	at := max(m.Children[behind+1].End, m.Children[behind].End)
	if prefix == "" {
		e.replace(at, at, ", "+strings.Join(pairs, ", "))
		return
	}
	comma := e.comma(m, behind)
	from := at
	if comma >= 0 {
		from = comma + 1
	}
	text := prefix + strings.Join(pairs, ","+prefix)
	end := from // or behind the comment on the rest of the line
	if line := strings.TrimRight(e.src[from:e.lineEnd(from)], "\r\n"); strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
		end = from + len(line)
	}
	switch {
	case comma >= 0:
		e.replace(end, end, text+",")
	case end == at:
		e.replace(at, at, ","+text)
	default:
		e.replace(at, at, ",")
		e.replace(end, end, text)
	}
}

// behind finds the number of the pair behind which a key is added, -1 for the front.
func (e *editor) behind(m *syntax.Node, j *job, gone map[*syntax.Node]bool) int {
	behind, end := -1, -1
	for i := 0; i < len(m.Children); i += 2 {
		key := m.Children[i]
		if gone[key] {
			continue
		}
		end = i
		if key.IsMerge() || j.comesAfter(key.Value) {
			behind = i
		}
	}
	if behind < 0 && j.parent.atEnd {
		return end
	}
	return behind
}
