package report_test

import (
	"testing"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestText(t *testing.T) {
	golden(t, "failed.txt", written(t, "text", failedRun(), report.Options{Width: 100}))
	golden(t, "failed-60.txt", written(t, "text", failedRun(), report.Options{Width: 60}))
	golden(t, "failed-colour.txt", written(t, "text", failedRun(), report.Options{Color: true, All: true}))
	golden(t, "many.txt", written(t, "text", manyFindings(1000), report.Options{}))
}
