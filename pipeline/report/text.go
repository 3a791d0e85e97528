package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const (
	defaultWidth = 100
	widestText   = 120 // longer lines are hard to read, however wide the terminal
)

// textWriter lays a report out for a terminal: what was done, what was found, what was proven, and in the
// last lines the result and what to do next.
type textWriter struct {
	strings.Builder
	Paint
	width int
	all   bool
}

func newTextWriter(o Options) *textWriter {
	t := &textWriter{Paint: o.Paint, width: min(o.Width, widestText), all: o.All}
	if o.Width <= 0 {
		t.width = defaultWidth
	}
	return t
}

func writeText(w io.Writer, r *Report, o Options) error {
	t := newTextWriter(o)
	t.target(r)
	t.status(r)
	t.stages(r.Stages)
	t.findings(r.Findings)
	t.proofs(r.Proofs)
	t.ledger(r)
	if !o.Seen {
		t.plan(r)
	}
	t.result(r)
	_, err := io.WriteString(w, t.String())
	return err
}

// line writes one line; an empty one only where text is above it.
func (t *textWriter) line(s string) {
	if s == "" && t.Len() == 0 {
		return
	}
	t.WriteString(s)
	t.WriteByte('\n')
}

// item writes text behind a lead of indent columns (which may hold colours), its further lines below its first.
func (t *textWriter) item(lead string, indent int, text string, colour func(string) string) {
	lines := wrap(text, t.width-indent)
	if len(lines) == 0 && strings.TrimSpace(lead) != "" {
		t.line(strings.TrimRight(lead, " "))
	}
	for i, l := range lines {
		if colour != nil {
			l = colour(l)
		}
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		t.line(lead + l)
	}
}

// labelled writes text behind a label, at an indent.
func (t *textWriter) labelled(indent int, label, text string, colour func(string) string) {
	if text == "" {
		return
	}
	lead := strings.Repeat(" ", indent)
	first, rest, more := strings.Cut(text, "\n")
	t.item(lead+colour(pad(label, 7)), indent+7, first, nil)
	if !more {
		return
	}
	for l := range strings.SplitSeq(strings.TrimRight(rest, "\n"), "\n") { // a document to copy: as it is
		t.line(lead + strings.Repeat(" ", 7) + tame(l))
	}
}

func (t *textWriter) heading(s string) {
	t.line("")
	t.line(t.bold(s))
}

func (t *textWriter) target(r *Report) {
	if len(r.Stages) == 0 || r.Target.Destination == "" {
		return
	}
	command := printable("palette-ecr " + r.Command)
	t.item(t.bold(command)+" → ", width(command)+3, r.Target.Destination, nil)
	var parts []string
	add := func(label, s string) {
		if s != "" {
			parts = append(parts, label+s)
		}
	}
	add("", r.Target.Values)
	add("release ", r.Target.Release)
	add("hub ", r.Target.Hub)
	if n := len(r.Target.Spokes); n > 4 {
		add("", fmt.Sprintf("%d spokes", n))
	} else if n > 0 {
		add("spokes ", strings.Join(r.Target.Spokes, ", "))
	}
	if len(parts) > 0 {
		t.item("", 0, strings.Join(parts, " · "), t.dim)
	}
}

// result writes the last lines: how it ended, why, and what to do next.
func (t *textWriter) result(r *Report) {
	t.line("")
	colour, sign := t.green, "✓"
	switch r.ExitCode {
	case fault.Done:
	case fault.Pending, fault.Unproven:
		colour, sign = t.yellow, "?"
		if r.ExitCode == fault.Pending {
			sign = "~"
		}
	default:
		colour, sign = t.red, "✗"
	}
	line := sign + " " + outcome(r)
	counts := count(r).String()
	if counts == "" && len(r.Rules) > 0 {
		counts = fmt.Sprintf("%d rules, nothing found", len(r.Rules))
	}
	if counts != "" && width(line)+3+width(counts) <= t.width {
		t.line(colour(line) + t.dim(" · ") + counts)
	} else {
		t.line(colour(line))
		t.item("  ", 2, counts, nil)
	}
	if r.Now != nil {
		t.labelled(2, "now", r.Now.sentence(), t.dim)
	}
	t.labelled(2, "cause", r.Error, t.dim)
	t.labelled(2, "next", r.Remedy, t.cyan)
}
