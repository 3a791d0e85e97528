package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// TestStages is the order that users and the README rely on.
func TestStages(t *testing.T) {
	var names []string
	for _, s := range Stages() {
		names = append(names, s.Name)
		assert.NotEmpty(t, s.Does, s.Name)
		assert.NotNil(t, s.run, s.Name)
		assert.Equal(t, s.Name == "deploy" || s.Name == "disable-zot", s.undo != nil, "what changes the release is undone, and nothing else: %s", s.Name)
	}
	assert.Equal(t, []string{"render", "lint", "preflight", "plan", "copy", "deploy", "validate", "soak", "disable-zot"}, names)
}

func TestBetween(t *testing.T) {
	for _, test := range []struct{ first, last, names, says string }{
		{"", "", "", ""},
		{"", "lint", "render lint", ""},
		{"", "disable-zot", "render lint preflight plan copy deploy validate soak disable-zot", ""},
		{"validate", "", "validate soak disable-zot", ""},
		{"lint", "copy", "lint preflight plan copy", ""},
		{"copy", "copy", "copy", ""},
		{"", "destroy", "", `looking for stage "destroy": there is none`},
		{"destroy", "copy", "", `looking for stage "destroy": there is none`},
		{"copy", "lint", "", `choosing the stages from "copy" to "lint": that is backwards`},
	} {
		got, err := Between(test.first, test.last)
		assert.Equal(t, test.names, strings.Join(got, " "), test)
		if test.says == "" {
			assert.NoError(t, err, test)
			continue
		}
		require.EqualError(t, err, test.says)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}

func TestUnknownStage(t *testing.T) {
	r, err := Run(t.Context(), Options{Only: []string{"copy", "destroy"}})
	require.EqualError(t, err, `looking for stage "destroy": there is none`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Equal(t, "use one of [render lint preflight plan copy deploy validate soak disable-zot]", fault.RemedyOf(err))
	assert.Equal(t, fault.Usage, r.ExitCode)
	assert.Empty(t, r.Stages)
}

// said is the result of a stage that only says something.
type said struct{ entry Entry }

func (s said) Entry() Entry { return s.entry }

// play records which of its stages were called.
type play struct{ calls []string }

func (p *play) stage(name string, err error) Stage {
	return Stage{Definition: Definition{Name: name}, run: func(context.Context, *world.World, *state.State, result) (result, error) {
		p.calls = append(p.calls, name)
		return said{Entry{Summary: "did " + name, Counts: map[string]int64{"things": 1}}}, err
	}}
}

func (p *play) undoable(name string, err, undoErr error) Stage {
	s := p.stage(name, err)
	s.undo = func(context.Context, *world.World, *state.State, result) (Entry, error) {
		p.calls = append(p.calls, "undo "+name)
		return Entry{Summary: "undid " + name}, undoErr
	}
	return s
}

// runStages runs stages, those named in only or all, with a fresh report.
func runStages(ctx context.Context, only []string, stages ...Stage) (*runner, error) {
	r := newRunner(Options{Only: only}.withDefaults(), stages)
	_, err := r.run(ctx)
	return r, err
}

// outcomes writes the report's stages in short.
func outcomes(r *runner) string {
	var all []string
	for _, stage := range r.report.Stages {
		all = append(all, stage.Name+": "+string(stage.Outcome))
	}
	return strings.Join(all, ", ")
}

func TestStagesRunInOrder(t *testing.T) {
	var p play
	skipping := p.stage("b", nil)
	skipping.run = func(context.Context, *world.World, *state.State, result) (result, error) {
		return said{Entry{Skip: "nothing to do"}}, nil
	}
	s, err := runStages(t.Context(), nil, p.undoable("a", nil, nil), skipping, p.stage("c", nil))
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "c"}, p.calls, "nothing is undone")
	assert.Equal(t, "a: done, b: skipped, c: done", outcomes(s))
	assert.Equal(t, "did a", s.report.Stages[0].Summary)
	assert.Equal(t, map[string]int64{"things": 1}, s.report.Stages[0].Counts)
	assert.Equal(t, "nothing to do", s.report.Stages[1].Reason)
}

func TestOnlyWhatIsAskedFor(t *testing.T) {
	var p play
	s, err := runStages(t.Context(), []string{"d", "b"}, p.undoable("a", nil, nil), p.stage("b", errors.New("broken")), p.stage("c", nil), p.stage("d", nil))
	require.EqualError(t, err, "broken")
	assert.Equal(t, []string{"b"}, p.calls, "a did not run: it is not undone")
	assert.Equal(t, "b: failed, d: not run", outcomes(s))
}

// TestUndo: the last first, the stage that failed included, and no stage that did not run.
func TestUndo(t *testing.T) {
	var p play
	cause := fault.New(fault.Failed, "ask for more", "pulling %q: denied", "x")
	s, err := runStages(t.Context(), nil,
		p.undoable("a", nil, nil), p.stage("b", nil), p.undoable("c", nil, nil), p.undoable("d", cause, nil), p.undoable("e", nil, nil), p.stage("f", nil))
	require.Equal(t, error(cause), err, "the cause stays the run's error")
	assert.Equal(t, []string{"a", "b", "c", "d", "undo d", "undo c", "undo a"}, p.calls)
	assert.Equal(t, "a: done, b: done, c: done, d: failed, e: not run, f: not run, undo d: done, undo c: done, undo a: done", outcomes(s))
	assert.Equal(t, `pulling "x": denied`, s.report.Stages[3].Reason)
	assert.Equal(t, "undid d", s.report.Stages[6].Summary)
}

