package module

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheStagesFindTheRehearsal: scripts/dagger-test takes from what a kept rehearsal prints where its cluster and its AWS are.
func TestTheStagesFindTheRehearsal(t *testing.T) {
	t.Parallel()
	said, err := os.ReadFile(filepath.Join(root, "fixtures/rehearsal/keep.go"))
	require.NoError(t, err)
	script, err := os.ReadFile(filepath.Join(root, "scripts/dagger-test"))
	require.NoError(t, err)
	for _, line := range []string{"  export KUBECONFIG=", "  export HTTPS_PROXY=", "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY="} {
		assert.Contains(t, string(said), line)
		assert.Contains(t, string(script), line)
	}
	assert.NotRegexp(t, regexp.MustCompile(`/\w*\.?kind\.kubeconfig`), string(script), "what the file is called is the rehearsal's own")
}
