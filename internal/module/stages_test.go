package module

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline"
)

var update = flag.Bool("update", false, "write .dagger/stages.go")

// TestStagesAreThoseOfTheList: the module's enum is made from the list of the cutover.
func TestStagesAreThoseOfTheList(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", ".dagger", "stages.go")
	want := stages(pipeline.Stages())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(file), "run go test ./internal/module -run TestStagesAreThoseOfTheList -update")
}

// stages writes the enum Stage as Go.
func stages(list []pipeline.Stage) string {
	var out strings.Builder
	out.WriteString("// Code generated from the list in pipeline/cutover.go by go test ./internal/module -update. DO NOT EDIT.\n\npackage main\n\n// A stage of the cutover, in their order\ntype Stage string\n\nconst (\n")
	for _, s := range list {
		name := ""
		for word := range strings.SplitSeq(s.Name, "-") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		fmt.Fprintf(&out, "\t// %s%s\n\tStage%s Stage = %q\n", strings.ToUpper(s.Does[:1]), s.Does[1:], name, s.Name)
	}
	out.WriteString(")\n")
	return out.String()
}
