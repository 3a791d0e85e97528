package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Stage is one entry of an ordered list: a function with a typed input and a typed result, and what the runner needs
// to put it in its place. A stage takes the result of the stage before it; one that runs alone makes its input from
// what the cluster says.
type Stage struct {
	Name string
	Does string

	run  func(context.Context, *world.World, *state.State, result) (result, error)
	undo func(context.Context, *world.World, *state.State, result) (Entry, error) // when a later stage fails; nil: nothing to undo
}

// Entry is what a stage, or an undo, says of itself in the report. One that had nothing to do gives a reason instead
// of a summary.
type Entry struct {
	Summary  string
	Skip     string // why there was nothing to do
	Counts   map[string]int64
	Findings []report.Finding
	Rules    []report.Rule // those that were looked at
	Proofs   []report.Proof
	Plan     *report.Plan    // what would be done
	Changes  *report.Changes // how much
	Changed  bool            // the release or the journal was written: what comes next reads them again
}

// result is the typed result of a stage, as the runner sees it: it is handed on, and it goes into the report.
type result interface{ Entry() Entry }

// stage makes an entry of the list from a stage's function. The function alone makes its input for a run that begins
// with it.
func stage[In, Out result](
	name, does string,
	run func(context.Context, *world.World, *state.State, In) (Out, error),
	alone func(*world.World, *state.State) (In, error),
) Stage {
	return Stage{Name: name, Does: does, run: func(ctx context.Context, w *world.World, s *state.State, before result) (result, error) {
		in, ok := before.(In)
		if !ok {
			var err error
			if in, err = alone(w, s); err != nil {
				return nil, err
			}
		}
		return run(ctx, w, s, in)
	}}
}

// undoneBy adds to a stage how it is undone.
func undoneBy[Out result](s Stage, undo func(context.Context, *world.World, *state.State, Out) (Entry, error)) Stage {
	s.undo = func(ctx context.Context, w *world.World, st *state.State, done result) (Entry, error) {
		out, ok := done.(Out)
		if !ok {
			return Entry{Skip: "it did not begin"}, nil
		}
		return undo(ctx, w, st, out)
	}
	return s
}

// Between returns the names of the stages of the cutover from one to another, both included, for Options.Only. An
// empty name is the first or the last; without both it returns none, which stands for all of them.
func Between(first, last string) ([]string, error) {
	if first == "" && last == "" {
		return nil, nil
	}
	names := names(Stages())
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

func names(stages []Stage) []string {
	all := make([]string, len(stages))
	for i, s := range stages {
		all[i] = s.Name
	}
	return all
}

// unknownStage is the error for a name that is not in the list.
func unknownStage(name string) error {
	return fault.New(fault.Usage, fmt.Sprintf("use one of %v", names(Stages())), "looking for stage %q: there is none", name)
}
