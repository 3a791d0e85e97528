package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/internal/cli"
)

// terminals run a command with what the environment and the terminals are.
type terminals struct {
	env            map[string]string
	outTTY, errTTY bool
}

func (w terminals) run(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = cli.Main(ctx, args, cli.Streams{
		In: strings.NewReader(""), Out: &out, Err: &err, OutTTY: w.outTTY, ErrTTY: w.errTTY,
		Getenv: func(name string) string { return w.env[name] },
	})
	return code, out.String(), err.String()
}

func TestErrorsAreColouredOnTerminalsOnly(t *testing.T) {
	t.Parallel()
	const esc = "\x1b["
	for name, test := range map[string]struct {
		terminals
		args    []string
		colours bool
	}{
		"a terminal":   {terminals{errTTY: true}, nil, true},
		"a file":       {terminals{outTTY: true}, nil, false},
		"NO_COLOR":     {terminals{errTTY: true, env: map[string]string{"NO_COLOR": "1"}}, nil, false},
		"--no-color":   {terminals{errTTY: true}, []string{"--no-color"}, false},
		"a dumb one":   {terminals{errTTY: true, env: map[string]string{"TERM": "dumb"}}, nil, false},
		"a usual TERM": {terminals{errTTY: true, env: map[string]string{"TERM": "xterm-256color"}}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, stderr := test.run(t.Context(), append([]string{"run", "-o", "json"}, test.args...)...)
			assert.Equal(t, 64, code)
			assert.Contains(t, stderr, "error:")
			assert.Equal(t, test.colours, strings.Contains(stderr, esc), "%q", stderr)
		})
	}
}

// TestErrorIsSeenOnce: in the text report, or on standard error; at a terminal always where the person looks.
func TestErrorIsSeenOnce(t *testing.T) {
	t.Parallel()
	const text = "the target names no registry"
	for name, test := range map[string]struct {
		terminals
		args           []string
		stdout, stderr bool
	}{
		"at a terminal":                     {terminals{outTTY: true, errTTY: true}, nil, true, false},
		"in a job's log":                    {terminals{}, nil, true, false},
		"at a terminal, output in a file":   {terminals{errTTY: true}, nil, true, true},
		"at a terminal, JSON":               {terminals{outTTY: true, errTTY: true}, []string{"-o", "json"}, true, true},
		"at a terminal, and a disk is full": {terminals{outTTY: true, errTTY: true}, []string{"-o", "json=/dev/full"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := test.run(t.Context(), append([]string{"run", "--no-color"}, test.args...)...)
			assert.Equal(t, 64, code)
			assert.Equal(t, test.stdout, strings.Contains(stdout, text), stdout)
			assert.Equal(t, test.stderr, strings.Contains(stderr, text), stderr)
		})
	}
}

// TestInterrupt: the error says that it was one, once, and what comes of running it again.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	code, _, stderr := terminals{}.run(ctx, "run", "-o", "json", "-f", filepath.Join("..", "..", "fixtures", "values", "rehearsal.yaml"),
		"--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr",
		"--chart", filepath.Join("..", "..", "fixtures", "charts", "mural"), "--kubeconfig", unreachable(t))
	require.Equal(t, 1, code)
	assert.Equal(t, 1, strings.Count(stderr, "interrupted: "), stderr)
	assert.Contains(t, stderr, "try:   run it again: it goes on where it stopped\n")
}

// TestRulesOfRunAndLint: code scanning shows the same text of a rule, whichever command found it broken.
func TestRulesOfRunAndLint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, command := range [][]string{{"run", "--until", "lint"}, {"lint"}} {
		code, _, stderr := terminals{}.run(t.Context(), append(command, "-q", "-o", "sarif="+filepath.Join(dir, command[0]),
			"-f", filepath.Join("..", "..", "fixtures", "values", "rehearsal.yaml"), "--chart", filepath.Join("..", "..", "fixtures", "charts", "mural"),
			"--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr")...)
		require.NotEqual(t, 64, code, stderr)
	}
	rules := make(map[string]any)
	for _, name := range []string{"run", "lint"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		var log struct {
			Runs []struct {
				Tool struct{ Driver struct{ Rules []any } }
			}
		}
		require.NoError(t, json.Unmarshal(data, &log))
		require.NotEmpty(t, log.Runs[0].Tool.Driver.Rules)
		rules[name] = log.Runs[0].Tool.Driver.Rules
	}
	assert.Equal(t, rules["lint"], rules["run"])
}
