// Package pipeline is the cutover: the stages in order, each a call into the package that does the work. It
// knows nothing of Dagger, cobra or a terminal.
package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Stages is the cutover, in order.
func Stages() []Stage {
	return []Stage{
		{Name: "render", Does: "writes the registry settings into the values", run: render},
		{Name: "lint", Does: "checks the values, and the manifests that Helm makes of them", run: lintValues},
		{Name: "copy", Does: "copies every artifact to ECR, digests kept, and proves the closure", run: copyArtifacts},
		{Name: "deploy", Does: "upgrades mural-crds, then mural, and restarts what changed its identity", run: deployRelease, undo: undoDeploy},
		{Name: "validate", Does: "proves that clusters pull from ECR and that hue pushes to it", run: validateCutover},
		{Name: "disable-zot", Does: "turns Zot off; its volume stays", run: disableZot},
	}
}

// Between names the stages from one to another, both included, for Options.Only. An empty name is the first or the
// last; without both it is none, which is all of them.
func Between(first, last string) ([]string, error) {
	if first == "" && last == "" {
		return nil, nil
	}
	var names []string
	for _, s := range Stages() {
		names = append(names, s.Name)
	}
	from, to := 0, len(names)-1
	if first != "" {
		from = slices.Index(names, first)
	}
	if last != "" {
		to = slices.Index(names, last)
	}
	switch {
	case from < 0:
		return nil, unknownStage(first)
	case to < 0:
		return nil, unknownStage(last)
	case from > to:
		return nil, fault.New(fault.Usage, fmt.Sprintf("the order is %v", names), "choosing the stages from %q to %q: that is backwards", first, last)
	}
	return names[from : to+1], nil
}

// Stage is one entry of the list.
type Stage struct {
	Name string
	Does string

	run  func(context.Context, *session) (summary, error)
	undo func(context.Context, *session) (summary, error) // when a later stage fails; nil: nothing to undo
}

// summary is what a stage says of itself. A stage with nothing to do gives a reason instead.
type summary struct {
	text   string
	skip   string // why there was nothing to do
	counts map[string]int64
}

// Run does the stages named in o.Only, or all of them, in order. It always gives a report, also with an error.
// When a stage fails after the release was changed in the same run, the release is put back as it was.
func Run(ctx context.Context, o Options) (*report.Report, error) {
	return newSession(o).play(ctx, (*session).check, Stages())
}

// play does stages once the check has found nothing wrong, and closes the report.
func (s *session) play(ctx context.Context, check func(*session, context.Context) error, stages []Stage) (*report.Report, error) {
	defer s.close()
	err := check(s, ctx)
	if err == nil {
		err = s.runAll(ctx, stages)
	}
	err = interrupted(ctx, err)
	s.finish(err)
	return s.report, err
}

func (s *session) runAll(ctx context.Context, stages []Stage) error {
	var done []Stage
	for i, stage := range stages {
		if !s.needs(stage.Name) {
			continue
		}
		s.Progress.Stage(stage.Name)
		if err := s.do(ctx, stage); err != nil {
			for _, rest := range stages[i+1:] {
				if s.needs(rest.Name) {
					s.report.Stages = append(s.report.Stages, report.Stage{Name: rest.Name, Outcome: report.NotRun})
				}
			}
			return s.undoAll(ctx, append(done, stage), err)
		}
		done = append(done, stage)
	}
	return s.keepValues()
}

// keepValues writes the new values into the user's file, when that was asked for. It is the last thing done: a
// file that names ECR while the release is on Zot would undo somebody's next upgrade.
func (s *session) keepValues() error {
	switch {
	case !s.needs("render") || !s.needs("validate") || s.rendered == nil || len(s.rendered.Changes) == 0:
		return nil
	case !s.InPlace:
		s.Progress.Say("%s still has the old settings: write the new ones with `palette-ecr render --in-place`, before the next upgrade", s.file.Name())
		return nil
	}
	if err := s.rendered.WriteInPlace(s.Target.ValuesPath()); err != nil {
		return err
	}
	s.Progress.Say("wrote the new settings into %s", s.Target.ValuesPath())
	return nil
}

// do runs one stage and reports what it did.
func (s *session) do(ctx context.Context, stage Stage) error {
	start := s.Now()
	got, err := stage.run(ctx, s)
	entry := report.Stage{Name: stage.Name, Outcome: report.Done, Summary: got.text, Counts: got.counts, Seconds: s.since(start)}
	switch {
	case err != nil && fault.CodeOf(err) == fault.Refused:
		entry.Outcome, entry.Reason = report.Refused, err.Error()
	case err != nil:
		entry.Outcome, entry.Reason = report.Failed, err.Error()
	case got.skip != "":
		entry.Outcome, entry.Reason = report.Skipped, got.skip
		s.Progress.Say("skipped: %s", got.skip)
	default:
		s.Progress.Say("%s", got.text)
	}
	s.report.Stages = append(s.report.Stages, entry)
	return err
}

// undoAll puts back what this run changed, the last stage first. A person who interrupts wants the tool to
// stop, not to begin something new; and what is merely unproven is not broken: neither is undone.
func (s *session) undoAll(ctx context.Context, done []Stage, cause error) error {
	if ctx.Err() != nil || fault.CodeOf(cause) == fault.Unproven {
		return cause
	}
	for _, stage := range slices.Backward(done) {
		if stage.undo == nil {
			continue
		}
		start := s.Now()
		got, err := stage.undo(ctx, s)
		if err == nil && got.skip != "" {
			continue
		}
		entry := report.Stage{Name: "undo " + stage.Name, Outcome: report.Done, Summary: got.text, Counts: got.counts, Seconds: s.since(start)}
		if err != nil {
			entry.Outcome, entry.Reason = report.Failed, err.Error()
			cause = fault.New(fault.CodeOf(cause), fault.RemedyOf(cause), "%w; and putting the release back failed too: %w", cause, err)
		} else {
			s.Progress.Say("%s", got.text)
		}
		s.report.Stages = append(s.report.Stages, entry)
	}
	return cause
}

func (s *session) since(start time.Time) float64 {
	return s.Now().Sub(start).Seconds()
}

// ErrInterrupted is in the error of a run that was cancelled.
var ErrInterrupted = errors.New("interrupted")

// interrupted says so of the error of a run that was cancelled, which else is whatever was under way.
func interrupted(ctx context.Context, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return fault.New(fault.Failed, "run it again: it goes on where it stopped", "%w: %w", ErrInterrupted, err)
	}
	return err
}

// finish closes the report.
func (s *session) finish(err error) {
	s.report.End(s.Now(), err)
}

// unknownStage is the error for a name that is not in the list.
func unknownStage(name string) error {
	var names []string
	for _, s := range Stages() {
		names = append(names, s.Name)
	}
	return fault.New(fault.Usage, fmt.Sprintf("use one of %v", names), "looking for stage %q: there is none", name)
}
