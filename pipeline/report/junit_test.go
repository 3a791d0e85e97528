package report_test

import (
	"encoding/xml"
	"testing"

	parser "github.com/joshdk/go-junit"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestJUnit(t *testing.T) {
	t.Parallel()
	golden(t, "failed.junit.xml", written(t, "junit", failedRun(), report.Options{}))
}

// The counts that suites claim are those of their cases, as a parser of other people counts them.
func TestJUnitCounts(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{"failed": failedRun(), "many": manyFindings(1000), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			document := written(t, "junit", r, report.Options{})
			var claimed junit.Testsuites
			require.NoError(t, xml.Unmarshal(document, &claimed))
			suites, err := parser.Ingest(document)
			require.NoError(t, err)
			require.Len(t, suites, len(claimed.Suites))
			total := 0
			for i, suite := range suites {
				suite.Aggregate()
				assert.Equal(t, claimed.Suites[i].Tests, suite.Totals.Tests, suite.Name)
				assert.Equal(t, claimed.Suites[i].Failures, suite.Totals.Failed, suite.Name)
				assert.Equal(t, claimed.Suites[i].Errors, suite.Totals.Error, suite.Name)
				assert.Equal(t, claimed.Suites[i].Skipped, suite.Totals.Skipped, suite.Name)
				total += suite.Totals.Tests
			}
			assert.Equal(t, claimed.Tests, total)
		})
	}
}

func TestJUnitTellsTheVerdicts(t *testing.T) {
	t.Parallel()
	suites, err := parser.Ingest(written(t, "junit", failedRun(), report.Options{}))
	require.NoError(t, err)
	status := make(map[string]parser.Status)
	for _, suite := range suites {
		for _, c := range suite.Tests {
			status[suite.Name+"/"+c.Name] = c.Status
		}
	}
	for name, want := range map[string]parser.Status{
		"palette-ecr/run": parser.StatusError, "stages/render": parser.StatusPassed, "stages/preflight": parser.StatusSkipped,
		"stages/validate": parser.StatusFailed, "stages/disable-zot": parser.StatusFailed, "stages/drift": parser.StatusSkipped,
		"proofs/closure": parser.StatusPassed, "proofs/ready in spoke-münchen": parser.StatusFailed, "proofs/push in hub": parser.StatusError,
		"findings/L07 fleetConfig.spokes[0].ociRegistry.repository": parser.StatusFailed, "findings/L11 deploy/values.yaml:31": parser.StatusPassed,
		"findings/L15 hue.ociRegistry.interval": parser.StatusSkipped, "findings/L01": parser.StatusPassed,
	} {
		got, ok := status[name]
		require.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
}

func TestJUnitSurvivesControlCharacters(t *testing.T) {
	t.Parallel()
	r := failedRun()
	r.Findings[0].Message = "a\x00b\x1b[31mc]]>d\ufffe"
	var suites junit.Testsuites
	require.NoError(t, xml.Unmarshal(written(t, "junit", r, report.Options{}), &suites))
}
