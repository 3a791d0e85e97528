package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var validating = Definition{
	Name: "validate", Does: "proves that clusters pull from ECR and that hue pushes to it",
	Needs: Needs{Live: true, Baseline: true}, Work: rights.Proving,
}

// Validation is a deployment with its proofs.
type Validation struct {
	Deployment Deployment
	Proofs     []report.Proof // all that this run has made, and those of earlier runs that it looked at again

	entry Entry
}

// Entry returns the proofs that validate made.
func (v Validation) Entry() Entry { return v.entry }

func (v Validation) edit() *values.Rendered { return v.Deployment.edit() }

// prove takes proofs in: into the result, and into the report.
func (v *Validation) prove(proofs ...report.Proof) {
	v.Proofs = append(v.Proofs, proofs...)
	v.entry.Proofs = append(v.entry.Proofs, proofs...)
}

// Validate proves that clusters pull and hue pushes. Proofs of an earlier run that still count are not made again: a
// canary is a write.
func Validate(ctx context.Context, w *world.World, s *state.State, in Deployment) (Validation, error) {
	done := Validation{Deployment: in, Proofs: in.proofs()}
	if err := refuseBeforeSwitch(w, s, "validating"); err != nil {
		return done, err
	}
	fresh := proof.NewLedger(s.Journal.Fresh(w.Now(), w.Destination.URL())...)
	if unused, err := isUnused(ctx, w, s, in); err != nil || unused {
		if err == nil {
			err = done.proveInstallation(ctx, w, s, fresh)
		}
		return done, err
	}
	made, err := done.proveEarlier(ctx, w, s, fresh)
	if err != nil {
		return done, err
	}
	proofs, readOnly, err := proveClusters(ctx, w, s, fresh)
	if err == nil {
		var others []report.Proof
		var again bool
		others, again, err = proveOthers(ctx, w, s, fresh, in.values().Given.Leave)
		proofs = append(proofs, others...)
		made = made || again || len(s.Journal.Revoked) > 0 // what holds again must be known to disable-zot
	}
	if err != nil {
		return done, err
	}
	done.prove(proofs...)
	err = proof.Worst(proofs)
	if err == nil && in.Result != nil && in.Result.Changed {
		err = notWorse(ctx, w, w.Baseline)
	}
	if err != nil {
		if ctx.Err() == nil {
			// What held before and does not now must not let disable-zot pass.
			s.Journal.Prove(proofs)
			err = errors.Join(err, s.Journal.Save(ctx))
		}
		return done, err
	}
	if readOnly {
		until := proof.Expiry(fresh.All()).Format("15:04 MST")
		done.entry.Skip = fmt.Sprintf("proven before, and until %s; looked again at what can be seen without a write", until)
		if !made {
			return done, nil
		}
	} else {
		done.entry.Summary = fmt.Sprintf("%d proofs hold", len(proofs))
	}
	s.Journal.Prove(done.Proofs)
	done.entry.Changed = true
	return done, s.Journal.Save(ctx)
}

// refuseBeforeSwitch refuses to prove anything while hue is not on the destination.
func refuseBeforeSwitch(w *world.World, s *state.State, doing string) error {
	on, err := s.OnECR(w.Destination)
	if err != nil || on {
		return err
	}
	return fault.New(fault.Refused, "run `palette-ecr deploy` first, or `palette-ecr run`",
		"%s release %s/%s: hue does not push to %s yet", doing, w.Target.Release.Namespace, w.Target.Release.Name, w.Destination.URL())
}

// proveEarlier makes the proofs of earlier stages that neither this run nor an earlier one has made: stage by stage,
// each stage is a run of its own, and what copy proved was before the switch.
func (v *Validation) proveEarlier(ctx context.Context, w *world.World, s *state.State, fresh *proof.Ledger) (made bool, err error) {
	if v.Deployment.Copied.overtaken(s.Journal.SwitchedAt) {
		caughtUp, err := catchUp(ctx, w, s, v.Deployment.Copied)
		v.entry.Counts, v.entry.Notes = caughtUp.Entry().Counts, caughtUp.Entry().Notes
		if caughtUp.Closure.Name != "" {
			v.prove(caughtUp.Closure)
		}
		if err != nil {
			return false, err
		}
		made = true
	}
	known := proof.NewLedger(append(fresh.All(), v.Proofs...)...)
	if len(known.Named(report.ProofRendered)) == 0 {
		p, err := proveRendered(w, s, v.Deployment.values().Values)
		if err != nil {
			return false, err
		}
		v.prove(p)
		if err := proof.Refuse(p); err != nil {
			return false, err
		}
		made = true
	}
	// A proof of an earlier run may be about the workloads' repository alone.
	again := w.Target.Registry.AllRepositories && v.Deployment.Copied.Closure.Name == ""
	if len(known.Named(report.ProofClosure)) == 0 || again {
		p, err := proveClosure(ctx, w, s, v.Deployment.values().Given)
		if failed, ok := errors.AsType[*cluster.Failure](err); ok {
			return false, fault.New(fault.Unproven, fault.RemedyOf(err), "proving closure: unproven: what cluster %q uses is not known: %w", failed.Cluster, err)
		}
		if err != nil {
			return false, err
		}
		v.prove(p)
		made = true
		if err := proof.Gate(p); err != nil {
			return made, err
		}
	}
	s.Journal.CopiedUntil = time.Time{} // what may differ from now on is newer in ECR
	return made, nil
}

