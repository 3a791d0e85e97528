package report_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// marked paints with words, so that a test can read what was painted.
func marked(style report.Style, text string) string {
	names := [...]string{"bold", "dim", "good", "bad", "removed", "warn", "note", "accent"}
	return fmt.Sprintf("<%s>%s</>", names[style], text)
}

func TestDiff(t *testing.T) {
	t.Parallel()
	const diff = "--- a\n+++ a\n@@ -1,2 +1,2 @@\n same\r\n-old\r\n+new\n\n"
	assert.Equal(t, diff, report.Paint(nil).Diff(diff))
	assert.Equal(t, "<bold>--- a</>\n<bold>+++ a</>\n<accent>@@ -1,2 +1,2 @@</>\n same\r\n<removed>-old</>\r\n<good>+new</>\n\n", report.Paint(marked).Diff(diff))
}
