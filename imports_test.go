package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/palette-ecr/palette-ecr"

// use is one import: a file of ours, by its path in the repository, and what it imports. What is ours is
// written as "./folder".
type use struct{ file, imports string }

// folder of the file, as "./folder"; that of main is ".".
func (u use) folder() string {
	if dir := filepath.ToSlash(filepath.Dir(u.file)); dir != "." {
		return "./" + dir
	}
	return "."
}

func (u use) test() bool { return strings.HasSuffix(u.file, "_test.go") }

// under reports whether a package is a folder or in it; the folder "" holds all that is ours.
func under(path, folder string) bool {
	if folder == "" {
		return path == "." || strings.HasPrefix(path, "./")
	}
	return path == folder || strings.HasPrefix(path, folder+"/")
}

// fence is one rule of the layout in CONTRIBUTING.md.
type fence struct {
	says   string
	broken func(use) bool
}

// mayImport lists all of ours that a package of pipeline may import, for those that everything rests on.
var mayImport = map[string][]string{
	"./pipeline/fault":         {},
	"./pipeline/atomicfile":    {},
	"./pipeline/progress":      {},
	"./pipeline/transient":     {},
	"./pipeline/values/syntax": {},
	"./pipeline/registry":      {"./pipeline/fault"},
	"./pipeline/mural":         {"./pipeline/fault", "./pipeline/registry"},
	"./pipeline/secret":        {},
	"./pipeline/report":        {"./pipeline/atomicfile", "./pipeline/fault", "./pipeline/secret"},
	"./pipeline/chart":         {"./pipeline/fault"},
	"./pipeline/target":        {"./pipeline/fault", "./pipeline/registry"},
	"./pipeline/cluster":       {"./pipeline/fault", "./pipeline/target", "./pipeline/transient"},
	"./pipeline/ecr":           {"./pipeline/fault", "./pipeline/registry", "./pipeline/transient"},
	"./pipeline/own":           {},
	"./pipeline/baseline":      {"./pipeline/cluster", "./pipeline/fault", "./pipeline/own"},
	"./pipeline/journal":       {"./pipeline/baseline", "./pipeline/fault", "./pipeline/own", "./pipeline/report"},
	"./pipeline/proof":         {"./pipeline/fault", "./pipeline/report"},
}

// frontEnds are what only a door may know: a command line, a terminal, Dagger.
var frontEnds = []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "dagger.io/dagger", "github.com/fatih/color", "github.com/schollz/progressbar", "os/signal"}

var fences = []fence{
	{"pipeline knows nothing of a command line, a terminal or Dagger", func(u use) bool {
		return under(u.folder(), "./pipeline") && slices.ContainsFunc(frontEnds, func(f string) bool { return under(u.imports, f) })
	}},
	{"pipeline is below internal, also in tests", func(u use) bool {
		return under(u.folder(), "./pipeline") && under(u.imports, "./internal")
	}},
	{"internal/cli is imported only by main", func(u use) bool {
		return u.imports == "./internal/cli" && u.folder() != "." && !(u.test() && u.folder() == "./internal/cli")
	}},
	{"internal/console and internal/build are imported only by commands", func(u use) bool {
		command := under(u.folder(), "./internal/cli") || u.folder() == "./fixtures/rehearsal/cmd/rehearse"
		return slices.Contains([]string{"./internal/console", "./internal/build"}, u.imports) && u.folder() != u.imports && !command
	}},
	{"fixtures are imported only by fixtures and by tests", func(u use) bool {
		return under(u.imports, "./fixtures") && !under(u.folder(), "./fixtures") && !u.test()
	}},
	{"the list of stages is above the packages that it calls", func(u use) bool {
		return u.imports == "./pipeline" && under(u.folder(), "./pipeline") && u.folder() != "./pipeline"
	}},
	{"main knows only internal/cli", func(u use) bool {
		return u.folder() == "." && !u.test() && under(u.imports, "") && u.imports != "./internal/cli"
	}},
	{"what everything rests on rests on little itself", func(u use) bool {
		allowed, listed := mayImport[u.folder()]
		return listed && !u.test() && under(u.imports, "") && !slices.Contains(allowed, u.imports)
	}},
	{"tools for tests stay in tests, in fixtures, and in packages that are named so", func(u use) bool {
		return !u.test() && !under(u.folder(), "./fixtures") && !strings.HasSuffix(u.folder(), "test") && (u.imports == "testing" || under(u.imports, "github.com/stretchr/testify"))
	}},
}

// violations names both sides of every import that breaks a fence.
func violations(uses []use) []string {
	var found []string
	for _, u := range uses {
		for _, f := range fences {
			if f.broken(u) {
				found = append(found, u.file+" imports "+u.imports+": "+f.says)
			}
		}
	}
	return found
}

