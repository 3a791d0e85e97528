package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestParseOutputs(t *testing.T) {
	t.Parallel()
	type outputs = []report.Output
	for name, test := range map[string]struct {
		specs []string
		want  outputs
	}{
		"nothing is text":       {nil, outputs{{Format: "text"}}},
		"files leave room":      {[]string{"json=a.json", "sarif=b"}, outputs{{"json", "a.json"}, {"sarif", "b"}, {"text", ""}}},
		"something else":        {[]string{"json"}, outputs{{"json", ""}}},
		"a dash":                {[]string{"json=-", "text=t"}, outputs{{"json", ""}, {"text", "t"}}},
		"an equals in the name": {[]string{"json=a=b"}, outputs{{"json", "a=b"}, {"text", ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := report.ParseOutputs(test.specs)
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
		})
	}
	for name, test := range map[string]struct {
		specs []string
		want  string
	}{
		"unknown format": {[]string{"yaml=x"}, `choosing the output format "yaml": unknown`},
		"no file":        {[]string{"json="}, "no file is named"},
		"stdout twice":   {[]string{"json", "text"}, "standard output already carries json"},
		"a file twice":   {[]string{"json=x", "text=./x"}, `"./x" already carries json`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := report.ParseOutputs(test.specs)
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
	_, err := report.ParseOutputs([]string{"yaml"})
	for _, format := range report.Names() {
		assert.Contains(t, fault.RemedyOf(err), format)
	}
}

func TestWriteAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept.json")
	require.NoError(t, os.WriteFile(kept, []byte("old, and longer than nothing"), 0o600))
	link := filepath.Join(dir, "link.json")
	require.NoError(t, os.Symlink(kept, link))
	fresh := filepath.Join(dir, "new", "report.txt")

	var out bytes.Buffer
	outputs := []report.Output{{Format: "json", File: link}, {Format: "text", File: fresh}, {Format: "text"}}
	require.NoError(t, report.WriteAll(outputs, &out, failedRun(), report.Options{Paint: marked}))

	assert.Contains(t, out.String(), "<bold>", "colours were asked for")
	text, err := os.ReadFile(fresh)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "<bold>", "a file has no colours")
	json, err := os.ReadFile(kept)
	require.NoError(t, err)
	assert.NoError(t, validate(t, report.Schema, json))
	info, err := os.Lstat(kept)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode(), "the mode is kept")
	info, err = os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link stays a link")
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	require.NoError(t, err)
	assert.Empty(t, left, "no temporary file is left")
}

func TestWriteAllGoesOnAfterAFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	occupied := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(occupied, []byte("x"), 0o644))
	good := filepath.Join(dir, "good.txt")
	err := report.WriteAll([]report.Output{{Format: "json", File: filepath.Join(occupied, "below")}, {Format: "text", File: good}}, nil, failedRun(), report.Options{})
	require.ErrorContains(t, err, "writing "+`"`+filepath.Join(occupied, "below"))
	text, err := os.ReadFile(good)
	require.NoError(t, err)
	assert.True(t, strings.Contains(string(text), "Failed"))
}
