package pipeline

import (
	"cmp"
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var linting = Definition{Name: "lint", Does: "checks the values, and the manifests that Helm makes of them"}

// Linted is values in which no rule found an error.
type Linted struct {
	Rendered Rendered
	Findings []report.Finding

	entry Entry
}

// Entry returns what lint found.
func (l Linted) Entry() Entry { return l.entry }

func (l Linted) edit() *values.Rendered { return l.Rendered.Edit }

// Lint checks what the release is to have. A finding of severity error is a refusal.
func Lint(_ context.Context, w *world.World, _ *state.State, in Rendered) (Linted, error) {
	findings, err := lint.Run(lint.Input{
		File: in.Wanted, Before: in.Given.File, KubeVersion: cmp.Or(w.Kubernetes, in.Given.KubeVersion), Target: w.Target, Destination: w.Destination, Chart: w.Chart,
		Disable: in.Given.Disable, KeepCert: in.Given.KeepCert, Access: lint.Access{CrossAccount: in.Given.CrossAccount},
	})
	if err != nil {
		return Linted{}, err
	}
	var errors, warnings int64
	var first *report.Finding
	for i, f := range findings {
		switch {
		case f.Ignored != "":
		case f.Severity == report.Error:
			if errors++; first == nil {
				first = &findings[i]
			}
		case f.Severity == report.Warning:
			warnings++
		}
	}
	done := Linted{Rendered: in, Findings: findings, entry: Entry{Findings: lint.From(findings, in.Given.Severity), Rules: lint.Catalogue(), Counts: map[string]int64{"errors": errors, "warnings": warnings}}}
	if first != nil {
		return done, fault.New(fault.Refused, first.Remedy,
			"linting %q: %s: %s (%s, %s in all)", w.Target.ValuesPath(), first.Place, first.Message, first.Rule, report.Counted(int(errors), "error"))
	}
	done.entry.Summary = "no error, " + report.Counted(int(warnings), "warning")
	return done, nil
}
