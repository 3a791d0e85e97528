package values_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// rendered is a file in a folder of its own, and what it is to become.
func rendered(t *testing.T, mode os.FileMode) (string, *values.Rendered) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(path, []byte("fleetConfig: {spokes: []}\n"), 0o600))
	require.NoError(t, os.Chmod(path, mode))
	f, err := values.Read(path)
	require.NoError(t, err)
	r, err := f.Render(settings(t))
	require.NoError(t, err)
	return path, r
}

// alone checks that no temporary file is left.
func alone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	for _, e := range entries {
		assert.False(t, strings.HasPrefix(e.Name(), "."), e.Name())
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestWriteInPlaceKeepsTheMode(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o600, 0o640, 0o666} {
		path, r := rendered(t, mode)
		require.NoError(t, r.WriteInPlace(path))
		assert.Equal(t, string(r.Output), content(t, path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode().Perm())
		alone(t, path)
	}
}

func TestWriteInPlaceFollowsSymbolicLinks(t *testing.T) {
	t.Parallel()
	path, r := rendered(t, 0o600)
	link := filepath.Join(t.TempDir(), "link.yaml")
	require.NoError(t, os.Symlink(path, link))
	require.NoError(t, r.WriteInPlace(link))
	assert.Equal(t, string(r.Output), content(t, path))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink, "the link is still one")
}

func TestWriteInPlaceRefuses(t *testing.T) {
	t.Parallel()
	t.Run("a file that changed since", func(t *testing.T) {
		path, r := rendered(t, 0o600)
		require.NoError(t, os.WriteFile(path, []byte("other: 1\n"), 0o600))
		err := r.WriteInPlace(path)
		require.ErrorContains(t, err, "changed since it was read")
		assert.Equal(t, fault.Failed, fault.CodeOf(err))
		assert.Equal(t, "other: 1\n", content(t, path))
		alone(t, path)
	})
	t.Run("a file that is gone", func(t *testing.T) {
		path, r := rendered(t, 0o600)
		require.NoError(t, os.Remove(path))
		err := r.WriteInPlace(path)
		require.ErrorContains(t, err, path)
		assert.Equal(t, "check the path", fault.RemedyOf(err))
	})
	t.Run("what is not a file", func(t *testing.T) {
		_, r := rendered(t, 0o600)
		assert.ErrorContains(t, r.WriteInPlace("/dev/null"), "isn't a regular file")
	})
}

func TestWriteInPlaceLeavesAnEqualFileAlone(t *testing.T) {
	t.Parallel()
	path, r := rendered(t, 0o600)
	require.NoError(t, r.WriteInPlace(path))
	before, err := os.Stat(path)
	require.NoError(t, err)
	f, err := values.Read(path)
	require.NoError(t, err)
	again, err := f.Render(settings(t))
	require.NoError(t, err)
	require.NoError(t, again.WriteInPlace(path))
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "the same file, not a new one of its name")
}
