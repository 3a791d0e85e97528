package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// stages writes one row a stage: mark, name, time, and the summary or the reason.
func (t *textWriter) stages(stages []Stage) {
	if len(stages) == 0 {
		return
	}
	t.heading("Stages")
	names := 0
	for _, s := range stages {
		names = max(names, width(printable(s.Name)))
	}
	for _, s := range stages {
		took := seconds(s.Seconds)
		if s.Outcome != Done && s.Seconds < 0.05 {
			took = ""
		}
		name := pad(printable(s.Name), names)
		if s.Outcome == Failed || s.Outcome == Refused {
			name = t.bold(name)
		} else if s.Outcome != Done {
			name = t.dim(name)
		}
		lead := fmt.Sprintf("  %s %s  %s  ", t.outcome(s.Outcome, s.Outcome.sign()), name, t.dim(fmt.Sprintf("%6s", took)))
		indent := 4 + names + 2 + 6 + 2
		text, colour := stageText(s), t.dim
		if s.Outcome == Done || s.Outcome == Failed || s.Outcome == Refused {
			colour = nil
		}
		t.item(lead, indent, text, colour)
		for _, note := range shortNotes(s.Notes) {
			t.item(strings.Repeat(" ", indent)+t.dim("- "), indent+2, note, t.dim)
		}
	}
}

// mostNotes is how many notes of a stage people are shown; the JSON report has all.
const mostNotes = 10

// shortNotes are the notes of a stage that people are shown, and how many more there are.
func shortNotes(notes []string) []string {
	if len(notes) <= mostNotes {
		return notes
	}
	return append(slices.Clone(notes[:mostNotes]), fmt.Sprintf("and %d more: the JSON report has them all", len(notes)-mostNotes))
}

// stageText is what a stage's row says.
func stageText(s Stage) string {
	switch s.Outcome {
	case Done:
		return s.Summary
	case Failed, Refused:
		text := joinSentences(s.Summary, s.Reason)
		if s.Outcome == Refused {
			text = strings.TrimSuffix("refused: "+text, ": ")
		}
		return text
	}
	if s.Reason == "" {
		return string(s.Outcome)
	}
	return string(s.Outcome) + ": " + s.Reason
}

// joinSentences joins what is there of two sentences that may lack their full stops.
func joinSentences(a, b string) string {
	if a == "" || b == "" || a == b {
		return cmp.Or(a, b)
	}
	return strings.TrimRight(a, ".") + "; " + b
}
