package report_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestMaskPlace: a line is hidden for what its place is, also where the line itself doesn't show that it is a secret.
func TestMaskPlace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ line, path, want string }{
		"the value on a line of its own":         {"        hunter2", "hue.ociRegistry.basicAuth.password", "        ********"},
		"the same, indented by tabs":             {"\t\thunter2", "hue.ociRegistry.basicAuth.password", "\t\t********"},
		"the value beside its key":               {"      password: hunter2", "hue.ociRegistry.basicAuth.password", "      password: ********"},
		"a place that is none, and a plain line": {"    repository: mural", "hue.ociRegistry.repository", "    repository: mural"},
		"valuesFrom, which brings it":            {"    - {kind: Secret, name: login}", "hue.ociRegistry.basicAuth", "    - {kind: Secret, name: login}"},
		"the same in a password":                 {"    - kind: Secretive", "hue.ociRegistry.basicAuth", "    ********"},
		"a place without a path":                 {"    repository: mural", "", "    repository: mural"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, report.MaskPlace(c.line, report.Place{File: "values.yaml", Line: 1, Path: c.path}))
		})
	}
}
