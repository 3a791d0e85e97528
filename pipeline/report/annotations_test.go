package report_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

type command struct {
	kind, message string
	properties    map[string]string
}

// parseCommands reads workflow commands as GitHub's runner does (actions/runner, ActionCommand.cs): what is
// between the colons is split at the first blank, properties at commas and their first equals sign, and
// escapes are undone with %25 last.
func parseCommands(t *testing.T, output string) []command {
	t.Helper()
	var commands []command
	for line := range strings.Lines(output) {
		rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "::")
		require.True(t, ok, "%q is not a command", line)
		head, message, ok := strings.Cut(rest, "::")
		require.True(t, ok, "%q has no end", line)
		kind, properties, _ := strings.Cut(head, " ")
		c := command{kind: kind, message: unescape(message, "%0D", "\r", "%0A", "\n"), properties: map[string]string{}}
		for _, property := range strings.Split(properties, ",") {
			name, value, ok := strings.Cut(property, "=")
			require.True(t, ok, "%q", property)
			c.properties[name] = unescape(value, "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
		}
		commands = append(commands, c)
	}
	return commands
}

func unescape(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return strings.ReplaceAll(s, "%25", "%")
}

func TestAnnotations(t *testing.T) {
	t.Parallel()
	output := written(t, "github", failedRun(), report.Options{})
	golden(t, "failed.github.txt", output)
	commands := parseCommands(t, string(output))
	require.Len(t, commands, 8, "the error, two proofs, five findings")

	assert.Equal(t, command{"error", "spoke-1 pulls from \"mural-workloads\", but Hue pushes to \"plattform-müsli\"\nFix: set fleetConfig.spokes[0].ociRegistry.repository to plattform-müsli", map[string]string{
		"file": "deploy/values.yaml", "line": "87", "endLine": "87", "col": "21", "endColumn": "38", "title": "L07 A spoke reads another repository than Hue writes",
	}}, commands[2])
	assert.Contains(t, commands[3].message, "100%\nsure", "percent and line end come back")
	assert.NotContains(t, commands[len(commands)-1].properties, "col", "columns only within a line")
}

func TestAnnotationsEscapeProperties(t *testing.T) {
	t.Parallel()
	r := &report.Report{Findings: []report.Finding{{
		Rule: "L01", Severity: report.Warning, Title: "a, b: 100%::error::\nc", Message: "x\r\n::error::y",
		Place: report.Place{File: "a,b:c%0A.yaml", Line: 1},
	}}}
	commands := parseCommands(t, string(written(t, "github", r, report.Options{})))
	require.Len(t, commands, 1)
	assert.Equal(t, "L01 a, b: 100%::error::\nc", commands[0].properties["title"])
	assert.Equal(t, "a,b:c%0A.yaml", commands[0].properties["file"])
	assert.Equal(t, "x\r\n::error::y", commands[0].message)
}

func TestAnnotationsAreFewAndCounted(t *testing.T) {
	t.Parallel()
	commands := parseCommands(t, string(written(t, "github", manyFindings(1000), report.Options{})))
	require.Len(t, commands, 11)
	assert.Equal(t, command{"notice", "990 more in the full report", map[string]string{"title": "palette-ecr"}}, commands[10])
}