// proveClusters makes the proofs about clusters. Where those of an earlier run cover every cluster, and pushing, only
// what can be seen without a write is looked at again.
func proveClusters(ctx context.Context, w *world.World, s *state.State, fresh *proof.Ledger) (proofs []report.Proof, readOnly bool, err error) {
	all, err := atSource(w, s)
	if err != nil {
		return nil, false, err
	}
	config, err := validation(ctx, w, s)
	if err != nil {
		return nil, false, err
	}
	if covers(fresh, w.Clusters()) {
		config.ReadOnly = true
		proofs = validate.AllReady(ctx, all, config)
		return append(proofs, fresh.Named(report.ProofPull, report.ProofPush)...), true, nil
	}
	if err := w.Lock(ctx); err != nil { // canaries, and requests to reconcile
		return nil, false, err
	}
	if err := sweep(ctx, w, s); err != nil {
		return nil, false, err
	}
	verdicts := validate.Clusters(ctx, all[0], all[1:], config)
	return verdicts.Proofs, false, keepLeftovers(ctx, s, verdicts.Leftovers)
}

// proveReads proves that clusters read from the destination, also where hue does not push to it or there is nothing else
// any more: every workload is Ready from it, and a new canary is pulled.
func proveReads(ctx context.Context, w *world.World, s *state.State, all []validate.Cluster) ([]report.Proof, error) {
	config, err := validation(ctx, w, s)
	if err != nil {
		return nil, err
	}
	proofs := validate.AllReady(ctx, all, config)
	pulls, left := make([]report.Proof, len(all)), make([][]journal.Leftover, len(all))
	_ = cluster.Each(all, func(i int, c validate.Cluster) error { // what is wrong is in the proofs
		pulls[i], left[i] = validate.Pull(ctx, c, config)
		return nil
	})
	return append(proofs, pulls...), keepLeftovers(ctx, s, slices.Concat(left...))
}

// proveOthers proves that nobody else needs Zot, and reports whether that is a new proof. An earlier one stands while it is
// fresh and nothing in the clusters contradicts it, and once Zot is off.
func proveOthers(ctx context.Context, w *world.World, s *state.State, fresh *proof.Ledger, left []string) (proofs []report.Proof, made bool, err error) {
	zot, err := s.ZotOn()
	if err != nil {
		return nil, false, err
	}
	known := fresh.Named(report.ProofUnused)
	if !zot {
		return known, false, nil
	}
	if onAll(known, w.Clusters()) {
		proofs, err = stillUnused(ctx, w, s, known)
		return proofs, false, err
	}
	s.Journal.Left = left
	proofs, err = proveUnused(ctx, w, s, left)
	return proofs, true, err
}

// keepLeftovers notes canaries that could not be deleted, also when the run is being ended.
func keepLeftovers(ctx context.Context, s *state.State, leftovers []journal.Leftover) error {
	if len(leftovers) == 0 {
		return nil
	}
	s.Journal.Leave(leftovers)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return s.Journal.Save(ctx)
}

// covers reports whether every cluster has a pull proof, and hue a push proof.
func covers(l *proof.Ledger, clusters []*cluster.Cluster) bool {
	return onAll(l.Named(report.ProofPull), clusters) && len(l.Named(report.ProofPush)) > 0
}

// onAll reports whether there is a proof of every cluster.
func onAll(proofs []report.Proof, clusters []*cluster.Cluster) bool {
	return !slices.ContainsFunc(clusters, func(c *cluster.Cluster) bool {
		return !slices.ContainsFunc(proofs, func(p report.Proof) bool { return p.Cluster == c.Name })
	})
}
