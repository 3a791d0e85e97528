package proof_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// held is a proof that counts from five to noon until one hour later.
func held(name, on string) report.Proof {
	return report.Proof{Name: name, Cluster: on, Verdict: report.Held, ObservedAt: noon.Add(-5 * time.Minute), ExpiresAt: noon.Add(55 * time.Minute)}
}

// all are the proofs that turning Zot off takes, with these clusters.
func all(clusters ...string) []report.Proof {
	proofs := []report.Proof{held(report.ProofRendered, ""), held(report.ProofClosure, ""), held(report.ProofPush, "hub")}
	for _, c := range clusters {
		proofs = append(proofs, held(report.ProofReady, c), held(report.ProofPull, c), held(report.ProofUnused, c))
	}
	return proofs
}

func TestGate(t *testing.T) {
	require.NoError(t, proof.Gate(held(report.ProofPull, "hub")))

	p := report.Proof{Name: report.ProofPull, Cluster: "spoke-1", Verdict: report.Broken, Cause: "The role may not.", Remedy: "Allow it."}
	err := proof.Gate(p)
	require.EqualError(t, err, "proving pull on spoke-1: The role may not.")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Equal(t, "Allow it.", fault.RemedyOf(err))
	assert.Equal(t, fault.Refused, fault.CodeOf(proof.Refuse(p)), "before anything is touched, what failed is a refusal")
	assert.Equal(t, "Allow it.", fault.RemedyOf(proof.Refuse(p)))
	require.NoError(t, proof.Refuse(held(report.ProofRendered, "")))

	err = proof.Gate(report.Proof{Name: report.ProofPush, Verdict: report.Unproven, Cause: "No push was seen.", Remedy: "Wait."})
	require.EqualError(t, err, "proving push: unproven: No push was seen.")
	assert.Equal(t, fault.Unproven, fault.CodeOf(err))

	assert.Error(t, proof.Gate(report.Proof{Name: report.ProofPush}), "a proof without a verdict holds nothing")
}

func TestWorst(t *testing.T) {
	unproven := func(cause string) report.Proof {
		return report.Proof{Name: "push", Verdict: report.Unproven, Cause: cause}
	}
	broken := func(cause string) report.Proof {
		return report.Proof{Name: "pull", Verdict: report.Broken, Cause: cause}
	}
	require.NoError(t, proof.Worst(nil))
	require.NoError(t, proof.Worst(all("hub")))
	require.EqualError(t, proof.Worst([]report.Proof{held("ready", "hub"), unproven("a"), unproven("b")}), "proving push: unproven: a")
	require.EqualError(t, proof.Worst([]report.Proof{unproven("a"), broken("b"), broken("c")}), "proving pull: b")
	require.Error(t, proof.Worst([]report.Proof{held("ready", "hub"), {Name: "pull"}}), "a proof without a verdict holds nothing")
}

func TestNamed(t *testing.T) {
	ledger := proof.NewLedger(all("hub")...)
	assert.Equal(t, []report.Proof{held(report.ProofPush, "hub"), held(report.ProofPull, "hub")}, ledger.Named(report.ProofPull, report.ProofPush))
	assert.Equal(t, all("hub"), ledger.All(), "the ledger is left as it was")
	assert.Empty(t, ledger.Named("other"))
}

func TestExpiry(t *testing.T) {
	early := held(report.ProofPull, "hub")
	early.ExpiresAt = noon.Add(time.Minute)
	assert.Equal(t, early.ExpiresAt, proof.Expiry([]report.Proof{held("a", ""), early, held("b", "")}))
}

// TestLedgerRevokes: what a later look contradicts counts no more, whatever it was before.
func TestLedgerRevokes(t *testing.T) {
	pull := proof.Need{Name: report.ProofPull, Cluster: "hub"}
	ledger := proof.NewLedger(all("hub", "spoke-1")...)
	require.Empty(t, ledger.Missing(noon, proof.Needs("hub", "spoke-1")...))
	ledger.Add(report.Proof{Name: report.ProofPull, Cluster: "hub", Verdict: report.Broken, ExpiresAt: noon.Add(time.Hour)})
	assert.Equal(t, []proof.Need{pull}, ledger.Missing(noon, proof.Needs("hub", "spoke-1")...), "of the other cluster nothing is revoked")
	ledger.Add(held(report.ProofPull, "hub"))
	assert.Empty(t, ledger.Missing(noon, pull), "and it can be proven again")
	assert.Equal(t, []proof.Need{pull}, ledger.Missing(noon.Add(55*time.Minute), pull), "a proof expires")
}
