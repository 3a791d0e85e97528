package report

import "strings"

// ledger writes what was left by name, and what was broken before.
func (t *textWriter) ledger(r *Report) {
	if len(r.Waivers) > 0 {
		t.heading("Left by name")
		for _, w := range r.Waivers {
			t.item("  ", 2, w.Name+" ("+w.Flag+"): "+w.Effect, nil)
		}
	}
	if r.Baseline == nil {
		return
	}
	t.heading("Before anything was touched")
	for _, b := range r.Baseline.Broken {
		sign, text := t.red("✗"), b.Object+": "+b.Seen
		if b.Cluster != "" {
			text = b.Cluster + ", " + text
		}
		if b.Accepted {
			sign, text = t.yellow("~"), text+" (accepted)"
		}
		t.item("  "+sign+" ", 4, text, nil)
	}
	t.item("  "+t.green("✓")+" ", 4, r.Baseline.sound(), nil)
}

// diff writes a diff, each line as it is but for what a terminal would obey.
func (t *textWriter) diff(diff string) {
	if diff == "" {
		return
	}
	for _, line := range diffLines(diff) {
		t.line("  " + t.diffLine(strings.TrimRight(tame(line.Text), " ")))
	}
	t.line("")
}
