package pipeline

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
)

var update = flag.Bool("update", false, "write docs/preflight.md")

// TestPreflightPage: the page is made from preflight's catalogue, and from the rights of the stages.
func TestPreflightPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "preflight.md")
	want := preflight.Markdown(Rights())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(page), "run go test ./pipeline -run TestPreflightPage -update")
}
