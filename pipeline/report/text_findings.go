package report

import (
	"fmt"
	"strconv"
	"strings"
)

// shownFindings is how many findings of one rule are written out, unless all are asked for.
const shownFindings = 3

// findings writes what was found, rule by rule, worst first.
func (t *textWriter) findings(findings []Finding) {
	for _, g := range groupByRule(bySeverity(findings)) {
		t.line("")
		label := string(g.Severity) + " " + printable(g.Rule)
		t.item(t.severity(g.Severity, label)+"  ", width(label)+2, g.Title, t.bold)
		shared := g.remedy()
		shown := len(g.Findings)
		if !t.all && shown > shownFindings+1 {
			shown = shownFindings
		}
		for i, f := range g.Findings[:shown] {
			if i > 0 {
				t.line("")
			}
			t.finding(f)
			if shared == "" {
				t.labelled(2, "fix", f.Remedy, t.cyan)
			}
		}
		if rest := g.Findings[shown:]; len(rest) > 0 {
			t.line("")
			t.item("  "+t.dim("… "), 4, moreOf(rest), t.dim)
		}
		t.labelled(2, "fix", shared, t.cyan)
	}
}

// finding writes where one finding is, the source line with what is meant underlined, and the message.
func (t *textWriter) finding(f Finding) {
	place, path := tame(f.Place.String()), tame(f.Place.Path)
	if path != "" && 2+width(place)+2+width(path) <= t.width {
		t.line("  " + t.cyan(place) + t.dim("  "+path))
	} else {
		t.item("  ", 2, place, t.cyan)
		t.item("  ", 2, path, t.dim)
	}
	t.source(f)
	t.item("  ", 2, f.Message, nil)
}

// source writes the source line with a caret under each column of the place.
func (t *textWriter) source(f Finding) {
	if f.Snippet == "" {
		return
	}
	gutter := ""
	if f.Place.Line > 0 {
		gutter = strconv.Itoa(f.Place.Line)
	}
	gutter = fmt.Sprintf("  %4s ", gutter)
	bar := t.dim("│")
	text, carets := underline(f.Snippet, f.Place, t.width-width(gutter)-2)
	t.line(t.dim(gutter) + bar + " " + text)
	if carets != "" {
		t.line(strings.Repeat(" ", width(gutter)) + bar + " " + t.severity(f.Severity, carets))
	}
}

// moreOf says where the findings are that are not written out.
func moreOf(rest []Finding) string {
	const named = 8
	var places []string
	file := ""
	for _, f := range rest[:min(named, len(rest))] {
		place := printable(f.Place.String())
		if f.Place.File != "" && f.Place.File == file && f.Place.Line > 0 {
			place = strconv.Itoa(f.Place.Line)
		}
		file = f.Place.File
		if place != "" {
			places = append(places, place)
		}
	}
	more := fmt.Sprintf("and %d more", len(rest))
	if len(places) == 0 {
		return more
	}
	if len(rest) > named {
		places = append(places, "…")
	}
	return more + ": " + strings.Join(places, ", ")
}
