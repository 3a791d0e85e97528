package module

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// daggerVersion finds versions of Dagger wherever one is pinned or named.
var daggerVersion = regexp.MustCompile(
	`(?:"engineVersion": "|dagger-for-github@\S+ # \S+\s+with:\s+version: |DAGGER_VERSION=|(?m:^\tdagger\.io/dagger )|Dagger\]\(https://docs\.dagger\.io/install\) )(v[\d.]+\d)`)

// dagger.json says which version it is; every other place agrees.
func TestPinsOfDaggerAgree(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "dagger.json"))
	require.NoError(t, err)
	var config struct{ EngineVersion string }
	require.NoError(t, json.Unmarshal(data, &config))
	require.Regexp(t, `^v\d+\.\d+\.\d+$`, config.EngineVersion)
	for file, times := range map[string]int{
		"dev/dagger.json": 1, "tests/dagger.json": 1, "examples/go/dagger.json": 1,
		".github/workflows/cutover.yml": 5, ".github/workflows/drift.yml": 1, ".github/workflows/test.yml": 1, ".github/workflows/release.yml": 1,
		"templates/cutover.yml": 1, "internal/module/testdata/stub/go.mod": 1, "docs/dagger.md": 1,
	} {
		data, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		found := daggerVersion.FindAllStringSubmatch(string(data), -1)
		assert.Len(t, found, times, file)
		for _, m := range found {
			assert.Equal(t, config.EngineVersion, m[1], file)
		}
	}
}

// The checks of this repository run in the image that the module builds in.
func TestDevUsesTheSameGo(t *testing.T) {
	pins, err := os.ReadFile(filepath.Join(root, ".dagger/pins.go"))
	require.NoError(t, err)
	golang := regexp.MustCompile(`golangImage = "([^"]+)"`).FindStringSubmatch(string(pins))
	require.NotNil(t, golang)
	dev, err := os.ReadFile(filepath.Join(root, "dev/main.go"))
	require.NoError(t, err)
	assert.Contains(t, string(dev), `+default="`+golang[1]+`"`)
}

// The engine compiles the tool from what dagger.json includes: all that the repository's commands need must be in it.
func TestSourceIsIncluded(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "dagger.json"))
	require.NoError(t, err)
	var config struct{ Include []string }
	require.NoError(t, json.Unmarshal(data, &config))
	for _, folder := range []string{"internal", "pipeline", "fixtures", "scripts"} {
		assert.Contains(t, config.Include, folder)
	}
	files, err := filepath.Glob(filepath.Join(root, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		if name := filepath.Base(file); !strings.HasSuffix(name, "_test.go") {
			assert.Contains(t, config.Include, name)
		}
	}
	// What is embedded must not be left out with the tests' data.
	err = filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, line := range strings.Split(string(data), "\n") {
			if strings.HasPrefix(line, "//go:embed") {
				assert.False(t, slices.ContainsFunc(strings.Fields(line), func(word string) bool { return strings.HasPrefix(word, "testdata") }), path)
			}
		}
		return err
	})
	require.NoError(t, err)
}
