package report

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	// summaryLimit is what GitHub takes as the summary of one step, in bytes
	// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions#step-isolation-and-limits),
	// less what an uncut end of the text may need.
	summaryLimit = 1<<20 - 4<<10
	cellLimit    = 2000 // characters of one cell
	openRows     = 50   // findings that are shown without a click
)

// writeMarkdown writes a summary of the job for GitHub, GitLab or a merge request. It stays below GitHub's
// limit, and says how much it left out for that.
func writeMarkdown(w io.Writer, r *Report, _ Options) error {
	m := &markdown{}
	m.head(r)
	m.status(r)
	m.standings(r)
	m.matrix(r)
	m.proofs(r.Proofs)
	m.ledger(r)
	m.plan(r)
	m.stages(r.Stages)
	m.findings(r.Findings)
	if m.left > 0 {
		fmt.Fprintf(&m.Builder, "\n%d more rows would not fit into this summary. The other reports hold them all.\n", m.left)
	}
	_, err := io.WriteString(w, m.String())
	return err
}

type markdown struct {
	strings.Builder
	left int // rows that did not fit
}

// row adds a line, or counts it when it would not fit.
func (m *markdown) row(cells ...string) {
	line := "| " + strings.Join(cells, " | ") + " |\n"
	if m.left > 0 || m.Len()+len(line) > summaryLimit {
		m.left++
		return
	}
	m.WriteString(line)
}

func (m *markdown) table(heads ...string) {
	m.WriteString("\n| " + strings.Join(heads, " | ") + " |\n|" + strings.Repeat(" --- |", len(heads)) + "\n")
}

func (m *markdown) head(r *Report) {
	fmt.Fprintf(&m.Builder, "## %s palette-ecr %s: %s\n", exitEmoji(r), md(r.Command), md(headline(r)))
	counts := count(r).String()
	if r.Now != nil {
		counts = strings.TrimSuffix(outcome(r)+" · "+counts, " · ")
	}
	if counts != "" {
		m.WriteString("\n" + counts + "\n")
	}
	if r.Error != "" {
		m.WriteString("\n> **Cause:** " + md(r.Error) + "\n")
		if r.Remedy != "" {
			m.WriteString(">\n> **Next:** " + md(r.Remedy) + "\n")
		}
	} else if r.Remedy != "" {
		m.WriteString("\n> **Next:** " + md(r.Remedy) + "\n")
	}
	var facts []string
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, "**"+name+"** "+mdCode(value))
		}
	}
	add("Destination", r.Target.Destination)
	add("Values", r.Target.Values)
	add("Release", r.Target.Release)
	add("Hub", r.Target.Hub)
	if n := len(r.Target.Spokes); n > 4 {
		facts = append(facts, fmt.Sprintf("**Spokes** %d", n))
	} else {
		add("Spokes", strings.Join(r.Target.Spokes, ", "))
	}
	if len(facts) > 0 {
		m.WriteString("\n" + strings.Join(facts, " · ") + "\n")
	}
}

func (m *markdown) stages(stages []Stage) {
	if len(stages) == 0 {
		return
	}
	m.WriteString("\n### Stages\n")
	m.table("", "Stage", "Time", "")
	for _, s := range stages {
		took := seconds(s.Seconds)
		if s.Outcome != Done && s.Seconds < 0.05 {
			took = ""
		}
		text := md(stageText(s))
		for _, note := range shortNotes(s.Notes) {
			text += "<br>- " + md(note)
		}
		m.row(outcomeEmoji(s.Outcome), md(s.Name), took, text)
	}
}

func (m *markdown) findings(findings []Finding) {
	sorted := bySeverity(findings)
	if len(sorted) == 0 {
		return
	}
	m.WriteString("\n### Findings\n")
	m.table("", "Rule", "Place", "Finding", "Fix")
	for i, f := range sorted {
		if i == openRows && len(sorted) > openRows+5 && m.left == 0 {
			fmt.Fprintf(&m.Builder, "\n<details><summary>%d more</summary>\n", len(sorted)-openRows)
			m.table("", "Rule", "Place", "Finding", "Fix")
			defer m.WriteString("\n</details>\n")
		}
		place := ""
		if s := f.Place.String(); s != "" {
			place = mdCode(s)
		}
		if f.Place.Path != "" {
			place += "<br>" + mdCode(f.Place.Path)
		}
		m.row(severityEmoji(f.Severity), md(f.Rule), place, md(f.Message), md(f.Remedy))
	}
}

var mdSpecial = strings.NewReplacer(
	"&", "&amp;", "<", "&lt;", ">", "&gt;", // no tag of theirs
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`, "#", `\#`, "!", `\!`,
)

// md is text that means nothing else in a Markdown table or paragraph, cut when it is very long.
func md(s string) string {
	if utf8.RuneCountInString(s) > cellLimit {
		s = string([]rune(s)[:cellLimit]) + "…"
	}
	return mdSpecial.Replace(strings.TrimSpace(printable(s)))
}

// mdCode is md in the font for code.
func mdCode(s string) string { return "<code>" + md(s) + "</code>" }
