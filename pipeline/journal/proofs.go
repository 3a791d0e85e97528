package journal

import (
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// mostEvidence is how many lines of evidence of a proof are kept: a Secret holds 1 MiB, and a fleet has many clusters.
const mostEvidence = 10

// Prove keeps proofs that held; a newer one replaces the one of the same name and cluster. One that fails where it held
// before is revoked, until it holds again.
func (j *Journal) Prove(proofs []report.Proof) {
	for _, p := range proofs {
		same := func(other report.Proof) bool { return other.Name == p.Name && other.Cluster == p.Cluster }
		held, revoked := slices.ContainsFunc(j.Proofs, same), slices.ContainsFunc(j.Revoked, same)
		j.Proofs = slices.DeleteFunc(j.Proofs, same)
		p.Evidence = slices.Clone(p.Evidence[:min(len(p.Evidence), mostEvidence)])
		switch {
		case p.Verdict == report.Held:
			j.Proofs = append(j.Proofs, p)
			j.Revoked = slices.DeleteFunc(j.Revoked, same)
		case p.Verdict == report.Broken && (held || revoked):
			j.Revoked = append(slices.DeleteFunc(j.Revoked, same), p)
		}
	}
}

// RevokedOf returns how a proof failed that had held before; nil is none. An empty cluster stands for any.
func (j *Journal) RevokedOf(name, cluster string) *report.Proof {
	for _, p := range j.Revoked {
		if p.Name == name && (cluster == "" || p.Cluster == cluster) {
			return &p
		}
	}
	return nil
}

// Fresh returns the proofs about a destination that still count.
func (j *Journal) Fresh(now time.Time, destination string) []report.Proof {
	if j.Destination != destination {
		return nil
	}
	var fresh []report.Proof
	for _, p := range j.Proofs {
		if p.Verdict == report.Held && p.ExpiresAt.After(now) && !p.ObservedAt.After(now.Add(time.Minute)) {
			fresh = append(fresh, p)
		}
	}
	return fresh
}
