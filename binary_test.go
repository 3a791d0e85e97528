package main_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notLinked are what only rehearsals and tests need: in a binary that people run against production they would be dead
// weight, and a way in.
var notLinked = []string{
	module + "/fixtures", "sigs.k8s.io/kind", "github.com/testcontainers", "github.com/moby/moby", "github.com/docker/docker",
	"github.com/stretchr/testify", "testing", "net/http/httptest",
}

// TestBinaryLinksNoRehearsal looks at every package that the binary is linked from.
func TestBinaryLinksNoRehearsal(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	require.Contains(t, deps, module+"/internal/cli", "this package is there: if it isn't seen, nothing is")
	for _, dep := range deps {
		for _, not := range notLinked {
			assert.False(t, dep == not || strings.HasPrefix(dep, not+"/"), "%s is linked", dep)
		}
	}
}
