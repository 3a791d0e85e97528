package sops

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// TestAnInterruptEndsIt: seen: after SIGTERM it waited for as long as what sops had started ran, and then blamed the keys.
func TestAnInterruptEndsIt(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "sops")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nsleep 3600 &\nwait\n"), 0o700)) //nolint:gosec // a program
	f, err := values.Parse("values.yaml", []byte("a: b\n"))
	require.NoError(t, err)
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	_, err = Program{ctx, program}.Open(f)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, `decrypting "values.yaml" with sops`)
}
