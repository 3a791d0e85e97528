package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// disableZot turns Zot off. It takes nobody's word for it: every proof must be there, held and fresh.
func disableZot(ctx context.Context, s *session) (summary, error) {
	if s.zotIsOff() {
		return summary{skip: "Zot is off already"}, nil
	}
	if err := s.mayDisable(); err != nil {
		return summary{}, err
	}
	if s.AsIs {
		return summary{skip: "the values are taken as they are: set zot.enabled to false in them, and deploy"}, nil
	}
	if _, err := s.renderValues(true); err != nil {
		return summary{}, err
	}
	// The file may have changed since the proof of it was made.
	p, err := s.judgeRendered(s.wanted)
	if err == nil {
		err = refuse(p)
	}
	if err != nil {
		return summary{}, err
	}
	result, err := s.apply(ctx, s.wanted)
	if err != nil {
		return summary{}, err
	}
	return summary{text: fmt.Sprintf("zot.enabled is false since revision %d; its volume stays", result.Revision)}, nil
}

// mayDisable is the gate: without every proof, Zot stays. A cluster that nothing is proven of may still need it.
func (s *session) mayDisable() error {
	known := append(s.journal.Fresh(s.Now(), s.destination.URL()), s.report.Proofs...)
	for _, name := range []string{report.ProofRendered, report.ProofClosure, report.ProofReady, report.ProofPull, report.ProofPush} {
		for _, cluster := range s.provenOn(name) {
			held := slices.ContainsFunc(known, func(p report.Proof) bool {
				return p.Name == name && (p.Cluster == cluster || cluster == "") && p.Verdict == report.Held && p.ExpiresAt.After(s.Now())
			})
			if held {
				continue
			}
			where := ""
			if cluster != "" {
				where = fmt.Sprintf(" of cluster %q", cluster)
			}
			return fault.New(fault.Refused, "run `palette-ecr validate`, which makes every proof, or `palette-ecr run`",
				"disabling Zot: the proof %q%s is missing or has expired", name, where)
		}
	}
	return nil
}

// provenOn gives the clusters that a proof is needed of; "" is that one is enough.
func (s *session) provenOn(proof string) []string {
	if proof != report.ProofReady && proof != report.ProofPull {
		return []string{""}
	}
	var names []string
	for _, c := range s.clusters() {
		names = append(names, c.Name)
	}
	return names
}
