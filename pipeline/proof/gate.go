package proof

import (
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Gate returns the error that ends a stage when a proof does not hold: Unproven, or Failed.
func Gate(p report.Proof) error {
	where := ""
	if p.Cluster != "" {
		where = " on " + p.Cluster
	}
	switch p.Verdict {
	case report.Held:
		return nil
	case report.Unproven:
		return fault.New(fault.Unproven, p.Remedy, "proving %s%s: unproven: %s", p.Name, where, p.Cause)
	}
	return fault.New(fault.Failed, p.Remedy, "proving %s%s: %s", p.Name, where, p.Cause)
}

// Refuse is Gate before anything was touched: its error is a refusal.
func Refuse(p report.Proof) error {
	if err := Gate(p); err != nil {
		return fault.New(fault.Refused, fault.RemedyOf(err), "%w", err)
	}
	return nil
}

// Worst returns the error of the most severe proof: one that failed before one that is unproven.
func Worst(proofs []report.Proof) error {
	var unproven error
	for _, p := range proofs {
		err := Gate(p)
		if p.Verdict == report.Broken {
			return err
		}
		if unproven == nil {
			unproven = err
		}
	}
	return unproven
}
