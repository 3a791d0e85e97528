package report

import (
	"cmp"
	"slices"
)

// matrix is proofs by cluster: a row for each cluster, a column for each proof.
type matrix struct {
	Names []string // of the proofs
	Rows  []matrixRow
}

type matrixRow struct {
	Cluster string // "" is the whole installation
	Cells   []matrixCell
}

// matrixCell is one proof, or none: then Proof is nil, and Missing reports whether there should be one.
type matrixCell struct {
	Proof   *Proof
	Index   int // of the proof in the report
	Missing bool
}

// everywhere are the proofs that each cluster needs.
var everywhere = []string{ProofReady, ProofPull}

// order of the proofs' columns; others follow.
var order = []string{ProofRendered, ProofClosure, ProofReady, ProofPull, ProofPush, ProofUnused}

func matrixOf(r *Report) matrix {
	var m matrix
	clusters := clustersOf(r)
	for _, p := range r.Proofs {
		if !slices.Contains(m.Names, p.Name) {
			m.Names = append(m.Names, p.Name)
		}
	}
	slices.SortStableFunc(m.Names, func(a, b string) int {
		return cmp.Compare(uint(slices.Index(order, a)), uint(slices.Index(order, b))) //nolint:gosec // -1, unknown, is last
	})
	at := make(map[[2]string]int, len(r.Proofs))
	for i, p := range r.Proofs {
		at[[2]string{p.Cluster, p.Name}] = i
	}
	for _, cluster := range clusters {
		row := matrixRow{Cluster: cluster}
		for _, name := range m.Names {
			if i, ok := at[[2]string{cluster, name}]; ok {
				row.Cells = append(row.Cells, matrixCell{Proof: &r.Proofs[i], Index: i})
			} else {
				row.Cells = append(row.Cells, matrixCell{Missing: cluster != "" && slices.Contains(everywhere, name)})
			}
		}
		m.Rows = append(m.Rows, row)
	}
	// What does not hold comes first, but for the installation and the hub, which people look for at the top.
	slices.SortStableFunc(m.Rows, func(a, b matrixRow) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(b.worst(), a.worst()))
	})
	return m
}

// clustersOf lists the clusters of the report's proofs and of its target, in their order there.
func clustersOf(r *Report) []string {
	var clusters []string
	add := func(name string) {
		if !slices.Contains(clusters, name) {
			clusters = append(clusters, name)
		}
	}
	known := make(map[string]bool)
	for _, p := range r.Proofs {
		if !known[p.Cluster] {
			known[p.Cluster] = true
			clusters = append(clusters, p.Cluster)
		}
	}
	for _, spoke := range r.Target.Spokes {
		if len(known) > 0 && !(len(known) == 1 && known[""]) { // else no cluster was looked at
			add(spoke)
		}
	}
	return clusters
}

// rowName is the cluster's name, or says that the proofs are about no cluster.
func rowName(r matrixRow) string { return cmp.Or(r.Cluster, "installation") }

func (r matrixRow) rank() int {
	switch r.Cluster {
	case "":
		return 0
	case "hub":
		return 1
	}
	return 2
}

// worst is 0 when every proof of the row holds, and more the worse it is.
func (r matrixRow) worst() int {
	worst := 0
	for _, c := range r.Cells {
		worst = max(worst, c.weight())
	}
	return worst
}

func (c matrixCell) weight() int {
	switch {
	case c.Proof == nil && c.Missing:
		return 1
	case c.Proof == nil || c.Proof.Verdict == Held:
		return 0
	case c.Proof.Verdict == Broken:
		return 3
	}
	return 2
}
