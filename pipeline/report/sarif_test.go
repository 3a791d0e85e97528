package report_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// officialSARIFSchema is the standard's JSON Schema as the module go-sarif carries it.
func officialSARIFSchema(t *testing.T) []byte {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/owenrumney/go-sarif/v3").Output()
	require.NoError(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "pkg/report/v210/sarif/schema.go"), nil, 0)
	require.NoError(t, err)
	value := file.Scope.Lookup("schema").Decl.(*ast.ValueSpec).Values[0].(*ast.BasicLit).Value
	text, err := strconv.Unquote(value)
	require.NoError(t, err)
	return []byte(text)
}

func TestSARIFHoldsToTheStandard(t *testing.T) {
	t.Parallel()
	schema := officialSARIFSchema(t)
	for name, r := range map[string]*report.Report{"failed": failedRun(), "many": manyFindings(1000), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			document := written(t, "sarif", r, report.Options{})
			require.NoError(t, validate(t, schema, document))

			decoder := json.NewDecoder(bytes.NewReader(document))
			decoder.DisallowUnknownFields()
			var log sarif.Report
			require.NoError(t, decoder.Decode(&log), "every property is one of the standard's")
			for _, result := range log.Runs[0].Results {
				assert.Equal(t, *log.Runs[0].Tool.Driver.Rules[result.RuleIndex].ID, *result.RuleID)
				require.Len(t, result.Locations, 1)
				assert.NotEmpty(t, *result.Locations[0].PhysicalLocation.ArtifactLocation.URI, "GitHub refuses a file with a result that has no place")
			}
		})
	}
	broken := bytes.Replace(written(t, "sarif", failedRun(), report.Options{}), []byte(`"level": "error"`), []byte(`"level": "fatal"`), 1)
	var invalid *jsonschema.ValidationError
	require.ErrorAs(t, validate(t, schema, broken), &invalid, "the schema is in force")
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	golden(t, "failed.sarif", written(t, "sarif", failedRun(), report.Options{}))
}

func TestSARIFStaysWithinGitHubsLimit(t *testing.T) {
	t.Parallel()
	r := &report.Report{}
	for i := range 25_010 {
		r.Findings = append(r.Findings, report.Finding{Rule: "L01", Severity: report.Info, Message: "m", Place: report.Place{File: "a", Line: i + 1}})
	}
	r.Findings[25_009].Severity = report.Error
	log, err := sarif.FromBytes(written(t, "sarif", r, report.Options{}))
	require.NoError(t, err)
	assert.Len(t, log.Runs[0].Results, 25_000)
	assert.Equal(t, "error", log.Runs[0].Results[0].Level, "the worst are kept")
	assert.Contains(t, *log.Runs[0].Invocations[0].ToolExecutionNotifications[0].Message.Text, "10 more findings are left out")
}

func results(t *testing.T, r *report.Report, o report.Options) []*sarif.Result {
	t.Helper()
	log, err := sarif.FromBytes(written(t, "sarif", r, o))
	require.NoError(t, err)
	return log.Runs[0].Results
}

func prints(t *testing.T, r *report.Report) []string {
	t.Helper()
	var all []string
	for _, result := range results(t, r, report.Options{}) {
		all = append(all, result.PartialFingerprints["paletteEcrFinding/v1"])
	}
	return all
}

func TestFingerprintsSurviveMovedLines(t *testing.T) {
	t.Parallel()
	before, after := failedRun(), failedRun()
	for i := range after.Findings {
		after.Findings[i].Place.Line += 40
		after.Findings[i].Message += ", said otherwise"
	}
	assert.Equal(t, prints(t, before), prints(t, after))

	other := failedRun()
	other.Findings[0].Place.Path = "fleetConfig.spokes[1].ociRegistry.repository"
	assert.NotEqual(t, prints(t, before)[0], prints(t, other)[0], "another key is another finding")

	twice := failedRun()
	twice.Findings = append(twice.Findings, twice.Findings[0])
	seen := make(map[string]bool)
	for _, print := range prints(t, twice) {
		assert.False(t, seen[print], "each has its own")
		seen[print] = true
	}
}

func TestRepositoryPaths(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, root, dir, uri, base string
	}{
		"as given":          {"a b/ü%.yaml", "", "", "a%20b/%C3%BC%25.yaml", "%SRCROOT%"},
		"cleaned":           {"./deploy/../values.yaml", "", "", "values.yaml", "%SRCROOT%"},
		"a colon":           {"a:b.yaml", "", "", "./a:b.yaml", "%SRCROOT%"},
		"from a folder":     {"values.yaml", "/src", "/src/deploy", "deploy/values.yaml", "%SRCROOT%"},
		"absolute, inside":  {"/src/deploy/values.yaml", "/src", "/elsewhere", "deploy/values.yaml", "%SRCROOT%"},
		"absolute, outside": {"/other/values.yaml", "/src", "/src", "file:///other/values.yaml", ""},
		"above":             {"../values.yaml", "/src", "/src", "file:///values.yaml", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := &report.Report{Findings: []report.Finding{{Rule: "L01", Severity: report.Error, Place: report.Place{File: test.file}}}}
			location := results(t, r, report.Options{Root: test.root, Dir: test.dir})[0].Locations[0].PhysicalLocation.ArtifactLocation
			assert.Equal(t, test.uri, *location.URI)
			if test.base == "" {
				assert.Nil(t, location.URIBaseID)
			} else {
				assert.Equal(t, test.base, *location.URIBaseID)
			}
		})
	}
}
