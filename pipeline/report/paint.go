package report

import "strings"

// Style says how text stands out on a terminal.
type Style int

// The styles. A painter may draw them as it likes; the text says the same without them.
const (
	Bold    Style = iota // headings and names
	Dim                  // what is less important
	Good                 // what holds, and what is added
	Bad                  // errors and failures
	Removed              // what is removed
	Warn                 // warnings, and what is unproven
	Note                 // notes
	Accent               // places, and what to do next
)

// Paint returns text in a style. It comes from the caller, who knows what reads the text; nil leaves text as it is.
type Paint func(style Style, text string) string

// Apply returns text in a style, or as it is without a painter.
func (p Paint) Apply(style Style, text string) string {
	if p == nil || text == "" {
		return text
	}
	return p(style, text)
}

// Diff paints a unified diff: what is removed and added, the places, and the names of the files.
func (p Paint) Diff(diff string) string {
	if p == nil {
		return diff
	}
	var out strings.Builder
	for line := range strings.Lines(diff) {
		text := strings.TrimRight(line, "\r\n")
		out.WriteString(p.diffLine(text) + line[len(text):])
	}
	return out.String()
}

func (p Paint) diffLine(line string) string {
	if d := diffLineOf(line); d.Kind != "" {
		return p.Apply(d.Style, line)
	}
	return line
}

func (p Paint) bold(s string) string   { return p.Apply(Bold, s) }
func (p Paint) dim(s string) string    { return p.Apply(Dim, s) }
func (p Paint) red(s string) string    { return p.Apply(Bad, s) }
func (p Paint) green(s string) string  { return p.Apply(Good, s) }
func (p Paint) yellow(s string) string { return p.Apply(Warn, s) }
func (p Paint) cyan(s string) string   { return p.Apply(Accent, s) }

func (p Paint) severity(s Severity, text string) string {
	switch s {
	case Error:
		return p.Apply(Bad, text)
	case Warning:
		return p.Apply(Warn, text)
	}
	return p.Apply(Note, text)
}

func (p Paint) verdict(v Verdict, text string) string {
	switch v {
	case Held:
		return p.Apply(Good, text)
	case Broken:
		return p.Apply(Bad, text)
	}
	return p.Apply(Warn, text)
}

func (p Paint) outcome(o Outcome, text string) string {
	switch o {
	case Done:
		return p.Apply(Good, text)
	case Failed, Refused:
		return p.Apply(Bad, text)
	}
	return p.Apply(Dim, text)
}
