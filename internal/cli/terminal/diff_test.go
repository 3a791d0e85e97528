package terminal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/internal/cli/terminal"
)

func TestDiff(t *testing.T) {
	const diff = "--- a\n+++ a\n@@ -1,2 +1,2 @@\n same\r\n-old\r\n+new\n"
	assert.Equal(t, diff, terminal.Diff(diff, false))
	assert.Equal(t, "\x1b[1m--- a\x1b[0m\n\x1b[1m+++ a\x1b[0m\n\x1b[36m@@ -1,2 +1,2 @@\x1b[0m\n same\r\n\x1b[31m-old\x1b[0m\r\n\x1b[32m+new\x1b[0m\n", terminal.Diff(diff, true))
}
