package report_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// codeQualitySchema is GitLab's form as its page documents it
// (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).
const codeQualitySchema = `{
  "type": "array",
  "items": {
    "type": "object", "additionalProperties": false,
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "properties": {
      "description": {"type": "string", "minLength": 1},
      "check_name": {"type": "string", "minLength": 1},
      "fingerprint": {"type": "string", "minLength": 1},
      "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
      "location": {
        "type": "object", "additionalProperties": false, "required": ["path", "lines"],
        "properties": {
          "path": {"type": "string", "pattern": "^[^/]", "not": {"pattern": "^\\./"}},
          "lines": {"type": "object", "additionalProperties": false, "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}
        }
      }
    }
  }
}`

func TestCodeQuality(t *testing.T) {
	t.Parallel()
	golden(t, "failed.codequality.json", written(t, "codequality", failedRun(), report.Options{}))
	for name, r := range map[string]*report.Report{"failed": failedRun(), "many": manyFindings(1000), "empty": {}} {
		t.Run(name, func(t *testing.T) {
			document := written(t, "codequality", r, report.Options{})
			require.NoError(t, validate(t, []byte(codeQualitySchema), document))
			var issues []struct{ Fingerprint string }
			require.NoError(t, json.Unmarshal(document, &issues))
			unique := make(map[string]bool)
			for _, issue := range issues {
				unique[issue.Fingerprint] = true
			}
			assert.Len(t, unique, len(issues), "GitLab shows one of those with the same fingerprint")
		})
	}
}

func TestTerraformPlan(t *testing.T) {
	t.Parallel()
	assert.JSONEq(t, `{"create": 1, "update": 2, "delete": 0}`, string(written(t, "terraform", failedRun(), report.Options{})))
	assert.JSONEq(t, `{}`, string(written(t, "terraform", &report.Report{}, report.Options{})), "nothing is known, so nothing is claimed")
}
