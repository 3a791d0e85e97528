package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMatrix(t *testing.T) {
	t.Parallel()
	r := &Report{
		Target: Target{Spokes: []string{"a", "b", "c"}},
		Proofs: []Proof{
			{Name: "own", Cluster: "a", Verdict: Held}, {Name: ProofPush, Cluster: "hub", Verdict: Held},
			{Name: ProofReady, Cluster: "a", Verdict: Held}, {Name: ProofReady, Cluster: "hub", Verdict: Held},
			{Name: ProofReady, Cluster: "b", Verdict: Broken}, {Name: ProofRendered, Verdict: Unproven},
		},
	}
	m := matrixOf(r)
	assert.Equal(t, []string{ProofRendered, ProofReady, ProofPush, "own"}, m.Names, "in the order in which gates need them")
	var rows []string
	for _, row := range m.Rows {
		text := row.Cluster + ":"
		for _, c := range row.Cells {
			switch {
			case c.Proof != nil:
				text += " " + string(c.Proof.Verdict)
				assert.Same(t, &r.Proofs[c.Index], c.Proof)
			case c.Missing:
				text += " missing"
			default:
				text += " -"
			}
		}
		rows = append(rows, text)
	}
	assert.Equal(t, []string{
		": unproven - - -",
		"hub: - held held -",
		"b: - failed - -",
		"c: - missing - -", // a spoke that nobody looked at is not one that is in order
		"a: - held - held",
	}, rows)
	assert.Empty(t, matrixOf(&Report{Target: r.Target}).Names)
	assert.Len(t, matrixOf(&Report{Target: r.Target, Proofs: []Proof{{Name: ProofRendered}}}).Rows, 1, "no cluster was looked at")
}
