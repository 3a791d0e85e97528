package module

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The module compiles and passes its tests without an engine, against the SDK's types under the names of the generated ones.
func TestModuleTypeChecks(t *testing.T) {
	said, err := vet(t, func(string) {})
	require.NoError(t, err, said)
}

func TestATypeErrorIsSeen(t *testing.T) {
	said, err := vet(t, func(dir string) {
		wrong := "package main\n\nfunc (m *PaletteEcr) Wrong() int { return m.Zot() }\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, "wrong.go"), []byte(wrong), 0o600))
	})
	require.Error(t, err)
	require.Contains(t, said, "m.Zot()")
}

// vet vets a copy of the module beside the stub, and gives what was said.
func vet(t *testing.T, change func(dir string)) (string, error) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/stub")))
	sources, err := filepath.Glob(filepath.Join(root, ".dagger", "*.go"))
	require.NoError(t, err)
	for _, source := range sources {
		if filepath.Base(source) == "dagger.gen.go" {
			continue
		}
		data, err := os.ReadFile(source)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(source)), data, 0o600))
	}
	change(dir)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-c", "go vet ./... && go test ./...")
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off")
	said, err := command.CombinedOutput()
	return string(said), err
}
