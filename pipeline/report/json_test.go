package report_test

import (
	"testing"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	golden(t, "failed.json", written(t, "json", failedRun(), report.Options{}))
}
