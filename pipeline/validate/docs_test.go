package validate

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/troubleshooting.md")

// TestDocs keeps docs/troubleshooting.md as the catalogue says.
func TestDocs(t *testing.T) {
	t.Parallel()
	const path = "../../docs/troubleshooting.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(Markdown()), 0o644))
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(string(page), Markdown()), "run: go test ./pipeline/validate -run TestDocs -update")
}

func TestEveryCauseIsSeenInItsMessage(t *testing.T) {
	t.Parallel()
	for _, e := range catalogue {
		for _, other := range catalogue {
			if other.pattern.MatchString(e.seen) {
				assert.Equal(t, e.pattern.String(), other.pattern.String(), "the first cause that %q shows", e.seen)
				break
			}
		}
	}
}
