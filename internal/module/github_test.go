package module

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func workflows(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 2)
	examples, err := filepath.Glob(filepath.Join(root, "examples/github/*.yml"))
	require.NoError(t, err)
	require.Len(t, examples, 2)
	return append(paths, examples...)
}

func TestWorkflowsLint(t *testing.T) {
	var said strings.Builder
	linter, err := actionlint.NewLinter(&said, &actionlint.LinterOptions{})
	require.NoError(t, err)
	problems, err := linter.LintFiles(workflows(t), nil)
	require.NoError(t, err)
	assert.Empty(t, problems, said.String())
}

var uses = regexp.MustCompile(`uses: (\S+)(.*)`)

// An action's tag can be moved; a commit can't.
func TestActionsArePinnedToCommits(t *testing.T) {
	pinned := 0
	for _, path := range workflows(t) {
		if strings.Contains(path, "examples") {
			continue // they name a branch, and say to pin it
		}
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, m := range uses.FindAllStringSubmatch(string(data), -1) {
			pinned++
			assert.Regexp(t, `@[0-9a-f]{40}$`, m[1], path)
			assert.Regexp(t, `^ # v\d+\.\d+\.\d+$`, m[2], "%s: %s names no version", path, m[1])
		}
	}
	assert.GreaterOrEqual(t, pinned, 30)
}

// Inputs in a script are code that whoever starts the workflow writes.
func TestScriptsTakeNoExpressions(t *testing.T) {
	for _, path := range workflows(t) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		for _, line := range strings.Split(string(data), "\n") {
			if strings.Contains(line, "run:") {
				assert.NotContains(t, line, "${{", path)
			}
		}
	}
}
