package report_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestText(t *testing.T) {
	t.Parallel()
	golden(t, "failed.txt", written(t, "text", failedRun(), report.Options{Width: 100}))
	golden(t, "failed-60.txt", written(t, "text", failedRun(), report.Options{Width: 60}))
	golden(t, "failed-colour.txt", written(t, "text", failedRun(), report.Options{Paint: marked, All: true}))
	golden(t, "many.txt", written(t, "text", manyFindings(1000), report.Options{}))
}

func TestTextOfACleanLint(t *testing.T) {
	t.Parallel()
	r := &report.Report{Command: "lint", Rules: sampleRules(), Target: report.Target{Values: "values.yaml"}}
	assert.Equal(t, "✓ Done · 2 rules, nothing found\n", string(written(t, "text", r, report.Options{})))
}

// carets returns what is underlined in a source line, and the two lines as they are shown.
func carets(t *testing.T, source string, p report.Place, width int) (meant string, shown []string) {
	t.Helper()
	r := &report.Report{Findings: []report.Finding{{Rule: "L01", Severity: report.Error, Place: p, Snippet: source}}}
	for line := range strings.Lines(string(written(t, "text", r, report.Options{Width: width}))) {
		if _, after, ok := strings.Cut(strings.TrimRight(line, "\n"), "│"); ok {
			shown = append(shown, strings.TrimPrefix(after, " "))
		}
	}
	if len(shown) < 2 {
		return "", shown
	}
	from := strings.IndexByte(shown[1], '^')
	column := 0
	for _, c := range shown[0] {
		if column >= from && column < len(shown[1]) {
			meant += string(c)
		}
		column += runewidth.RuneWidth(c)
	}
	return meant, shown
}

func TestCarets(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 90) + ` here ` + strings.Repeat("y", 90)
	for name, test := range map[string]struct {
		source string
		place  report.Place
		want   string
	}{
		"a range":              {"a: bcd e", report.Place{Line: 1, Column: 4, EndColumn: 7}, "bcd"},
		"one character":        {"a: bcd e", report.Place{Line: 1, Column: 4}, "b"},
		"to the end":           {"a: bcd e", report.Place{Line: 1, Column: 4, EndLine: 3, EndColumn: 2}, "bcd e"},
		"more than the line":   {"a: bcd", report.Place{Line: 1, Column: 4, EndColumn: 99}, "bcd"},
		"behind a tab":         {"\ta: bcd", report.Place{Line: 1, Column: 5, EndColumn: 8}, "bcd"},
		"behind wide letters":  {"東京: bcd", report.Place{Line: 1, Column: 5, EndColumn: 8}, "bcd"},
		"of wide letters":      {"a: 東京 b", report.Place{Line: 1, Column: 4, EndColumn: 6}, "東京"},
		"with a line end":      {"a: bcd\r\n", report.Place{Line: 1, Column: 4, EndColumn: 9}, "bcd"},
		"in a long line":       {long, report.Place{Line: 1, Column: 92, EndColumn: 96}, "here"},
		"at a long line's end": {strings.Repeat("x", 300) + "end", report.Place{Line: 1, Column: 301, EndColumn: 304}, "end"},
	} {
		t.Run(name, func(t *testing.T) {
			meant, shown := carets(t, test.source, test.place, 80)
			assert.Equal(t, test.want, meant, strings.Join(shown, "\n"))
			for _, line := range shown {
				assert.LessOrEqual(t, runewidth.StringWidth(line), 80-9, line)
			}
		})
	}
	_, shown := carets(t, "a: b", report.Place{Line: 1}, 80)
	assert.Equal(t, []string{"a: b"}, shown, "no column, no caret")
	_, shown = carets(t, "a:", report.Place{Line: 1, Column: 3}, 80)
	assert.Equal(t, []string{"a:", "  ^"}, shown, "what is missing is at the end")
}

