package report

import (
	"fmt"
	"slices"
	"strings"
)

// standings says in words what the page of HTML draws.
func (m *markdown) standings(r *Report) {
	if r.Before == nil && r.Now == nil {
		return
	}
	m.table("", "Where artifacts come from")
	if r.Before != nil {
		m.row("Before", md(r.Before.words()))
	}
	if r.Now != nil {
		m.row("Now", md(r.Now.words()))
	}
}

// matrix writes a row for each cluster and a column for each proof.
func (m *markdown) matrix(r *Report) {
	all := matrixOf(r)
	if len(all.Names) == 0 {
		return
	}
	m.WriteString("\n### Proofs\n")
	var heads []string
	for _, name := range all.Names {
		heads = append(heads, md(name))
	}
	head := func() { m.table(append([]string{"Cluster"}, heads...)...) }
	head()
	folded := 0
	for i, row := range all.Rows {
		if row.worst() == 0 && i >= openRowsOfClusters && len(all.Rows) > openRowsOfClusters+2 {
			if folded++; folded == 1 {
				fmt.Fprintf(&m.Builder, "\n<details><summary>%d more clusters where every proof holds</summary>\n", len(all.Rows)-i)
				head()
			}
		}
		cells := []string{md(rowName(row))}
		for _, c := range row.Cells {
			cells = append(cells, mdCell(c))
		}
		m.row(cells...)
	}
	if folded > 0 {
		m.WriteString("\n</details>\n")
	}
}

func mdCell(c matrixCell) string {
	cell := pageCellOf(c)
	switch {
	case c.Proof == nil:
		return cell.Words
	case cell.Until != "":
		return verdictEmoji(c.Proof.Verdict) + " until " + cell.Until
	}
	return verdictEmoji(c.Proof.Verdict) + " " + md(cell.Words)
}

// proofs writes a row for each proof, or, when they are many, for each that does not hold.
func (m *markdown) proofs(proofs []Proof) {
	if len(proofs) == 0 {
		return
	}
	if len(proofs) > openProofs { // the matrix has those that hold
		proofs = slices.DeleteFunc(slices.Clone(proofs), func(p Proof) bool { return p.Verdict == Held })
	}
	if len(proofs) == 0 {
		return
	}
	m.table("", "Proof", "Cluster", "Verdict", "")
	for _, p := range proofs {
		text := md(p.Summary)
		if p.Cause != "" {
			text += "<br>**Cause:** " + md(p.Cause)
		}
		if p.Remedy != "" {
			text += "<br>**Next:** " + md(p.Remedy)
		}
		if p.Verdict != Held {
			bad := 0
			for _, e := range p.Evidence {
				if e.OK {
					continue
				}
				if bad++; bad <= shownEvidence {
					text += "<br>✗ " + mdCode(e.Object) + " " + md(e.Seen)
				}
			}
			if bad > shownEvidence {
				text += fmt.Sprintf("<br>… and %d more like this", bad-shownEvidence)
			}
		}
		m.row(verdictEmoji(p.Verdict), md(p.Name), md(p.Cluster), string(p.Verdict), text)
	}
}

// ledger writes what was left by name, and what was broken before.
func (m *markdown) ledger(r *Report) {
	if len(r.Waivers) > 0 {
		m.WriteString("\n### Left by name\n")
		m.table("Name", "Flag", "What that means")
		for _, w := range r.Waivers {
			m.row(mdCode(w.Name), mdCode(w.Flag), md(w.Effect))
		}
	}
	if b := r.Baseline; b != nil {
		m.WriteString("\n### Before anything was touched\n")
		if len(b.Broken) > 0 {
			m.table("", "Cluster", "Object", "What was wrong")
			for _, broke := range b.Broken {
				mark := "❌ broken"
				if broke.Accepted {
					mark = "⚠️ accepted"
				}
				m.row(mark, md(broke.Cluster), mdCode(broke.Object), md(broke.Seen))
			}
		}
		m.WriteString("\n" + b.sound() + "\n")
	}
}

// plan writes what would be done.
func (m *markdown) plan(r *Report) {
	p := r.Plan
	if p == nil {
		return
	}
	m.WriteString("\n### Plan\n\n")
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&m.Builder, "- **%s** %s\n", name, text)
		}
	}
	if r.Changes != nil {
		line("Changes", r.Changes.String())
	}
	line("To copy", p.copying())
	var restarts []string
	for _, object := range p.Restarts {
		restarts = append(restarts, mdCode(object))
	}
	line("Restarts", strings.Join(restarts, ", "))
	for _, final := range p.Final {
		line("Can't be undone", md(final))
	}
	for _, unknown := range p.Unknown {
		line("Not seen", md(unknown))
	}
	if p.Hash != "" {
		line("Hash", mdCode(p.Hash))
	}
	m.objects(p.Objects)
	m.diff("Values", p.Values)
	m.diff("Manifests", p.Manifests)
}

// objects writes a row for each object, behind a click when they are many.
func (m *markdown) objects(all []PlannedObject) {
	if len(all) == 0 {
		return
	}
	many := len(all) > openObjects
	if many {
		fmt.Fprintf(&m.Builder, "\n<details><summary>%d objects</summary>\n", len(all))
	}
	m.table("", "Object", "Stage")
	for i, o := range all {
		if i == mostObjectRows {
			m.row("", fmt.Sprintf("… and %d more", len(all)-i), "")
			break
		}
		stage := o.Stage
		if o.Note != "" {
			stage += ": " + o.Note
		}
		m.row(o.Action, mdCode(o.Object), md(stage))
	}
	if many {
		m.WriteString("\n</details>\n")
	}
}

// openObjects is how many objects of a plan are seen without a click, and mostObjectRows how many at all.
const (
	openObjects    = 20
	mostObjectRows = 300
)

// diff writes a diff behind a click, or counts its lines when it would not fit.
func (m *markdown) diff(name, diff string) {
	if diff == "" {
		return
	}
	lines := diffLines(diff)
	var text strings.Builder
	for _, line := range lines {
		text.WriteString(printable(line.Text) + "\n")
	}
	fence := "```"
	for strings.Contains(diff, fence) {
		fence += "`"
	}
	block := fmt.Sprintf("\n<details><summary>%s</summary>\n\n%sdiff\n%s%s\n\n</details>\n", name, fence, text.String(), fence)
	if m.left > 0 || m.Len()+len(block) > summaryLimit/2 {
		fmt.Fprintf(&m.Builder, "\n%s: a diff of %s, which would not fit into this summary.\n", name, Counted(len(lines), "line"))
		return
	}
	m.WriteString(block)
}
