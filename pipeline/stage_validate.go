package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
)

// validateCutover proves that clusters pull and hue pushes. Proofs of an earlier run that still count are not
// made anew: a canary is a write.
func validateCutover(ctx context.Context, s *session) (summary, error) {
	if !s.switched() {
		return summary{}, fault.New(fault.Refused, "run `palette-ecr deploy` first, or `palette-ecr run`",
			"validating release %s: hue does not push to %s yet", s.report.Target.Release, s.destination.URL())
	}
	fresh := s.journal.Fresh(s.Now(), s.destination.URL())
	made, err := s.proveRest(ctx, fresh)
	if err != nil {
		return summary{}, err
	}
	o := s.validation()
	o.ReadOnly = complete(fresh, s)
	var proofs []report.Proof
	if o.ReadOnly {
		proofs = validate.AllReady(ctx, s.fleet(), o)
		proofs = append(proofs, pick(fresh, report.ProofPull, report.ProofPush)...)
	} else {
		verdicts := validate.Clusters(ctx, s.fleet()[0], s.fleet()[1:], o)
		proofs = verdicts.Proofs
		s.journal.Leave(verdicts.Leftovers)
	}
	s.report.Proofs = append(s.report.Proofs, proofs...)
	if err := worst(proofs); err != nil {
		if ctx.Err() == nil {
			// What held before and does not now must not let disable-zot pass.
			s.journal.Prove(proofs)
			err = errors.Join(err, s.journal.Save(ctx))
		}
		return summary{}, err
	}
	if o.ReadOnly {
		skipped := summary{skip: fmt.Sprintf("proven before, and until %s; looked again at what can be seen without a write", expiry(fresh).Format("15:04 MST"))}
		if !made {
			return skipped, nil
		}
		s.journal.Prove(s.report.Proofs)
		return skipped, s.journal.Save(ctx)
	}
	s.journal.Prove(s.report.Proofs)
	return summary{text: fmt.Sprintf("%d proofs hold", len(proofs))}, s.journal.Save(ctx)
}

// proveRest makes the proofs of earlier stages that neither this run nor an earlier one has made: stage by stage,
// each stage is a run of its own, and what copy proved was before the switch.
func (s *session) proveRest(ctx context.Context, fresh []report.Proof) (made bool, err error) {
	known := slices.Concat(fresh, s.report.Proofs)
	if len(pick(known, report.ProofRendered)) == 0 {
		wanted, err := s.want()
		if err != nil {
			return false, err
		}
		if err := s.proveRendered(wanted); err != nil {
			return false, err
		}
		made = true
	}
	if len(pick(known, report.ProofClosure)) == 0 {
		return true, s.proveClosure(ctx)
	}
	return made, nil
}

// expiry tells when the first of the proofs ceases to count.
func expiry(proofs []report.Proof) time.Time {
	return slices.MinFunc(proofs, func(a, b report.Proof) int { return a.ExpiresAt.Compare(b.ExpiresAt) }).ExpiresAt
}

// validation is what proofs about clusters need to know.
func (s *session) validation() validate.Config {
	return validate.Config{
		Destination: s.destination, Namespace: s.Target.Release.Namespace, Identity: s.Target.Identity.RoleARN,
		Images: s.registry.Images, SwitchedAt: s.journal.SwitchedAt, Copied: s.journal.Copied,
		Timeout: s.Timeout, PushWait: s.PushWait, Progress: s.Progress, Now: s.Now,
	}
}

// fleet are the hub and every spoke, with the address at which each reads from Zot.
func (s *session) fleet() []validate.Cluster {
	var all []validate.Cluster
	for _, c := range s.clusters() {
		all = append(all, validate.Cluster{Cluster: c, Source: s.sourceURL()})
	}
	return all
}

// complete reports whether proofs of an earlier run cover every cluster, and pushing.
func complete(fresh []report.Proof, s *session) bool {
	for _, c := range s.clusters() {
		if !slices.ContainsFunc(fresh, func(p report.Proof) bool { return p.Name == report.ProofPull && p.Cluster == c.Name }) {
			return false
		}
	}
	return slices.ContainsFunc(fresh, func(p report.Proof) bool { return p.Name == report.ProofPush })
}

func pick(proofs []report.Proof, names ...string) []report.Proof {
	return slices.DeleteFunc(slices.Clone(proofs), func(p report.Proof) bool { return !slices.Contains(names, p.Name) })
}

func broken(p report.Proof) bool { return p.Verdict == report.Broken }

// worst gives the error of the proof that weighs most: one that failed before one that is unproven.
func worst(proofs []report.Proof) error {
	var unproven error
	for _, p := range proofs {
		err := gate(p)
		if broken(p) {
			return err
		}
		if unproven == nil {
			unproven = err
		}
	}
	return unproven
}
