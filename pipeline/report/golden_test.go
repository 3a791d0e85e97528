package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var update = flag.Bool("update", false, "write the golden files again")

// golden compares with testdata/name, or writes it with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

// written is the report in one format.
func written(t *testing.T, format string, r *report.Report, o report.Options) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, report.Write(&out, format, r, o))
	return out.Bytes()
}
