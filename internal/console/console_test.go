package console_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/internal/console"
)

// Under the race detector: command lines that run side by side, as those of tests do, share nothing unguarded.
func TestExecuteSideBySide(t *testing.T) {
	t.Parallel()
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			var out strings.Builder
			c := console.New(console.Streams{In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }})
			code := c.Execute(t.Context(), &cobra.Command{Use: "palette-ecr", RunE: func(*cobra.Command, []string) error { return nil }}, nil)
			assert.Zero(t, code, out.String())
		})
	}
	running.Wait()
}
