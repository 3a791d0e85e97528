package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Disabled is a release without Zot.
type Disabled struct {
	Validation Validation

	entry Entry
}

// Entry returns what disable-zot did.
func (d Disabled) Entry() Entry { return d.entry }

func (d Disabled) edit() *values.Rendered { return d.Validation.edit() }

// DisableZot turns Zot off. It takes nobody's word for it: every proof must be there, held and fresh.
func DisableZot(ctx context.Context, w *world.World, s *state.State, in Validation) (Disabled, error) {
	done := Disabled{Validation: in}
	off, err := s.CutOver(w.Destination)
	if err != nil {
		return done, err
	}
	if off {
		done.entry.Skip = "Zot is off already"
		return done, nil
	}
	if err := mayDisableZot(w, s, in.Proofs); err != nil {
		return done, err
	}
	given := in.Deployment.values().Given
	if given.AsIs {
		done.entry.Skip = "the values are taken as they are: set zot.enabled to false in them, and deploy"
		return done, nil
	}
	without, err := given.edit(w, s, true)
	if err != nil {
		return done, err
	}
	if err := without.refuseLoss(w, s); err != nil {
		return done, err
	}
	// The file may have changed since the proof of it was made.
	p, err := proveRendered(w, s, without.Values)
	if err == nil {
		err = proof.Refuse(p)
	}
	if err != nil {
		return done, err
	}
	done.Validation.Deployment.Copied.Linted.Rendered = without
	result, err := apply(ctx, w, s, without)
	done.entry.Changed = true
	if err != nil {
		return done, err
	}
	done.entry.Summary = fmt.Sprintf("zot.enabled is false since revision %d; its volume stays", result.Revision)
	return done, nil
}

// mayDisableZot is the gate: without every proof, Zot stays.
func mayDisableZot(w *world.World, s *state.State, made []report.Proof) error {
	ledger := proof.NewLedger(append(s.Journal.Fresh(w.Now(), w.Destination.URL()), made...)...)
	var clusters []string
	for _, c := range w.Clusters() {
		clusters = append(clusters, c.Name)
	}
	for _, missing := range ledger.Missing(w.Now(), proof.Needs(clusters...)...) {
		where := ""
		if missing.Cluster != "" {
			where = fmt.Sprintf(" of cluster %q", missing.Cluster)
		}
		return fault.New(fault.Refused, "run `palette-ecr validate`, which makes every proof, or `palette-ecr run`",
			"disabling Zot: the proof %q%s is missing or has expired", missing.Name, where)
	}
	return nil
}
