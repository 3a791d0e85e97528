package pipeline

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// auditing is a stage that exists only here: the definition and the function that a file of its own would have.
var auditing = Definition{
	Name: "audit", Does: "writes down who did what",
	Needs: Needs{Live: true, Release: true},
	Work: rights.Work{
		Hub: func(o rights.Options) []rights.Need {
			return []rights.Need{{Verbs: "list", Resources: "events", In: o.Namespace}}
		},
		Charts: true,
	},
	draft: func(_ context.Context, _ *world.World, _ *state.State, d *drafting) error {
		d.Effects = append(d.Effects, plan.Effect{Stage: d.stage, Action: plan.Create, Object: "a record"})
		return nil
	},
}

type audited struct {
	of    Validation
	entry Entry
}

func (a audited) Entry() Entry { return a.entry }

func audit(_ context.Context, _ *world.World, _ *state.State, in Validation) (audited, error) {
	return audited{of: in, entry: Entry{Summary: "two people"}}, nil
}

// TestANewStageIsALineInTheList: with it the stage is everywhere that stages are asked for.
func TestANewStageIsALineInTheList(t *testing.T) {
	t.Parallel()
	l := append(cutover(Given{}), stage(auditing, audit, func(*world.World, *state.State) (Validation, error) { return Validation{}, nil }))

	names, err := l.between("soak", "")
	require.NoError(t, err)
	assert.Equal(t, []string{"soak", "disable-zot", "audit"}, names, "--from and --until know it")
	assert.ErrorContains(t, l.unknown("x"), "there is none")
	assert.Contains(t, l.after(planning).names(), "audit", "a plan is made of it")
	assert.Contains(t, l.drafted().names(), "audit")
	d := drafting{stage: "audit"}
	require.NoError(t, l.only([]string{"audit"})[0].draft(t.Context(), nil, nil, &d))
	assert.Equal(t, "audit", d.Effects[0].Stage)

	alone := l.only([]string{"render", "audit"})
	assert.Equal(t, Needs{Live: true, Release: true}, alone.needs(), "what is reached and refused before it")
	assert.Equal(t, Needs{}, l.only([]string{"render"}).needs())
	o := rights.Options{Namespace: "mural-system", Stages: alone.rights()}
	assert.Equal(t, []string{"list events in namespace mural-system (audit)"}, rights.Texts(rights.Hub(o)), "preflight asks for its rights")
	assert.Equal(t, "audit", rights.ChartsBy(o))

	r := newRunner(Options{Only: []string{"audit"}}.withDefaults(), l)
	last, err := r.run(t.Context())
	require.NoError(t, err)
	assert.IsType(t, audited{}, last)
	assert.Equal(t, "audit: done", outcomes(r))
}

// TestNeedsOfStages is what the runner reaches, and refuses, before each stage alone.
func TestNeedsOfStages(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		stage string
		want  Needs
	}{
		{"render", Needs{}}, {"lint", Needs{}},
		{"preflight", Needs{Live: true, Reports: true}}, {"plan", Needs{Live: true}}, {"copy", Needs{Live: true}},
		{"deploy", Needs{Live: true, Baseline: true, Release: true, Switch: true}},
		{"validate", Needs{Live: true, Baseline: true}}, {"soak", Needs{Live: true, Baseline: true}},
		{"disable-zot", Needs{Live: true, Baseline: true, Release: true}},
	} {
		assert.Equal(t, test.want, Options{Only: []string{test.stage}}.stages().needs(), test.stage)
	}
	assert.Equal(t, Needs{Live: true, Baseline: true, Release: true, Switch: true, Reports: true}, Options{}.stages().needs())
	assert.Equal(t, []string{"copy", "deploy"}, wave(Given{}).after(planning).drafted().names(), "a plan of a wave is made of these")
}
