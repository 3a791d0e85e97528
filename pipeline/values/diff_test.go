package values_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// TestDiffLeadsFromInputToOutput applies every diff of the corpus, as patch(1) would, to the input with its
// secrets masked: the output with its secrets masked must come out.
func TestDiffLeadsFromInputToOutput(t *testing.T) {
	t.Parallel()
	base := settings(t)
	for _, path := range corpus(t) {
		name := filepath.Base(path)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			f, err := values.Parse(name, data)
			if err != nil {
				return // TestGolden holds the error
			}
			r, err := f.Render(special(t, name, base))
			if err != nil {
				return
			}
			after, err := values.Parse(name, r.Output)
			require.NoError(t, err)
			diff := r.Diff(name)
			assert.Equal(t, maskedLines(after), applyDiff(t, maskedLines(f), diff))
			assert.NotContains(t, diff, "not-a-real-password")
		})
	}
}

func maskedLines(f *values.File) []string {
	var all []string
	for line := 1; line <= f.Lines(); line++ {
		all = append(all, f.Masked(line))
	}
	return all
}

// applyDiff is a small patch(1) that takes no fuzz.
func applyDiff(t *testing.T, lines []string, diff string) []string {
	t.Helper()
	var out []string
	at := 0 // lines of the input that are used up
	for i, line := range strings.Split(strings.TrimSuffix(diff, "\n"), "\n") {
		switch {
		case diff == "" || i < 2 || strings.HasPrefix(line, `\`):
		case strings.HasPrefix(line, "@@"):
			var from, to string
			_, err := fmt.Sscanf(line, "@@ -%s +%s @@", &from, &to)
			require.NoError(t, err, line)
			start, count := 0, 1
			if n, _ := fmt.Sscanf(from, "%d,%d", &start, &count); n < 2 {
				count = 1
			}
			if count == 0 {
				start++
			}
			out = append(out, lines[at:start-1]...)
			at = start - 1
			newStart, newCount := 0, 1
			if n, _ := fmt.Sscanf(to, "%d,%d", &newStart, &newCount); n == 2 && newCount == 0 {
				newStart++
			}
			require.Equal(t, len(out)+1, newStart, line)
		case line[0] == '+':
			out = append(out, line[1:])
		default:
			require.Equal(t, lines[at], line[1:])
			if at++; line[0] == ' ' {
				out = append(out, line[1:])
			}
		}
	}
	return append(out, lines[at:]...)
}

// TestDiffOfEmbeddedValues: values that are a text in a manifest are shown with the manifest's own lines around them, as
// patch(1) and git apply want, and with their secrets hidden.
func TestDiffOfEmbeddedValues(t *testing.T) {
	t.Parallel()
	const manifest = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mural}\nspec:\n  source:\n    chart: mural\n    helm:\n" +
		"      parameters: [{name: canvas.password, value: not-a-real-password}]\n      values: |\n        hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}\n        fleetConfig: {spokes: []}\n" +
		"    repoURL: https://u:not-a-real-password@git.example\n  project: default"
	f, err := values.Parse("app.yaml", []byte(manifest))
	require.NoError(t, err)
	r, err := f.Render(settings(t))
	require.NoError(t, err)
	diff := r.Diff("app.yaml")
	for _, line := range []string{"      values: |", "     helm:", "   project: default", `\ No newline at end of file`} {
		assert.Contains(t, diff, line+"\n")
	}
	assert.NotContains(t, diff, "not-a-real-password")
	after, err := values.Parse("app.yaml", r.Output)
	require.NoError(t, err)
	assert.Equal(t, maskedLines(after), applyDiff(t, maskedLines(f), diff))
	assert.Equal(t, "      values: |", f.Masked(9), "where a finding is")
}
