package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// flowEdit edits a mapping in braces. Only it and what is in it may be written in one line.
type flowEdit struct{ mappingEdit }

func (e *flowEdit) run() {
	for _, j := range e.jobs {
		switch {
		case j.key == nil:
		case j.do == set:
			e.value(j.key, j.value, j.entry.value)
		case j.do == null:
			e.replace(j.value.Start, j.value.End, "null"+e.gap(j.value.End))
		case j.do == within:
			w := e.writer()
			w.flow(j.entry.patch.content(), e.linePrefix())
			e.value(j.key, j.value, raw(w.out.String()))
		}
	}
	if len(e.adds) > 0 && len(e.gone) > 0 {
		e.exchange()
	} else {
		e.removePairs()
		e.addPairs()
	}
}

// exchange writes the keys that are to be added in the place of one that goes: the commas stay.
func (e *flowEdit) exchange() {
	prefix := e.linePrefix()
	between := ", "
	if prefix != "" {
		between = "," + prefix
	}
	var pairs []string
	for _, j := range e.adds {
		pairs = append(pairs, e.pair(j, prefix))
	}
	for i := 0; i < len(e.m.Children); i += 2 {
		if key := e.m.Children[i]; e.gone[key] {
			e.replace(key.Start, max(key.End, e.m.Children[i+1].End), strings.Join(pairs, between))
			delete(e.gone, key)
			break
		}
	}
	e.removePairs()
}

// pair writes the key that a job adds.
func (e *flowEdit) pair(j *job, prefix string) string {
	w := e.writer()
	w.out.WriteString(w.key(j.entry.key) + ": ")
	w.flow(j.entry.content(), prefix)
	return w.out.String()
}

// raw is text that is written as it is.
type raw string

// writer writes as the mapping does: with its quotes, also around keys if it has them there.
func (e *flowEdit) writer() *writer {
	w := &writer{habits: e.habits}
	w.quote = e.habits.quoteIn(e.m)
	if len(e.m.Children) > 0 {
		w.keys = e.m.Children[0].Style
		if w.keys == syntax.DoubleQuoted { // JSON
			w.quote = syntax.DoubleQuoted
		}
	}
	return w
}

// linePrefix is what stands before each key of a mapping that has a line for each: a line break and the
// indentation; "" if it has not.
func (e *flowEdit) linePrefix() string {
	for i := 0; i < len(e.m.Children); i += 2 {
		if start := e.m.Children[i].Start; e.onlyBlanks(start) {
			return e.habits.eol + e.src[e.lineStart(start):start]
		}
	}
	return ""
}

// comma finds the comma behind a pair, -1 if there is none.
func (e *flowEdit) comma(i int) int {
	for at := max(e.m.Children[i+1].End, e.m.Children[i].End); at < e.m.End; at++ {
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
func (e *flowEdit) removePairs() {
	end := len(e.m.Children) // behind the last pair that stays
	for end > 0 && e.gone[e.m.Children[end-2]] {
		end -= 2
	}
	for i := 0; i < end; i += 2 {
		if e.gone[e.m.Children[i]] {
			e.removePair(i)
		}
	}
	if end < len(e.m.Children) {
		e.removeTail(end)
	}
}

// removePair removes a pair behind which another one stays.
func (e *flowEdit) removePair(i int) {
	start, next := e.m.Children[i].Start, e.comma(i)+1
	for next < len(e.src) && (e.src[next] == ' ' || e.src[next] == '\t') {
		next++
	}
	if rest := e.lineEnd(next); e.onlyBlanks(start) && strings.TrimRight(e.src[next:rest], "\r\n") == "" {
		start, next = e.lineStart(start), rest // the pair has its lines for itself
	}
	e.replace(start, next, "")
}

// removeTail removes all pairs from one on.
func (e *flowEdit) removeTail(from int) {
	tail := len(e.m.Children) - 2
	start, end, comma := e.m.Children[from].Start, max(e.m.Children[tail+1].End, e.m.Children[tail].End), e.comma(tail)
	if from == 0 {
		e.replace(start, max(end, comma+1), "")
		return
	}
	last := max(e.m.Children[from-1].End, e.m.Children[from-2].End)
	if before := e.comma(from - 2); comma >= 0 {
		e.replace(before+1, comma+1, "") // there was a comma behind the last one: it stays
	} else if strings.Contains(e.src[before:start], "#") {
		e.replace(before, before+1, "")
		e.replace(start, end, "")
	} else {
		e.replace(last, end, "")
	}
}

// addPairs writes the keys that are to be added, each behind the nearest that comes before it.
func (e *flowEdit) addPairs() {
	adds, prefix := e.adds, e.linePrefix()
	for len(adds) > 0 {
		behind := e.behind(adds[0])
		var pairs []string
		for len(adds) > 0 && e.behind(adds[0]) == behind {
			pairs = append(pairs, e.pair(adds[0], prefix))
			adds = adds[1:]
		}
		e.insertPairs(behind, pairs, prefix)
	}
}

// insertPairs inserts pairs behind another, or in front if behind is -1.
func (e *flowEdit) insertPairs(behind int, pairs []string, prefix string) {
	if len(e.m.Children) == 0 {
		e.replace(e.m.End-1, e.m.End-1, strings.Join(pairs, ", "))
		return
	}
	if behind < 0 {
		between := " "
		if prefix != "" {
			between = prefix
		}
		first := e.m.Children[0].Start
		e.replace(first, first, strings.Join(pairs, ","+between)+","+between)
		return
	}
	at := max(e.m.Children[behind+1].End, e.m.Children[behind].End)
	if prefix == "" {
		e.replace(at, at, ", "+strings.Join(pairs, ", "))
		return
	}
	comma := e.comma(behind)
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
