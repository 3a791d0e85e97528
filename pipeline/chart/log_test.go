package chart

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNothingThatHelmLogsIsShown takes what Helm logs of charts and values from its own source, so that a new release of
// Helm with a new sentence is noticed.
func TestNothingThatHelmLogsIsShown(t *testing.T) {
	t.Parallel()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "helm.sh/helm/v3").Output()
	require.NoError(t, err)
	format := regexp.MustCompile(`(?:log\.Printf|\bprintf)\(("(?:[^"\\]|\\.)*")`)
	seen := 0
	for _, file := range []string{"chartutil/coalesce.go", "chartutil/dependencies.go", "chartutil/jsonschema.go", "engine/engine.go", "chart/loader/load.go"} {
		source, err := os.ReadFile(strings.TrimSpace(string(folder)) + "/pkg/" + file)
		require.NoError(t, err)
		for _, line := range format.FindAllStringSubmatch(string(source), -1) {
			seen++
			var shown bytes.Buffer
			log.New(withoutValues{&shown}, "", log.LstdFlags).Print(strings.Trim(line[1], `"`))
			assert.Empty(t, shown.String(), file)
		}
	}
	assert.Greater(t, seen, 12, "if none is found, none is looked at")
	var shown bytes.Buffer
	fmt.Fprint(withoutValues{&shown}, "another program's line")
	assert.NotEmpty(t, shown.String())
}
