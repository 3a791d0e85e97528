package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var planning = Definition{
	Name: "plan", Does: "shows what the stages after it would do, and changes nothing", Needs: Needs{Live: true},
}

// Planned is what the stages after it would do, and will, since it was not refused.
type Planned struct {
	Linted   Linted
	Document *plan.Document // nil when this run has not planned

	entry Entry
}

// Entry returns what was planned.
func (p Planned) Entry() Entry { return p.entry }

func (p Planned) edit() *values.Rendered { return p.Linted.edit() }

// Plan finds out what the stages of this run would do, and changes nothing. With a plan that was made before it refuses
// to go on in another world than that plan's; else the person is asked, where there is one.
func Plan(ctx context.Context, w *world.World, s *state.State, ready Preflighted) (Planned, error) {
	in := ready.Linted
	done := Planned{Linted: in}
	given := in.Rendered.Given
	if s.Absent() {
		done.entry.Skip = "nothing is installed yet: everything is made new"
		return done, nil
	}
	document, err := draft(ctx, w, s, in)
	if err != nil {
		return done, err
	}
	done.Document = document
	if err := done.entry.show(document); err != nil {
		return done, err
	}
	if given.Plan.Document != nil {
		begun := s.Journal.Open && s.Journal.Plan == given.Plan.Document.Hash
		moved, added := plan.Compare(given.Plan.Document, document, begun)
		for _, d := range added {
			w.Progress.Say("since the plan was made: %s", d)
		}
		done.Document = given.Plan.Document // what is begun is that plan, whatever has come on top
		return done, plan.Refuse(given.Plan.Name, moved)
	}
	if given.Ask != nil && document.Pending() {
		return done, given.Ask(ctx, done.entry)
	}
	return done, nil
}

// show puts a plan into a stage's entry.
func (e *Entry) show(d *plan.Document) error {
	view, err := d.View()
	if err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	changes := d.Changes()
	e.Plan, e.Changes = view, &changes
	e.Counts = map[string]int64{"create": changes.Create, "update": changes.Update, "delete": changes.Delete}
	if !d.Pending() {
		if e.Skip = "nothing would change"; d.Values != "" {
			e.Skip = "nothing would change in the clusters or in ECR by these stages: the diff is of your values file"
		}
		return nil
	}
	e.Summary = changes.String()
	return nil
}

// pendingPlan is the error of a run that ends with its plan: something would change, or could not be looked at.
func pendingPlan(d *plan.Document, command string) error {
	switch {
	case d == nil:
		return fault.New(fault.Pending, "make it so with "+command, "planning: nothing is installed yet, so everything is made new")
	case len(d.Unknown) > 0:
		return fault.New(fault.Unproven, "get the rights that it names, or plan with credentials that have them", "planning: %s could not be found out: %s",
			report.Counted(len(d.Unknown), "thing"), d.Unknown[0])
	case d.Pending():
		changes := d.Changes()
		return fault.New(fault.Pending, "make it so with "+command, "planning: %s", changes.String())
	}
	return nil
}

// FromFile is a plan that was made before.
type FromFile struct {
	Name     string // of its file
	Document *plan.Document
}
