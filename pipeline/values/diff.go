package values

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// contextLines are shown around a change, as diff -u does.
const contextLines = 3

// Diff is a unified diff from the input to the output, "" if they are equal. The name stands in its head.
// Secrets are masked in both, so it shows where they go without showing them; patch(1) therefore can't
// apply hunks that hold some.
func (r *Rendered) Diff(name string) string {
	changes := r.changedLines()
	if len(changes) == 0 {
		return ""
	}
	d := differ{
		before: sideOf(r.before.fileText), after: sideOf(r.after.fileText),
		known: secret.Known(slices.Concat(r.before.Secrets(), secret.InTexts(r.before.Merged()), inComments(r.before.stream.Source))), // written elsewhere too
		end:   r.before.Lines() + 1,
	}
	fmt.Fprintf(&d.out, "--- %s\n+++ %s\n", name, name)
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].from-changes[n-1].to <= 2*contextLines {
			n++
		}
		d.hunk(changes[:n])
		changes = changes[n:]
	}
	return d.out.String()
}

// lines is a change: lines [from, to) of the input become [newFrom, newTo) of the output, from 1.
type lines struct{ from, to, newFrom, newTo int }

// changedLines makes line ranges of the edits.
func (r *Rendered) changedLines() []lines {
	var changes []lines
	shift := 0 // bytes that the output is ahead
	before, after := r.before.stream, r.after.stream
	end, newEnd := lineCount(before)+1, lineCount(after)+1
	for _, e := range r.edits {
		if before.Source[e.start:e.end] == e.text {
			continue
		}
		start, stop := e.start, e.end
		newStart := start + shift
		shift += len(e.text) - (stop - start)
		newStop := stop + shift
		c := lines{from: lineOf(before, start), newFrom: lineOf(after, newStart)}
		c.to, c.newTo = endLine(before, start, stop), endLine(after, newStart, newStop)
		wholeLines := atLineStart(before, start) && atLineStart(before, stop) && atLineStart(after, newStop)
		if !wholeLines {
			c.to, c.newTo = max(c.to, lineOf(before, stop)+1), max(c.newTo, lineOf(after, newStop)+1)
		}
		c.to, c.newTo = min(c.to, end), min(c.newTo, newEnd)
		if last := len(changes) - 1; last >= 0 && c.from < changes[last].to+1 && c.from <= changes[last].to {
			changes[last].to, changes[last].newTo = max(changes[last].to, c.to), max(changes[last].newTo, c.newTo)
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

func lineOf(s *syntax.Stream, offset int) int {
	line, _ := s.Position(offset)
	return line
}

func atLineStart(s *syntax.Stream, offset int) bool {
	return offset == 0 || s.Source[offset-1] == '\n'
}

// endLine is the line behind the last one that [start, end) touches; the line of start itself if the range
// is empty.
func endLine(s *syntax.Stream, start, end int) int {
	if end == start || atLineStart(s, end) {
		return lineOf(s, end)
	}
	return lineOf(s, end) + 1
}

func lineCount(s *syntax.Stream) int {
	n := strings.Count(s.Source, "\n")
	if s.Source != "" && !strings.HasSuffix(s.Source, "\n") {
		n++
	}
	return n
}

// side is the input or the output, with the line that no break ends, 0 for none.
type side struct {
	*fileText
	unended int
}

func sideOf(t *fileText) side {
	if strings.HasSuffix(t.source(), "\n") {
		return side{t, 0}
	}
	return side{t, t.Lines()}
}

// differ writes hunks.
type differ struct {
	before, after side
	known         *strings.Replacer
	end           int // behind the last line of the input
	out           strings.Builder
}

func (d *differ) hunk(changes []lines) {
	first, last := changes[0], changes[len(changes)-1]
	from := max(1, first.from-contextLines)
	to := min(d.end, last.to+contextLines)
	newFrom := first.newFrom - (first.from - from)
	newTo := last.newTo + (to - last.to)
	fmt.Fprintf(&d.out, "@@ -%s +%s @@\n", extent(from, to), extent(newFrom, newTo))
	at := from
	for _, c := range changes {
		d.lines(' ', d.before, at, c.from)
		d.lines('-', d.before, c.from, c.to)
		d.lines('+', d.after, c.newFrom, c.newTo)
		at = c.to
	}
	d.lines(' ', d.before, at, to)
}

// extent writes a range of lines as unified diffs have it.
func extent(from, to int) string {
	switch to - from {
	case 0:
		return fmt.Sprintf("%d,0", from-1)
	case 1:
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d,%d", from, to-from)
}

func (d *differ) lines(mark byte, s side, from, to int) {
	for line := from; line < to; line++ {
		d.out.WriteByte(mark)
		d.out.WriteString(d.known.Replace(s.Masked(line)))
		d.out.WriteByte('\n')
		if line == s.unended {
			d.out.WriteString("\\ No newline at end of file\n")
		}
	}
}
