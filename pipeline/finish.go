package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// finishing is the ordered list that ends a cutover for good.
func finishing(of Finishing) []Stage {
	return []Stage{
		stage(Definition{Name: "prove", Does: "proves once more that nothing needs Zot, which is off"}, ProveFinished, of.alone),
		stage(Definition{Name: "finish", Does: "removes the journal, canaries and the Lease: the rollback goes with them"}, RemoveTraces, of.unproven),
	}
}

// Finishing is what a person asks: the input of ProveFinished.
type Finishing struct {
	Ask func(context.Context, Entry) error // nil: nobody is asked
}

// Entry is empty: a wish is not a stage.
func (f Finishing) Entry() Entry { return Entry{} }

func (f Finishing) alone(*world.World, *state.State) (Finishing, error) { return f, nil }

func (f Finishing) unproven(*world.World, *state.State) (Finished, error) {
	return Finished{}, fault.New(fault.Refused, "run `palette-ecr finish`", "finishing: nothing is proven")
}

// Finished is an installation that stands on ECR by itself.
type Finished struct {
	Finishing Finishing

	entry Entry
}

// Entry returns what was proven.
func (f Finished) Entry() Entry { return f.entry }

// Finish ends a cutover for good: it proves once more that everything reads from ECR without Zot, and removes what
// palette-ecr keeps in the clusters. There is no rollback after it.
func Finish(ctx context.Context, o Options) (*report.Report, error) {
	o = o.withDefaults()
	r := newRunner(o, nil)
	defer r.release(ctx)
	err := prepareFinish(ctx, o, r)
	if err == nil {
		r.stages = finishing(Finishing{Ask: r.ask(o)})
		_, err = r.run(ctx)
	}
	return r.finish(ctx, err)
}

func prepareFinish(ctx context.Context, o Options, r *runner) error {
	if err := o.Target.Validate(target.NeedRelease, target.NeedClusters); err != nil {
		return err
	}
	w, err := o.world().WithClusters(ctx)
	if err != nil {
		return err
	}
	r.guard(o, w)
	s, err := state.Read(ctx, w)
	if err != nil {
		return err
	}
	r.report.Hide(s.Secrets()...)
	if w.Destination, err = destinationOf(s); err != nil {
		return err
	}
	r.report.Target.Destination = w.Destination.URL()
	if w, err = withFleet(ctx, w, s, o.WithoutSpokes, o.SpokesFromValues); err != nil {
		return err
	}
	if err := mayFinish(w, s); err != nil {
		return err
	}
	if w, err = w.WithECR(ctx, w.Destination, o.AWS); err != nil {
		return err
	}
	r.world, r.state, r.read = w, s, state.Read
	r.report.Before = standing(ctx, w, s)
	return nil
}

// mayFinish refuses while somebody may still need the rollback.
func mayFinish(w *world.World, s *state.State) error {
	name := w.Target.Release.Namespace + "/" + w.Target.Release.Name
	off, err := s.CutOver(w.Destination)
	if err != nil {
		return err
	}
	if w.Destination.Name == "" || !off {
		return fault.New(fault.Refused, "see `palette-ecr status`: first `palette-ecr run`, or `palette-ecr disable-zot`",
			"finishing the cutover of release %s: it is not on ECR, or Zot is still on", name)
	}
	return nil
}

// ProveFinished looks at everything again, in every cluster and in ECR: proofs of days ago say nothing.
func ProveFinished(ctx context.Context, w *world.World, s *state.State, in Finishing) (Finished, error) {
	done := Finished{Finishing: in}
	if !s.Journal.Exists() {
		done.entry.Skip = "there is no journal: the cutover is finished already"
		return done, nil
	}
	if in.Ask != nil {
		if err := in.Ask(ctx, Entry{Plan: finishPlan(w), Changes: &report.Changes{Delete: 1}}); err != nil {
			return done, err
		}
	}
	if err := w.Lock(ctx); err != nil { // canaries
		return done, err
	}
	proofs, err := proveWithoutZot(ctx, w, s)
	if err == nil {
		var closure report.Proof
		if closure, err = proveClosure(ctx, w, s, Given{}); err == nil {
			proofs, err = append(proofs, closure), proof.Gate(closure)
		}
	}
	done.entry.Proofs = proofs
	if err != nil {
		return done, fault.New(fault.Refused, fault.RemedyOf(err), "finishing: the rollback stays, since not everything holds: %w", err)
	}
	done.entry.Summary = fmt.Sprintf("%s: every workload reads from ECR, and Zot is gone", report.Counted(len(proofs), "proof holds", "proofs hold"))
	return done, nil
}

// finishPlan is what a person is shown.
func finishPlan(w *world.World) *report.Plan {
	secret := fmt.Sprintf("Secret %s/%s", w.Target.Release.Namespace, journal.Name)
	return &report.Plan{
		Objects: []report.PlannedObject{{Action: "delete", Object: secret, Stage: "finish"}},
		Final:   []string{"there is no rollback any more: the values from before the cutover go, with Zot's password"},
	}
}

// RemoveTraces removes what palette-ecr keeps in the clusters. The Lease goes last, when the run ends.
func RemoveTraces(ctx context.Context, w *world.World, s *state.State, in Finished) (Finished, error) {
	done := Finished{Finishing: in.Finishing}
	if !s.Journal.Exists() {
		done.entry.Skip = "nothing is left to remove"
		return done, nil
	}
	if err := w.Lock(ctx); err != nil {
		return done, err
	}
	removed := 0
	for _, c := range w.Clusters() {
		n, err := validate.SweepAll(ctx, validate.Cluster{Cluster: c})
		if removed += n; err != nil {
			return done, err
		}
	}
	if err := s.Journal.Delete(ctx); err != nil {
		return done, err
	}
	done.entry.Changed = true
	done.entry.Summary = fmt.Sprintf("the journal is gone, and the rollback with it; %s removed", report.Counted(removed, "canary", "canaries"))
	done.entry.Counts = map[string]int64{"canaries removed": int64(removed)}
	return done, nil
}
