package module

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The scheduled jobs keep one issue: opened when there is none, rewritten when there is one, closed when nothing is left.
func TestDriftKeepsOneIssue(t *testing.T) {
	t.Parallel()
	for name, jobs := range map[string]struct {
		script, client      string
		open, update, close string
	}{
		"GitHub": {
			script: githubIssueScript(t), client: "gh",
			open:   "api repos/o/r/issues --field title=palette-ecr: something points back to Zot (prod) --field body=@issue.md",
			update: "api --method PATCH repos/o/r/issues/7 --field body=@issue.md",
			close:  "api --method PATCH repos/o/r/issues/7 --field body=@issue.md --field state=closed",
		},
		"GitLab": {
			script: gitlabIssueScript(t), client: "curl",
			open:   "--data-urlencode labels=prod --data-urlencode title=palette-ecr: something points back to Zot --data-urlencode description@report/report.md https://gitlab.example/projects/3/issues",
			update: "--request PUT --data-urlencode description@report/report.md https://gitlab.example/projects/3/issues/7",
			close:  "--request PUT --data state_event=close --data-urlencode description@report/report.md https://gitlab.example/projects/3/issues/7",
		},
	} {
		for _, c := range []struct{ code, issue, want string }{
			{"2", "", jobs.open}, {"2", "7", jobs.update}, {"0", "7", jobs.close}, {"0", "", ""}, {"4", "7", ""}, {"4", "", ""},
		} {
			t.Run(name+" code "+c.code+" issue "+c.issue, func(t *testing.T) {
				t.Parallel()
				calls := keepIssue(t, jobs.client, jobs.script, c.code, c.issue)
				require.NotEmpty(t, calls)
				if c.want == "" {
					assert.Len(t, calls, 1, "it only looked")
					return
				}
				require.Len(t, calls, 2)
				assert.True(t, strings.HasSuffix(calls[1], c.want), calls[1])
			})
		}
	}
}

// keepIssue runs the script of a job with a client that notes its calls, where the issue exists that is named.
func keepIssue(t *testing.T, client, script, code, issue string) []string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "report"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "report/exit-code"), []byte(code+"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "report/report.md"), []byte("# Drift\n"), 0o600))
	answers := map[string]string{"gh": "12 another issue\n" + issue + " <!-- palette-ecr drift prod -->", "curl": `[{"id":99,"iid":` + issue + `,"milestone":{"iid":4}}]`}[client]
	if issue == "" {
		answers = map[string]string{"gh": "12 another issue", "curl": "[]"}[client]
	}
	fake := "#!/bin/sh\nfirst=$([ -e calls ] && echo no || echo yes)\nprintf '%s\\n' \"$*\" >> calls\n[ $first = no ] || cat answers\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "answers"), []byte(answers), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, client), []byte(fake), 0o700)) //nolint:gosec // it is to be run
	command := exec.CommandContext(t.Context(), "bash", "-eo", "pipefail", "-c", script)
	if client == "curl" { // as GitLab's runner does in an image that has no bash
		command = exec.CommandContext(t.Context(), "sh", "-e", "-c", script)
	}
	command.Dir = dir
	command.Env = []string{
		"PATH=" + dir + ":" + os.Getenv("PATH"), "ISSUES=repos/o/r/issues", "TARGET=prod", "DRIFT=prod",
		"CI_API_V4_URL=https://gitlab.example", "CI_PROJECT_ID=3", "ISSUE_TOKEN=not-a-real-token",
	}
	said, err := command.CombinedOutput()
	require.NoError(t, err, string(said))
	calls, err := os.ReadFile(filepath.Join(dir, "calls"))
	require.NoError(t, err)
	assert.NotContains(t, string(calls), "not-a-real-token")
	return strings.Split(strings.TrimSpace(string(calls)), "\n")
}

func githubIssueScript(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, ".github/workflows/drift.yml"))
	require.NoError(t, err)
	var workflow struct {
		Jobs map[string]struct{ Steps []struct{ Name, Run string } }
	}
	require.NoError(t, yaml.Unmarshal(data, &workflow))
	for _, step := range workflow.Jobs["drift"].Steps {
		if strings.HasPrefix(step.Name, "one issue") {
			return step.Run
		}
	}
	require.Fail(t, "no step keeps the issue")
	return ""
}

func gitlabIssueScript(t *testing.T) string {
	t.Helper()
	_, text := component(t)
	var jobs map[string]struct{ Script []string }
	require.NoError(t, yaml.Unmarshal([]byte(text), &jobs))
	script := jobs["palette-ecr-drift"].Script
	require.Len(t, script, 3)
	return script[1]
}
