package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var disabling = Definition{
	Name: "disable-zot", Does: "turns Zot off, and looks at everything again; its volume stays",
	Needs: Needs{Live: true, Baseline: true, Release: true}, Work: rights.Applying, draft: draftDisableZot,
}

// Disabled is a release without Zot.
type Disabled struct {
	Validation Validation
	Result     *deploy.Result // nil when this run has not turned Zot off

	entry Entry
}

// Entry returns what disable-zot did.
func (d Disabled) Entry() Entry { return d.entry }

func (d Disabled) edit() *values.Rendered { return d.Validation.edit() }

// DisableZot turns Zot off. It takes nobody's word for it: every proof must be there, held and fresh.
func DisableZot(ctx context.Context, w *world.World, s *state.State, in Validation) (Disabled, error) {
	done := Disabled{Validation: in}
	given := in.Deployment.values().Given
	if given.Recover {
		if _, err := recoverPending(ctx, w, s); err != nil {
			return done, err
		}
	}
	off, err := s.CutOver(w.Destination)
	if err != nil {
		return done, err
	}
	if off && !s.Unfinished() {
		done.entry.Skip = "Zot is off already"
		return done, nil
	}
	if err := mayDisableZot(w, s, in.Proofs); err != nil {
		return done, err
	}
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
	before, err := takeBaseline(ctx, w)
	if err != nil {
		return done, err
	}
	done.Result, err = apply(ctx, w, s, without)
	done.entry.Changed = true
	if err != nil {
		return done, err
	}
	done.entry.Proofs, err = proveWithoutZot(ctx, w, s)
	if err == nil {
		err = notWorse(ctx, w, before)
	}
	if err != nil {
		return done, err
	}
	s.Journal.ZotOffAt = w.Now().UTC()
	if err := s.Journal.Save(ctx); err != nil {
		return done, err
	}
	done.entry.Summary = fmt.Sprintf("zot.enabled is false since revision %d; its volume stays, and every workload still reads from ECR", done.Result.Revision)
	return done, nil
}

// proveWithoutZot looks at everything again once Zot is off: that it is gone, since Helm goes on when it may not delete
// an object, and that each workload still reads from ECR without what went with Zot, such as a Secret.
func proveWithoutZot(ctx context.Context, w *world.World, s *state.State) ([]report.Proof, error) {
	off, err := deploy.ZotOff(ctx, w.Hub, deployOptions(w, s))
	if err == nil {
		err = off.Err(w.Hub)
	}
	if err != nil {
		return nil, err
	}
	all, err := atSource(w, s)
	if err != nil {
		return nil, err
	}
	proofs, err := proveReads(ctx, w, s, all)
	if err != nil {
		return proofs, err
	}
	return proofs, proof.Worst(proofs)
}

// UndoDisableZot turns Zot on again, when what was proven before did not hold without it.
func UndoDisableZot(ctx context.Context, w *world.World, s *state.State, done Disabled) (Entry, error) {
	before := done.Validation.Deployment
	switch {
	case done.Result == nil || !done.Result.Changed || done.Result.PreviousRevision == 0:
		return Entry{Skip: "this run has not turned Zot off"}, nil
	case before.Result != nil && before.Result.Changed:
		return Entry{Skip: "undoing deploy turns Zot on as well"}, nil
	}
	w.Progress.Stage("Zot on again")
	o := deployOptions(w, s)
	o.Chart, o.HelmRelease = nil, before.values().Wanted.Data()
	if err := deploy.Undo(ctx, w.Hub, o, done.Result.PreviousRevision); err != nil {
		return Entry{}, err
	}
	return Entry{Summary: fmt.Sprintf("Zot is on again: the release has the values of revision %d", done.Result.PreviousRevision), Changed: true}, nil
}

// mayDisableZot is the gate: without every proof, Zot stays.
func mayDisableZot(w *world.World, s *state.State, made []report.Proof) error {
	ledger := proof.NewLedger(append(s.Journal.Fresh(w.Now(), w.Destination.URL()), made...)...)
	lacking := ledger.Missing(w.Now(), proof.Needs(clusterNames(w)...)...)
	if len(lacking) == 0 {
		return nil
	}
	where := ""
	for _, need := range lacking {
		if p := s.Journal.RevokedOf(need.Name, need.Cluster); p != nil {
			if p.Cluster != "" {
				where = fmt.Sprintf(" of cluster %q", p.Cluster)
			}
			return fault.New(fault.Refused, p.Remedy+" Then run `palette-ecr validate`", "disabling Zot: the proof %q%s held, and was revoked at %s: %s",
				p.Name, where, p.ObservedAt.UTC().Format("15:04 MST"), p.Cause)
		}
	}
	if lacking[0].Cluster != "" {
		where = fmt.Sprintf(" of cluster %q", lacking[0].Cluster)
	}
	return fault.New(fault.Refused, "run `palette-ecr validate`, which makes every proof, or `palette-ecr run`",
		"disabling Zot: the proof %q%s is missing or has expired", lacking[0].Name, where)
}