func TestUndoWithNothingToUndoIsNotTold(t *testing.T) {
	var p play
	a := p.stage("a", errors.New("broken"))
	a.undo = func(context.Context, *world.World, *state.State, result) (Entry, error) {
		return Entry{Skip: "nothing was changed"}, nil
	}
	s, err := runStages(t.Context(), nil, a)
	require.Error(t, err)
	assert.Equal(t, "a: failed", outcomes(s))
}

func TestUndoThatFails(t *testing.T) {
	var p play
	cause := fault.New(fault.Failed, "grant it", "pulling: denied")
	lost := fault.New(fault.Failed, "wait for the cluster", "cluster gone")
	s, err := runStages(t.Context(), nil, p.undoable("a", nil, nil), p.undoable("b", cause, lost))
	require.EqualError(t, err, "pulling: denied; and putting the release back failed too: cluster gone")
	assert.ErrorIs(t, err, error(cause))
	assert.ErrorIs(t, err, lost)
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Equal(t, "wait for the cluster; `palette-ecr rollback` goes back once that is mended; and for what failed first: grant it", fault.RemedyOf(err))
	assert.Equal(t, []string{"a", "b", "undo b", "undo a"}, p.calls, "one undo that fails keeps no other from its work")
	assert.Equal(t, "a: done, b: failed, undo b: failed, undo a: done", outcomes(s))
	assert.Equal(t, "cluster gone", s.report.Stages[2].Reason)
}

func TestUnprovenIsNotUndone(t *testing.T) {
	var p play
	s, err := runStages(t.Context(), nil, p.undoable("a", nil, nil), p.stage("b", fault.New(fault.Unproven, "wait", "no push yet")), p.stage("c", nil))
	assert.Equal(t, fault.Unproven, fault.CodeOf(err))
	assert.Equal(t, []string{"a", "b"}, p.calls)
	assert.Equal(t, "a: done, b: failed, c: not run", outcomes(s))
}

func TestRefusedIsUndone(t *testing.T) {
	var p play
	s, err := runStages(t.Context(), nil, p.undoable("a", nil, nil), p.stage("b", fault.New(fault.Refused, "prove it", "a proof has expired")))
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Equal(t, []string{"a", "b", "undo a"}, p.calls)
	assert.Equal(t, "a: done, b: refused, undo a: done", outcomes(s))
}

// TestInterruptIsNotUndone: who interrupts wants an end, not a beginning.
func TestInterruptIsNotUndone(t *testing.T) {
	var p play
	ctx, cancel := context.WithCancel(t.Context())
	stop := p.stage("b", nil)
	stop.run = func(ctx context.Context, _ *world.World, _ *state.State, _ result) (result, error) {
		cancel()
		return said{}, ctx.Err()
	}
	_, err := runStages(ctx, nil, p.undoable("a", nil, nil), stop)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"a"}, p.calls)

	err = interrupted(ctx, err)
	require.EqualError(t, err, "interrupted: context canceled")
	require.ErrorIs(t, err, ErrInterrupted)
	assert.Equal(t, "run it again: it goes on where it stopped", fault.RemedyOf(err))
	assert.NoError(t, interrupted(ctx, nil), "what was done before the interrupt is done")
	assert.EqualError(t, interrupted(t.Context(), errors.New("broken")), "broken")
}

func TestFinish(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	s := newRunner(Options{Now: clock, Command: "run", Version: "v1"}.withDefaults(), nil)
	_, err := s.finish(t.Context(), fault.New(fault.Refused, "correct it", "linting: 1 error"))
	require.Error(t, err)
	assert.Equal(t, &report.Report{
		APIVersion: report.APIVersion, Kind: report.Kind, Version: "v1", Command: "run",
		StartedAt: now.Add(-time.Second), FinishedAt: now, ExitCode: fault.Refused, Error: "linting: 1 error", Remedy: "correct it",
		Target: report.Target{Release: "/"},
		Stages: []report.Stage{}, Findings: []report.Finding{}, Proofs: []report.Proof{},
	}, s.report)

	s = newRunner(Options{Now: clock}.withDefaults(), nil)
	_, err = s.finish(t.Context(), nil)
	require.NoError(t, err)
	assert.Zero(t, s.report.ExitCode)
	assert.Empty(t, s.report.Error+s.report.Remedy)

	s = newRunner(Options{Now: clock}.withDefaults(), nil)
	_, err = s.finish(t.Context(), errors.New("plain"))
	require.EqualError(t, err, "plain")
	assert.Equal(t, fault.Failed, s.report.ExitCode, "an error without a code is a failure")
}

func TestStagesAreTimed(t *testing.T) {
	var p play
	now := time.Unix(0, 0)
	clock := func() time.Time { now = now.Add(1500 * time.Millisecond); return now }
	s := newRunner(Options{Now: clock}.withDefaults(), []Stage{p.undoable("a", errors.New("broken"), nil)})
	_, err := s.run(t.Context())
	require.Error(t, err)
	assert.InDelta(t, 1.5, s.report.Stages[0].Seconds, 1e-9)
	assert.InDelta(t, 1.5, s.report.Stages[1].Seconds, 1e-9)
}

func TestNegativeWaitsAreRefused(t *testing.T) {
	for _, o := range []Options{{Timeout: -time.Second}, {PushWait: -time.Minute}} {
		for _, run := range []func(context.Context, Options) (*report.Report, error){Run, Rollback} {
			_, err := run(t.Context(), o)
			require.ErrorContains(t, err, "is negative")
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		}
	}
}
