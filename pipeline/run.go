package pipeline

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// runner runs a list of stages in order: it hands results on, notes why a stage was skipped, undoes what was done
// when one fails, and writes the report. It knows nothing of what the stages do.
type runner struct {
	stages   []Stage
	only     []string // names of those to run; empty is all
	progress progress.Reporter
	now      func() time.Time
	report   *report.Report

	world *world.World
	state *state.State // nil where no cluster is needed
	lease *lease.Guard // nil until a cluster is reached

	// read returns the state as it is now; it is called after a stage that changed it. nil where no cluster is needed.
	read func(context.Context, *world.World) (*state.State, error)
}

func newRunner(o Options, stages []Stage) *runner {
	return &runner{stages: stages, only: o.Only, progress: o.Progress, now: o.Now, report: o.report()}
}

// guard gives a World what takes the release's Lease before the first write of the run.
func (r *runner) guard(o Options, w *world.World) {
	w.Writer = journal.Stamp{Run: cmp.Or(o.Run, string(uuid.NewUUID())), By: o.Owner, Command: "palette-ecr " + o.Command}
	r.lease = lease.NewGuard(w.Hub.Client, lease.Options{
		Namespace: w.Target.Release.Namespace, Run: w.Writer.Run, Owner: w.Writer.By, Command: w.Writer.Command,
	})
	r.report.Target.Hub = cmp.Or(r.report.Target.Hub, w.Hub.Context)
	w.Lock, w.TookOver = r.lease.Hold, r.lease.TookOver
}

// release returns the Lease. A run that was interrupted returns it too.
func (r *runner) release(ctx context.Context) {
	if r.lease == nil {
		return
	}
	if err := r.lease.Release(context.WithoutCancel(ctx)); err != nil {
		r.progress.Say("%v", err)
	}
}

// ask returns what shows a plan to the person; nil when nobody is to be asked.
func (r *runner) ask(o Options) func(context.Context, Entry) error {
	if o.Confirm == nil {
		return nil
	}
	return func(ctx context.Context, e Entry) error {
		shown := *r.report
		shown.Plan, shown.Changes = e.Plan, e.Changes
		return o.Confirm(ctx, &shown)
	}
}

// run runs the stages and returns the result of the last one.
func (r *runner) run(ctx context.Context) (last result, err error) {
	var done []finished
	for i, stage := range r.stages {
		if !r.runs(stage) {
			continue
		}
		r.progress.Stage(stage.Name)
		out, err := r.do(ctx, stage, last)
		done = append(done, finished{stage, out})
		if err != nil {
			r.notRun(r.stages[i+1:])
			return out, r.undo(ctx, done, err)
		}
		last = out
	}
	return last, nil
}

func (r *runner) runs(s Stage) bool { return len(r.only) == 0 || slices.Contains(r.only, s.Name) }

// finished is a stage that has run, well or not, and what came of it.
type finished struct {
	Stage
	result result
}

// do runs one stage and reports what it did.
func (r *runner) do(ctx context.Context, stage Stage, before result) (result, error) {
	start := r.now()
	r.writes(stage.Name)
	out, err := stage.run(ctx, r.world, r.state, before)
	e := entryOf(out)
	line := report.Stage{Name: stage.Name, Outcome: report.Done, Summary: e.Summary, Counts: e.Counts, Notes: e.Notes}
	switch {
	case err != nil && fault.CodeOf(err) == fault.Refused:
		line.Outcome, line.Reason = report.Refused, err.Error()
	case err != nil:
		line.Outcome, line.Reason = report.Failed, err.Error()
	case e.Skip != "":
		line.Outcome, line.Reason = report.Skipped, e.Skip
		r.progress.Say("skipped: %s", e.Skip)
	default:
		r.progress.Say("%s", e.Summary)
	}
	if e.Changed && err == nil {
		err = r.readAgain(ctx)
	}
	line.Seconds = r.now().Sub(start).Seconds()
	r.add(line, e)
	return out, err
}

// writes notes for the journal which stage writes it.
func (r *runner) writes(stage string) {
	if r.state != nil && r.state.Journal != nil {
		r.state.Journal.Writer.Stage = stage
	}
}

func entryOf(out result) Entry {
	if out == nil {
		return Entry{}
	}
	return out.Entry()
}

func (r *runner) add(line report.Stage, e Entry) {
	r.report.Stages = append(r.report.Stages, line)
	r.report.Findings = append(r.report.Findings, e.Findings...)
	// A later look at the same thing counts, not both.
	r.report.Proofs = proof.NewLedger(append(r.report.Proofs, dated(e.Proofs, r.report.StartedAt)...)...).All()
	r.report.Rules = append(r.report.Rules, e.Rules...)
	if e.Plan != nil {
		r.report.Plan, r.report.Changes = e.Plan, e.Changes
	}
}

