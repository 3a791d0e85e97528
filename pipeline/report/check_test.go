package report_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestCheckOutputs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(in("input"), []byte("x"), 0o600))
	require.NoError(t, os.Symlink(in("input"), in("link")))
	require.NoError(t, os.Link(in("input"), in("hard")))
	require.NoError(t, os.Symlink(in("nowhere"), in("dangling")))
	require.NoError(t, os.Symlink(in("loop"), in("loop")))
	require.NoError(t, os.Mkdir(in("sub"), 0o700))
	require.NoError(t, os.Symlink(in("sub"), in("alias")))
	require.NoError(t, syscall.Mkfifo(in("pipe"), 0o600))

	for name, test := range map[string]struct {
		files []string
		want  string // "": all is well
	}{
		"a file":                     {[]string{in("report")}, ""},
		"a file that is there":       {[]string{in("sub")}, "it is a directory"},
		"folders to make":            {[]string{in("a/b/c/report")}, ""},
		"standard output":            {[]string{""}, ""},
		"a device":                   {[]string{os.DevNull}, ""},
		"a pipe that nobody reads":   {[]string{in("pipe")}, ""},
		"a link to nothing":          {[]string{in("dangling")}, ""},
		"the input":                  {[]string{in("input")}, `it is an input, "` + in("input")},
		"the input, by another path": {[]string{in("sub/../input")}, "it is an input"},
		"a link to the input":        {[]string{in("link")}, "it is an input"},
		"a hard link to the input":   {[]string{in("hard")}, "it is an input"},
		"below a file":               {[]string{in("input/report")}, "not a directory"},
		"far below a file":           {[]string{in("input/a/b/report")}, "not a directory"},
		"a link to itself":           {[]string{in("loop/report")}, "too many levels"},
		"the same file twice":        {[]string{in("sub/new"), in("alias/new")}, "the same file as"},
		"a link to the other":        {[]string{in("nowhere"), in("dangling")}, "the same file as"},
		"a name that is too long":    {[]string{in(string(make([]byte, 300)))}, "invalid argument"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var outputs []report.Output
			for _, file := range test.files {
				outputs = append(outputs, report.Output{Format: "json", File: file})
			}
			err := report.CheckOutputs(outputs, "-", "", "oci://public.ecr.aws/mural/mural", in("input"))
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
	t.Cleanup(func() {
		names, err := filepath.Glob(in("*"))
		require.NoError(t, err)
		assert.Len(t, names, 8, "nothing is made: %v", names)
		hidden, err := filepath.Glob(in(".*"))
		require.NoError(t, err)
		assert.Empty(t, hidden)
	})
}
