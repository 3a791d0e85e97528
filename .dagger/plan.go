package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// planFile is where a plan is, beside the reports and where run reads it.
const (
	planFile = "cutover.plan"
	planPath = "/plan/" + planFile
	pending  = 2 // the exit code of a plan that has changes
)

// Everything that a run would change
type Planned struct {
	// What would change, in every format; that something would is no failure.
	Report *Report
}

// Shows everything that run would change, and changes nothing; changes are no failure
//
// +cache="never"
func (t *Target) Plan(
	ctx context.Context,
	// First stage to plan, for example disable-zot.
	//
	// +optional
	from Stage,
	// Last stage to plan, for example validate, after which Zot is on.
	//
	// +optional
	until Stage,
	// Give the report also when the plan fails, or that of the stage before it which did.
	//
	// +optional
	reportAnyway bool,
) (*Planned, error) {
	some := t.always(flags{{"from", string(from)}, {"until", string(until)}, {"output", "plan=" + out + "/" + planFile}}.args()...)
	report, err := some.next(ctx, t.Linted, "plan", anyway(true))
	if err != nil {
		return nil, err
	}
	if report, err = report.foreseen(anyway(reportAnyway)); err != nil {
		return nil, err
	}
	return &Planned{Report: report}, nil
}

// foreseen is a report whose pending changes are what was asked for, and no failure.
func (r *Report) foreseen(tolerant anyway) (*Report, error) {
	if r.ExitCode == pending {
		r.ExitCode, r.Message = 0, ""
		r.Files = r.Files.WithNewFile("exit-code", exitCode(0))
	}
	if tolerant {
		return r, nil
	}
	return r, r.Assert()
}

// What would change, as text
func (p *Planned) Summary() string { return p.Report.Summary }

// The plan itself, without a secret: run takes it, and refuses another world
func (p *Planned) File() *dagger.File { return p.Report.Files.File(planFile) }