// moment is how a report writes a time.
const moment = "2006-01-02 15:04 UTC"

// dated says of proofs that are not of this run when they were observed.
func dated(proofs []report.Proof, began time.Time) []report.Proof {
	proofs = slices.Clone(proofs)
	for i, p := range proofs {
		if !p.ObservedAt.IsZero() && p.ObservedAt.Before(began) {
			proofs[i].Summary += "; observed before this run, at " + p.ObservedAt.UTC().Format(moment)
		}
	}
	return proofs
}

func (r *runner) readAgain(ctx context.Context) (err error) {
	if r.read != nil {
		r.state, err = r.read(ctx, r.world)
	}
	return err
}

func (r *runner) notRun(rest []Stage) {
	for _, stage := range rest {
		if r.runs(stage) {
			r.report.Stages = append(r.report.Stages, report.Stage{Name: stage.Name, Outcome: report.NotRun})
		}
	}
}

// undo puts back what this run changed, the last stage first. A person who interrupts wants the tool to stop, not to
// begin something new; and what is merely unproven is not broken: neither is undone.
func (r *runner) undo(ctx context.Context, done []finished, cause error) error {
	if ctx.Err() != nil || fault.CodeOf(cause) == fault.Unproven {
		return cause
	}
	for _, d := range slices.Backward(done) {
		if d.undo == nil {
			continue
		}
		start := r.now()
		err := r.readAgain(ctx) // a stage that failed may have written
		var e Entry
		if err == nil {
			r.writes("undo " + d.Name)
			e, err = d.undo(ctx, r.world, r.state, d.result)
		}
		if err == nil && e.Skip != "" {
			continue
		}
		line := report.Stage{Name: "undo " + d.Name, Outcome: report.Done, Summary: e.Summary, Counts: e.Counts, Notes: e.Notes, Seconds: r.now().Sub(start).Seconds()}
		if err != nil {
			line.Outcome, line.Reason = report.Failed, err.Error()
			cause = fault.New(fault.CodeOf(cause), alsoBack(err, cause), "%w; and putting the release back failed too: %w", cause, err)
		} else {
			r.progress.Say("%s", e.Summary)
		}
		r.add(line, e)
	}
	return cause
}

// alsoBack is what to do where going back failed as well: first of all to be back.
func alsoBack(undo, cause error) string {
	back := "`palette-ecr rollback` goes back once that is mended"
	if remedy := fault.RemedyOf(undo); remedy != "" {
		back = remedy + "; " + back
	}
	if remedy := fault.RemedyOf(cause); remedy != "" {
		back += "; and for what failed first: " + remedy
	}
	return back
}

// ErrInterrupted is in the error of a run that was cancelled.
var ErrInterrupted = errors.New("interrupted")

// interrupted says so of the error of a run that was cancelled, which otherwise is whatever was under way.
func interrupted(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return fault.New(fault.Failed, "run it again: it goes on where it stopped", "%w: %w", ErrInterrupted, err)
	}
	return err
}

// ended is the error that ended a command, as people get it: what a cluster forbids has a remedy, and who interrupted it is told so.
func ended(ctx context.Context, err error) error {
	if apierrors.IsForbidden(err) && fault.RemedyOf(err) == "" {
		err = &fault.Error{
			Err: err, Code: fault.CodeOf(err),
			Remedy: "give the kubeconfig's user that right, or use another user: `palette-ecr preflight` lists every right that is missing, and `palette-ecr policies --kubernetes` prints a ClusterRole with all of them",
		}
	}
	return interrupted(ctx, err)
}

// standing returns where the installation stands now. A stage that failed may have changed it.
func (r *runner) standing(ctx context.Context) *report.Standing {
	read, cancel := context.WithTimeout(context.WithoutCancel(ctx), standingTimeout)
	defer cancel()
	if err := r.readAgain(read); err != nil || r.state == nil {
		return nil
	}
	return standing(ctx, r.world, r.state)
}

// finish closes the report with the error that ended the run, and returns both.
func (r *runner) finish(ctx context.Context, err error) (*report.Report, error) {
	err = ended(ctx, err)
	if r.state != nil {
		r.report.Hide(r.state.Secrets()...)
	}
	if r.report.Before != nil {
		r.report.Now = r.standing(ctx)
	}
	r.report.End(r.now(), err)
	return r.report, err
}
