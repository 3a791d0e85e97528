package pipeline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestVigil looks every minute under a clock of its own. Each letter is what one look shows: h held, b broken, u
// unproven, e an error, r a refusal.
func TestVigil(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shows         string
		period        time.Duration
		failures      int
		looks, failed int
		code          fault.Code
		says          string
	}{
		"all is well":                        {shows: "hhhh", period: 3 * time.Minute, looks: 4},
		"shorter than a minute":              {shows: "hh", period: 20 * time.Second, looks: 2},
		"not a whole number of minutes":      {shows: "hhh", period: 90 * time.Second, looks: 3},
		"a new failure":                      {shows: "hhb", period: 3 * time.Minute, looks: 3, failed: 1, code: fault.Failed, says: "soaking: look 3, after 2m0s: proving pull on hub: The role may not."},
		"one failure is put up with":         {shows: "hbhh", period: 3 * time.Minute, failures: 1, looks: 4, failed: 1},
		"one failure too many":               {shows: "bhbh", period: 3 * time.Minute, failures: 1, looks: 3, failed: 2, code: fault.Failed, says: "soaking: look 3"},
		"the last look must hold":            {shows: "hhhb", period: 3 * time.Minute, failures: 5, looks: 4, failed: 1, code: fault.Failed, says: "soaking: look 4"},
		"what can't be seen is no failure":   {shows: "huueh", period: 4 * time.Minute, looks: 5},
		"the last look shows too little":     {shows: "hhu", period: 2 * time.Minute, looks: 3, code: fault.Unproven, says: "the last look shows too little: proving pull on hub: unproven"},
		"the last look can't look":           {shows: "hhe", period: 2 * time.Minute, looks: 3, code: fault.Unproven, says: "the last look shows too little: no route to host"},
		"somebody else works on the release": {shows: "hr", period: 2 * time.Minute, looks: 2, code: fault.Refused, says: "another run has written it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				at := 0
				v := vigil{period: test.period, every: time.Minute, failures: test.failures, now: time.Now, progress: progress.Discard,
					look: func(context.Context) ([]report.Proof, error) {
						shown := test.shows[at]
						at++
						p := held(report.ProofPull, "hub")
						switch shown {
						case 'b':
							p.Verdict, p.Cause, p.Remedy = report.Broken, "The role may not.", "Allow it."
						case 'u':
							p.Verdict, p.Cause = report.Unproven, "Nobody knows."
						case 'e':
							return nil, errors.New("no route to host")
						case 'r':
							return nil, fault.New(fault.Refused, "let one run at a time work", "another run has written it")
						}
						return []report.Proof{p}, nil
					}}
				looks, failed, err := v.keep(t.Context())
				assert.Equal(t, test.looks, looks)
				assert.Equal(t, test.failed, failed)
				assert.Equal(t, test.code, fault.CodeOf(err), "%v", err)
				if test.says != "" {
					require.ErrorContains(t, err, test.says)
				}
			})
		})
	}
}

// TestVigilEnds with whoever interrupts it, between two looks too.
func TestVigilEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		v := vigil{period: time.Hour, every: time.Minute, now: time.Now, progress: progress.Discard,
			look: func(context.Context) ([]report.Proof, error) { return all("hub"), nil }}
		looks, _, err := v.keep(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2, looks)
	})
}

// TestSoakHasNothingToDo without a time, and once Zot is off; before the switch it refuses.
func TestSoakHasNothingToDo(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	done, err := Soak(t.Context(), s.World, s.State, Validation{Proofs: all("hub")})
	require.NoError(t, err)
	assert.Contains(t, done.Entry().Skip, "--soak 30m")
	assert.Equal(t, all("hub"), done.Proofs, "what validate has proven goes on to disable-zot")

	s.Target.Soak.For = "30m"
	_, err = Soak(t.Context(), s.World, s.State, Validation{})
	require.ErrorContains(t, err, "soaking release mural-system/mural: hue does not push")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	done, err = Soak(t.Context(), s.World, s.State, Validation{})
	require.NoError(t, err)
	assert.Equal(t, "Zot is off already", done.Entry().Skip)
}

// TestRevokedProofKeepsZot: what a later look has contradicted is the reason, also when everything else is there.
func TestRevokedProofKeepsZot(t *testing.T) {
	t.Parallel()
	i := atNoon(t, all("hub"))
	require.NoError(t, mayDisableZot(i.World, i.State, nil))
	broken := held(report.ProofPull, "hub")
	broken.Verdict, broken.Cause, broken.Remedy = report.Broken, "The role may not.", "Allow it."
	i.Journal.Prove([]report.Proof{broken})
	err := mayDisableZot(i.World, i.State, nil)
	require.EqualError(t, err, `disabling Zot: the proof "pull" of cluster "hub" held, and was revoked at 11:55 UTC: The role may not.`)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Equal(t, "Allow it. Then run `palette-ecr validate`", fault.RemedyOf(err))
	require.NoError(t, mayDisableZot(i.World, i.State, all("hub")), "proven again by this run")
}
