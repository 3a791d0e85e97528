// Package proof is the ledger of proofs: what was proven, by this run or by earlier ones, and what a gate still
// lacks. A gate asks the ledger and nobody else; unknown is never success.
package proof

import (
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Ledger holds the newest proof of each name and cluster.
type Ledger struct {
	proofs []report.Proof
}

// NewLedger returns a ledger of proofs, older ones first.
func NewLedger(proofs ...report.Proof) *Ledger {
	l := &Ledger{}
	l.Add(proofs...)
	return l
}

// Add takes proofs in. A newer one replaces the one of the same name and cluster, whatever its verdict: what a later
// look contradicts is revoked.
func (l *Ledger) Add(proofs ...report.Proof) {
	for _, p := range proofs {
		l.proofs = slices.DeleteFunc(l.proofs, func(old report.Proof) bool { return old.Name == p.Name && old.Cluster == p.Cluster })
		l.proofs = append(l.proofs, p)
	}
}

// All returns the proofs in the order in which they came.
func (l *Ledger) All() []report.Proof { return slices.Clone(l.proofs) }

// Named returns the proofs with one of the names.
func (l *Ledger) Named(names ...string) []report.Proof {
	return slices.DeleteFunc(l.All(), func(p report.Proof) bool { return !slices.Contains(names, p.Name) })
}

// Need is a proof that a gate wants. An empty Cluster stands for any: one is enough.
type Need struct{ Name, Cluster string }

// Needs returns what turning Zot off takes: one rendered, closure and push, and ready, pull and unused of every
// cluster, since a cluster that nothing is proven of may still need Zot.
func Needs(clusters ...string) []Need {
	needs := []Need{{Name: report.ProofRendered}, {Name: report.ProofClosure}}
	for _, name := range []string{report.ProofReady, report.ProofPull, report.ProofUnused} {
		for _, c := range clusters {
			needs = append(needs, Need{name, c})
		}
	}
	return append(needs, Need{Name: report.ProofPush})
}

// Missing returns those needs that no proof meets which is held and has not expired.
func (l *Ledger) Missing(now time.Time, needs ...Need) []Need {
	return slices.DeleteFunc(slices.Clone(needs), func(n Need) bool {
		return slices.ContainsFunc(l.proofs, func(p report.Proof) bool {
			return p.Name == n.Name && (p.Cluster == n.Cluster || n.Cluster == "") && p.Verdict == report.Held && p.ExpiresAt.After(now)
		})
	})
}

// Expiry returns when the first of the proofs ceases to count; zero without any.
func Expiry(proofs []report.Proof) time.Time {
	if len(proofs) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(proofs, func(a, b report.Proof) int { return a.ExpiresAt.Compare(b.ExpiresAt) }).ExpiresAt
}
