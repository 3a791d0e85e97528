package pipeline

import (
	"context"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Definition is what a stage says of itself, in its own file. What is connected before it, which rights it needs and what
// a plan has of it follow from the list: nothing else names a stage.
type Definition struct {
	Name  string
	Does  string
	Needs Needs
	Work  rights.Work // what it does in clusters, as far as rights go

	draft func(context.Context, *world.World, *state.State, *drafting) error // adds what it would change to a plan; nil: nothing
}

// doing returns the definition with other words for what the stage does, for a list in which it does less.
func (d Definition) doing(does string) Definition {
	d.Does = does
	return d
}

// Needs are what the runner must reach, look at and refuse before the stages of a run.
type Needs struct {
	Live     bool // clusters and ECR are reached
	Baseline bool // what was broken before is looked at, since it proves something, or waits for it
	Release  bool // the release may be given other values: it is not pending, and nobody else's
	Switch   bool // clusters may be switched to ECR: waves come first, and spokes have their AWS identity

	// Reports is for the stage that looks for what stands in the way: what does not answer, or may not be read, is its to
	// report, with everything else.
	Reports bool
}

func (n Needs) with(more Needs) Needs {
	return Needs{
		Live: n.Live || more.Live, Baseline: n.Baseline || more.Baseline, Release: n.Release || more.Release,
		Switch: n.Switch || more.Switch, Reports: n.Reports || more.Reports,
	}
}

// Stage is one entry of an ordered list: its definition, and a function with a typed input and a typed result. A stage
// takes the result of the stage before it; one that runs alone makes its input from what the cluster says.
type Stage struct {
	Definition

	run  func(context.Context, *world.World, *state.State, result) (result, error)
	undo func(context.Context, *world.World, *state.State, result) (Entry, error) // when a later stage fails; nil: nothing to undo
}

// Entry is what a stage, or an undo, says of itself in the report. One that had nothing to do gives a reason instead
// of a summary.
type Entry struct {
	Summary  string
	Skip     string // why there was nothing to do
	Counts   map[string]int64
	Notes    []string // what a person should know, such as a tag that was overwritten
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
	d Definition,
	run func(context.Context, *world.World, *state.State, In) (Out, error),
	alone func(*world.World, *state.State) (In, error),
) Stage {
	return Stage{Definition: d, run: func(ctx context.Context, w *world.World, s *state.State, before result) (result, error) {
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

// list is an ordered list of stages.
type list []Stage

// only returns those that are named; no name is all of them.
func (l list) only(names []string) list {
	if len(names) == 0 {
		return l
	}
	return slices.DeleteFunc(slices.Clone(l), func(s Stage) bool { return !slices.Contains(names, s.Name) })
}

// after returns the stages that follow one.
func (l list) after(d Definition) list {
	return l[slices.Index(l.names(), d.Name)+1:]
}

// drafted returns those that a plan shows something of.
func (l list) drafted() list {
	return slices.DeleteFunc(slices.Clone(l), func(s Stage) bool { return s.draft == nil })
}

func (l list) has(d Definition) bool { return slices.Contains(l.names(), d.Name) }

// needs returns what its stages need together.
func (l list) needs() Needs {
	var all Needs
	for _, s := range l {
		all = all.with(s.Needs)
	}
	return all
}

// rights returns what its stages do in clusters.
func (l list) rights() []rights.Stage {
	all := make([]rights.Stage, len(l))
	for i, s := range l {
		all[i] = rights.Stage{Name: s.Name, Work: s.Work}
	}
	return all
}

func (l list) names() []string {
	all := make([]string, len(l))
	for i, s := range l {
		all[i] = s.Name
	}
	return all
}

// Rights returns what each stage of the cutover does in clusters, for rights.Options.
func Rights() []rights.Stage { return cutover(Given{}).rights() }

// Between returns the names of the stages of the cutover from one to another, both included, for Options.Only. An
// empty name is the first or the last; without both it returns none, which stands for all of them.
func Between(first, last string) ([]string, error) { return cutover(Given{}).between(first, last) }

func (l list) between(first, last string) ([]string, error) {
	if first == "" && last == "" {
		return nil, nil
	}
	names := l.names()
	from, to := 0, len(names)-1
	if first != "" {
		from = slices.Index(names, first)
	}
	if last != "" {
		to = slices.Index(names, last)
	}
	switch {
	case from < 0:
		return nil, l.unknown(first)
	case to < 0:
		return nil, l.unknown(last)
	case from > to:
		return nil, fault.New(fault.Usage, fmt.Sprintf("the order is %v", names), "choosing the stages from %q to %q: that is backwards", first, last)
	}
	return names[from : to+1], nil
}

// unknown is the error for a name that is not in the list.
func (l list) unknown(name string) error {
	return fault.New(fault.Usage, fmt.Sprintf("use one of %v", l.names()), "looking for stage %q: there is none", name)
}
