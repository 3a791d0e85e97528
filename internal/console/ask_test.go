package console_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func asked(in io.Reader, out io.Writer) *console.Console {
	return console.New(console.Streams{In: in, Out: io.Discard, Err: out, InTTY: true, ErrTTY: true, Getenv: func(string) string { return "" }})
}

func aPlan() *report.Report {
	r := report.New("run", "v1", time.Time{})
	r.Plan = &report.Plan{Hash: "sha256:1", Final: []string{"it stays"}, Objects: []report.PlannedObject{{Action: "delete", Object: "StatefulSet a/zot", Stage: "disable-zot", Note: "its volumes stay"}}}
	r.Target = report.Target{Release: "mural-system/mural", Hub: "kind-hub", Spokes: []string{"edge-1"}, Destination: "oci://ecr/x"}
	r.Changes = &report.Changes{Delete: 1}
	return r
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	for answer, goes := range map[string]bool{"yes\n": true, " yes \n": true, "y\n": false, "no\n": false, "\n": false, "": false, "YES\n": false} {
		var out bytes.Buffer
		err := asked(strings.NewReader(answer), &out).Confirm(t.Context(), aPlan())
		for _, seen := range []string{"StatefulSet a/zot", "its volumes stay", "it stays", "mural-system/mural in kind-hub and edge-1 → oci://ecr/x", "0 to create, 0 to update, 1 to delete", "Only yes goes on: "} {
			assert.Contains(t, out.String(), seen)
		}
		if goes {
			require.NoError(t, err, answer)
			continue
		}
		require.Error(t, err, answer)
		assert.Equal(t, fault.Refused, fault.CodeOf(err))
	}
}

// TestPlanIsShownOnce: the report of whoever was asked does not repeat it; one that goes elsewhere has it.
func TestPlanIsShownOnce(t *testing.T) {
	t.Parallel()
	for tty, times := range map[bool]int{true: 1, false: 2} {
		var out bytes.Buffer
		c := console.New(console.Streams{In: strings.NewReader("yes\n"), Out: &out, Err: &out, InTTY: true, ErrTTY: true, OutTTY: tty, Getenv: func(string) string { return "" }})
		require.NoError(t, c.Confirm(t.Context(), aPlan()))
		w, err := (&console.Outputs{}).Open()
		require.NoError(t, err)
		require.NoError(t, c.Write(w, aPlan()))
		assert.Equal(t, times, strings.Count(out.String(), "StatefulSet a/zot"), "a terminal: %t", tty)
	}
}

// TestConfirmEndsWithAnInterrupt, though nobody answers.
func TestConfirmEndsWithAnInterrupt(t *testing.T) {
	t.Parallel()
	in, _ := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, asked(in, io.Discard).Confirm(ctx, aPlan()), context.Canceled)
}

func TestAsks(t *testing.T) {
	t.Parallel()
	assert.True(t, asked(nil, nil).Asks())
	for _, s := range []console.Streams{{}, {InTTY: true}, {ErrTTY: true}, {OutTTY: true, ErrTTY: true}} {
		assert.False(t, console.New(s).Asks(), "%+v", s)
	}
}
