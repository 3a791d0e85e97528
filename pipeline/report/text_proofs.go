package report

import (
	"fmt"
	"strings"
)

// shownEvidence is how much of a proof's bad evidence is written out, unless all is asked for.
const shownEvidence = 5

// narrow is the width in columns below which the verdict is its mark alone.
const narrow = 80

// proofs writes one row a proof: mark, name, cluster, verdict and summary; below one that did not hold its
// cause, what to do, and the evidence.
func (t *textWriter) proofs(proofs []Proof) {
	if len(proofs) == 0 {
		return
	}
	t.heading("Proofs")
	if !t.all && len(proofs) > openProofs {
		proofs = foldHeld(proofs)
	}
	names, clusters, verdicts := 0, 0, 0
	for _, p := range proofs {
		names = max(names, width(printable(p.Name)))
		clusters = max(clusters, width(printable(p.Cluster)))
		verdicts = max(verdicts, width(string(p.Verdict)))
	}
	if t.width < narrow { // the mark says it too
		verdicts = 0
	}
	indent := 4 + names + 2
	if verdicts > 0 {
		indent += verdicts + 2
	}
	if clusters > 0 {
		indent += clusters + 2
	}
	for _, p := range proofs {
		lead := "  " + t.verdict(p.Verdict, p.Verdict.sign()) + " " + pad(printable(p.Name), names) + "  "
		if clusters > 0 {
			lead += t.dim(pad(printable(p.Cluster), clusters)) + "  "
		}
		if verdicts > 0 {
			lead += t.verdict(p.Verdict, pad(string(p.Verdict), verdicts)) + "  "
		}
		t.item(lead, indent, p.Summary, nil)
		t.labelled(6, "cause", p.Cause, t.dim)
		t.labelled(6, "next", p.Remedy, t.cyan)
		t.evidence(p)
	}
}

// evidence writes what was not as it should be, and counts the rest.
func (t *textWriter) evidence(p Proof) {
	if p.Verdict == Held && !t.all {
		return
	}
	bad, good := 0, 0
	for _, e := range p.Evidence {
		if e.OK {
			good++
		} else {
			bad++
		}
		if !t.all && (e.OK || bad > shownEvidence) {
			continue
		}
		sign := t.red("✗")
		if e.OK {
			sign = t.green("✓")
		}
		t.item("      "+sign+" ", 8, e.Object+": "+e.Seen, nil)
	}
	if t.all {
		return
	}
	var rest []string
	if bad > shownEvidence {
		rest = append(rest, fmt.Sprintf("%d more like this", bad-shownEvidence))
	}
	if good > 0 && bad > 0 {
		rest = append(rest, fmt.Sprintf("%d as they should be", good))
	}
	if len(rest) > 0 {
		t.line(t.dim("      … and " + strings.Join(rest, ", ")))
	}
}

// foldHeld puts the proofs of one name that held in several clusters into one, in the place of the first.
func foldHeld(proofs []Proof) []Proof {
	held := make(map[string][]Proof)
	for _, p := range proofs {
		if p.Verdict == Held && p.Cluster != "" {
			held[p.Name] = append(held[p.Name], p)
		}
	}
	var folded []Proof
	for _, p := range proofs {
		same := held[p.Name]
		if p.Verdict != Held || p.Cluster == "" || len(same) < 2 {
			folded = append(folded, p)
			continue
		}
		if p.Cluster != same[0].Cluster {
			continue
		}
		p.Cluster = Counted(len(same), "cluster")
		for _, other := range same {
			if other.Summary != p.Summary {
				p.Summary = "all as it should be"
			}
		}
		folded = append(folded, p)
	}
	return folded
}
