package console_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestPaint(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "-old\n", console.Paint(false).Diff("-old\n"))
	assert.Equal(t, "\x1b[31m-old\x1b[0m\n", console.Paint(true).Diff("-old\n"))
	seen := make(map[string]bool)
	for style := report.Bold; style <= report.Accent; style++ {
		painted := console.Paint(true).Apply(style, "x")
		assert.Regexp(t, regexp.MustCompile(`^\x1b\[[0-9;]+mx\x1b\[[0-9;]+m$`), painted)
		seen[painted] = true
	}
	assert.Len(t, seen, int(report.Accent)+1, "each style looks different")
}