// TestImportsPointOneWay holds the fences of CONTRIBUTING.md.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	uses := allUses(t)
	for _, sure := range []use{
		{"main.go", "./internal/cli"},
		{"fixtures/rehearsal/cmd/rehearse/rehearse.go", "./fixtures/rehearsal"},
		{"pipeline/registry/parse.go", "./pipeline/fault"},
	} {
		require.Contains(t, uses, sure, "this import is there: if it isn't seen, nothing is")
	}
	assert.Empty(t, violations(uses))
}

// TestFencesHold shows that every fence can be broken, and that what is allowed beside it is not caught.
func TestFencesHold(t *testing.T) {
	t.Parallel()
	broken := []use{
		{"pipeline/values/file.go", "github.com/spf13/cobra"},
		{"pipeline/report/text.go", "golang.org/x/term"},
		{"pipeline/cutover.go", "dagger.io/dagger"},
		{"pipeline/run_test.go", "./internal/cli"},
		{"pipeline/copy/copier.go", "./fixtures/aws"},
		{"fixtures/rehearsal/world.go", "./internal/cli"},
		{"fixtures/bench/render/main.go", "./internal/console"},
		{"fixtures/rehearsal/world.go", "./internal/build"},
		{"internal/cli/run.go", "./fixtures/rehearsal"},
		{"pipeline/deploy/deploy.go", "./pipeline"},
		{"main.go", "./pipeline"},
		{"pipeline/registry/parse.go", "./pipeline/target"},
		{"pipeline/fault/fault.go", "./pipeline/report"},
		{"pipeline/journal/journal.go", "testing"},
	}
	for _, u := range broken {
		found := violations([]use{u})
		if assert.NotEmpty(t, found, "%v breaks a fence", u) {
			assert.Contains(t, found[0], u.file+" imports "+u.imports+": ", "both sides are named")
		}
	}
	for _, f := range fences {
		assert.True(t, slices.ContainsFunc(broken, f.broken), "no example breaks this fence: %s", f.says)
	}
	assert.Empty(t, violations([]use{
		{"main.go", "./internal/cli"},
		{"main.go", "os/signal"},
		{"internal/cli/cli_test.go", "./internal/cli"},
		{"internal/cli/run.go", "./pipeline"},
		{"internal/cli/cli.go", "github.com/spf13/cobra"},
		{"internal/cli/cli.go", "./internal/console"},
		{"internal/console/paint_test.go", "./internal/console"},
		{"fixtures/rehearsal/cmd/rehearse/rehearse.go", "./internal/console"},
		{"pipeline/copy/copy_test.go", "./fixtures/aws"},
		{"pipeline/registry/parse_test.go", "./pipeline/registry"},
		{"pipeline/chart/load.go", "helm.sh/helm/v3/pkg/chart"},
		{"fixtures/rehearsal/cutover.go", "./pipeline"},
	}))
}

// TestDockerIsAskedForByName: a test that starts containers is left out unless the build tag asks for it, so that
// `go test ./...` passes without Docker.
func TestDockerIsAskedForByName(t *testing.T) {
	t.Parallel()
	found := 0
	for _, u := range allUses(t) {
		if !u.test() || !under(u.imports, "github.com/testcontainers/testcontainers-go") {
			continue
		}
		found++
		text, err := os.ReadFile(u.file)
		require.NoError(t, err)
		assert.True(t, bytes.HasPrefix(text, []byte("//go:build docker\n")), "%s starts containers without the build tag docker", u.file)
	}
	require.NotZero(t, found, "there are such tests: if none is seen, nothing is")
}

// allUses reads the imports of every Go file of the module, those for other systems too.
func allUses(t *testing.T) []use {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=Dir,GoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles", "./...")
	out, err := list.Output()
	require.NoError(t, err)
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	var uses []use
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir                                                string
			GoFiles, TestGoFiles, XTestGoFiles, IgnoredGoFiles []string
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return uses
		} else {
			require.NoError(t, err)
		}
		for _, name := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles, p.IgnoredGoFiles) {
			path := filepath.Join(p.Dir, name)
			file, err := filepath.Rel(root, path)
			require.NoError(t, err)
			uses = append(uses, usesOf(t, path, filepath.ToSlash(file))...)
		}
	}
}

func usesOf(t *testing.T, path, name string) []use {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	require.NoError(t, err)
	var uses []use
	for _, spec := range parsed.Imports {
		imports, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		if rest, ours := strings.CutPrefix(imports, module); ours {
			imports = "." + rest
		}
		uses = append(uses, use{name, imports})
	}
	return uses
}
