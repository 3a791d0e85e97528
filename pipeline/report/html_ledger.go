package report

import (
	"fmt"
	"reflect"
)

// openRowsOfClusters is how many clusters a page shows without a click, besides those where something does not hold.
const openRowsOfClusters = 8

// pageMatrix is the matrix of proofs, split into rows to see at once and the rest.
type pageMatrix struct {
	Names       []string
	First, Rest []pageRow
}

type pageRow struct {
	Cluster string
	Cells   []pageCell
}

type pageCell struct {
	Sign, Tone, Words, Until, Link string
}

// pageMatrixOf is nil when there is nothing that a list would not show as well.
func pageMatrixOf(r *Report) *pageMatrix {
	m := matrixOf(r)
	if len(m.Names) == 0 {
		return nil
	}
	p := &pageMatrix{Names: m.Names}
	for i, row := range m.Rows {
		shown := pageRow{Cluster: rowName(row)}
		for _, c := range row.Cells {
			shown.Cells = append(shown.Cells, pageCellOf(c))
		}
		if row.worst() > 0 || i < openRowsOfClusters || len(m.Rows) <= openRowsOfClusters+2 {
			p.First = append(p.First, shown)
		} else {
			p.Rest = append(p.Rest, shown)
		}
	}
	return p
}

func pageCellOf(c matrixCell) pageCell {
	if c.Proof == nil {
		if c.Missing {
			return pageCell{Sign: "·", Tone: "warn", Words: "not looked at"}
		}
		return pageCell{}
	}
	out := pageCell{Sign: c.Proof.Verdict.sign(), Words: string(c.Proof.Verdict), Tone: verdictTone(c.Proof.Verdict), Link: proofID(c.Index)}
	if c.Proof.Verdict == Held && !c.Proof.ExpiresAt.IsZero() {
		out.Until = c.Proof.ExpiresAt.UTC().Format("15:04")
	}
	return out
}

func proofID(i int) string { return fmt.Sprintf("proof-%d", i+1) }

func verdictTone(v Verdict) string {
	switch v {
	case Held:
		return "good"
	case Broken:
		return "bad"
	}
	return "warn"
}

// pictures are the pictures of the previous and the present state, as far as the command looked.
func pictures(r *Report) []picture {
	var all []picture
	if r.Before != nil && !reflect.DeepEqual(r.Before, r.Now) { // the same picture twice says nothing
		all = append(all, pictureOf("Before", r.Before))
	}
	if r.Now != nil {
		all = append(all, pictureOf("Now", r.Now))
	}
	return all
}

// pagePlan is a plan with its diffs as lines.
type pagePlan struct {
	*Plan
	Copying string
	Changes string
	Diffs   []pageDiff
}

type pageDiff struct {
	Name  string
	Lines []diffLine
}

func pagePlanOf(r *Report) *pagePlan {
	if r.Plan == nil {
		return nil
	}
	p := &pagePlan{Plan: r.Plan, Copying: r.Plan.copying()}
	if r.Changes != nil {
		p.Changes = r.Changes.String()
	}
	for _, d := range []struct{ name, text string }{{"Values", r.Plan.Values}, {"Manifests", r.Plan.Manifests}} {
		if d.text != "" {
			p.Diffs = append(p.Diffs, pageDiff{d.name, diffLines(d.text)})
		}
	}
	return p
}