// Text that others wrote neither moves the cursor nor commands a CI runner.
func TestTextObeysNobody(t *testing.T) {
	t.Parallel()
	for _, nasty := range []string{
		"::error::x", "##[error]x", "  ::set-output name=a::b", "\x1b[2J\x1b]0;title\x07", "a\r\nb\n::error::c", "\u202egnp.exe", "\x9b31m",
		strings.Repeat("word ", 18) + "::warning::x",
	} {
		for _, width := range []int{20, 40, 100} {
			out := string(written(t, "text", filled(nasty), report.Options{Width: width, All: true}))
			for line := range strings.Lines(out) {
				line = strings.TrimSpace(line)
				require.False(t, strings.HasPrefix(line, "::") || strings.HasPrefix(line, "##["), "%q", line)
			}
			assert.NotContains(t, out, "\x1b")
			assert.NotContains(t, out, "\u009b")
			assert.True(t, utf8.ValidString(out))
			assert.NotContains(t, out, "\r")
			assert.NotContains(t, out, "\u202e")
		}
	}
}

func TestTextKeepsToItsWidth(t *testing.T) {
	t.Parallel()
	for _, width := range []int{60, 80, 120} {
		for line := range strings.Lines(string(written(t, "text", failedRun(), report.Options{Width: width}))) {
			line = strings.TrimRight(line, "\n")
			if strings.Contains(line, "oci://1") || strings.Contains(line, "https://") || strings.Contains(line, "sha256:") {
				continue // addresses and digests stay whole
			}
			if strings.Contains(line, "palette-ecr policies --principal") {
				continue // and so do commands
			}
			assert.LessOrEqual(t, runewidth.StringWidth(line), width, line)
		}
	}
}

func TestResultLine(t *testing.T) {
	t.Parallel()
	for code, want := range map[fault.Code]string{
		fault.Done: "✓ Done in 1m13s", fault.Failed: "✗ Failed after 1m13s", fault.Pending: "~ Changes are pending",
		fault.Refused: "✗ Refused after 1m13s", fault.Unproven: "? Not proven after 1m13s", fault.Usage: "✗ Wrong use",
	} {
		r := failedRun()
		r.ExitCode = code
		assert.Contains(t, string(written(t, "text", r, report.Options{})), "\n"+want+"\n")
	}
}

// A command that is broken over two lines is two commands where it is pasted.
func TestTextBreaksNoCommand(t *testing.T) {
	t.Parallel()
	short := "kubectl --context hub --namespace mural-system get ocirepositories"
	long := "kubectl --kubeconfig /home/somebody/.kube/edge-1.yaml --context edge-1 --namespace source-system annotate serviceaccount source-controller eks.amazonaws.com/role-arn=arn:aws:iam::123456789012:role/mural --overwrite"
	restart := "kubectl --context edge-1 --namespace source-system rollout restart deployment/source-controller"
	bare := "palette-ecr policies --principal source-controller --issuer https://oidc.eks.us-east-1.amazonaws.com/id/0123456789"
	by := "do it by hand on the spoke that the finding names: "
	for remedy, whole := range map[string][]string{
		by + "`" + long + "`; `" + restart + "`.":                {"`" + long + "`;", "`" + restart + "`."},
		"look at it with `" + short + "`, and run it again":      {"`" + short + "`,"},
		by + "(`" + short + "`) or `" + restart + "` at the end": {"(`" + short + "`)", "`" + restart + "`"},
		by + bare:                {bare},
		bare:                     {bare},
		"a ` that nobody closes": {"a ` that nobody closes"},
	} {
		r := &report.Report{
			ExitCode: fault.Failed, Error: "it failed", Remedy: remedy,
			Findings: []report.Finding{{Rule: "P20", Severity: report.Error, Message: "m", Remedy: remedy}},
			Proofs:   []report.Proof{{Name: "ready", Verdict: report.Broken, Cause: "c", Remedy: remedy}},
			Stages:   []report.Stage{{Name: "preflight", Outcome: report.Refused, Reason: remedy}},
			Status:   &report.Status{Next: remedy},
		}
		out := string(written(t, "text", r, report.Options{Width: 100}))
		for _, command := range whole {
			assert.Equal(t, 5, strings.Count(out, command), "%s\n%s", command, out)
		}
		for line := range strings.Lines(out) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "`"+long) {
				assert.Equal(t, "`"+long+"`;", line, "what is longer than a line has a line of its own")
			}
		}
	}
}
