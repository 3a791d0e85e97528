package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
)

// sources calls see with every Go file below the folders, apart from tests, and with what writes a position in it.
func sources(t *testing.T, see func(file string, parsed *ast.File, at func(token.Pos) string), folders ...string) {
	t.Helper()
	for _, folder := range folders {
		require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			files := token.NewFileSet()
			parsed, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err == nil {
				see(filepath.ToSlash(path), parsed, func(p token.Pos) string { return files.Position(p).String() })
			}
			return err
		}))
	}
}

const (
	command = "a command for this stage alone, which a stage need not have"
	codes   = "what the exit codes of the command of this name mean"
	flag    = "a flag of this name"
	object  = "an object of the module for this stage alone, which a stage need not have"
)

// namesAStage are the places outside a stage's file that have its word, each with its reason.
var namesAStage = map[string]string{
	"internal/cli/commands.go deploy": command, "internal/cli/commands.go validate": command, "internal/cli/copy.go copy": command,
	"internal/cli/exits.go render": codes, "internal/cli/exits.go lint": codes, "internal/cli/exits.go preflight": codes, "internal/cli/exits.go plan": codes,
	"internal/cli/exits.go copy": codes, "internal/cli/exits.go deploy": codes, "internal/cli/exits.go validate": codes, "internal/cli/exits.go disable-zot": codes,
	"internal/cli/lint.go lint": command, "internal/cli/plan.go plan": command, "internal/cli/preflight.go preflight": command,
	"internal/cli/render.go render": command, "internal/cli/run.go disable-zot": command,
	"internal/cli/rollback.go plan": "the rollback's own stage of that name",

	"internal/cli/render.go disable-zot": flag, "internal/cli/run.go plan": flag, "internal/cli/run.go soak": flag, ".dagger/choices.go soak": flag,

	".dagger/copy.go copy": object, ".dagger/deploy.go deploy": object, ".dagger/lint.go lint": object, ".dagger/plan.go plan": object,
	".dagger/preflight.go preflight": object, ".dagger/render.go render": object, ".dagger/validate.go disable-zot": object, ".dagger/validate.go validate": object,

	"pipeline/incluster/follow.go copy": "how the Job's pods are called where there is one",
	"pipeline/incluster/job.go copy":    "the name of a volume",
	"pipeline/lint/review.go lint":      "the command that the report is of",
	"pipeline/plan/compare.go copy":     "only a plan with this stage has artifacts to compare",
	"pipeline/report/formats.go plan":   "a format of the report",
	"pipeline/report/text_plan.go copy": "the word before what is copied",
}

// TestStagesAreNamedOnce: a new stage is a file and a line in the list. Whatever else must be known of stages follows
// from the list: nothing else names one.
func TestStagesAreNamedOnce(t *testing.T) {
	t.Parallel()
	defined := map[string]string{} // file that has a stage's definition
	for _, s := range pipeline.Stages() {
		defined[s.Name] = "pipeline/" + strings.ReplaceAll(s.Name, "-", "_") + ".go"
	}
	seen := map[string]bool{}
	sources(t, func(file string, parsed *ast.File, _ func(token.Pos) string) {
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, is := n.(*ast.BasicLit)
			if !is || literal.Kind != token.STRING {
				return true
			}
			value, err := strconv.Unquote(literal.Value)
			home, stage := defined[value]
			if err != nil || !stage || file == home || file == ".dagger/stages.go" { // which is made from the list
				return true
			}
			place := file + " " + value
			seen[place] = true
			assert.Contains(t, namesAStage, place, "%q is named outside its file", value)
			return true
		})
	}, "pipeline", "internal", ".dagger")
	for place := range namesAStage {
		assert.True(t, seen[place], "%s isn't there any more", place)
	}
}

// looksLive are the folders that name rules of lint which are theirs to look at: what is live, and IAM policies.
var looksLive = []string{"pipeline/preflight/", "pipeline/iam/check/"}

// TestRulesAreNamedOnce: a new rule is an entry of its family, in one file, and a family is a line in the list. No
// other list of rules has to know it.
func TestRulesAreNamedOnce(t *testing.T) {
	t.Parallel()
	named := map[string]map[string]bool{} // rule, files
	for _, r := range append(lint.Catalogue(), preflight.Catalogue()...) {
		named[r.ID] = map[string]bool{}
	}
	sources(t, func(file string, parsed *ast.File, _ func(token.Pos) string) {
		ast.Inspect(parsed, func(n ast.Node) bool {
			if literal, is := n.(*ast.BasicLit); is && literal.Kind == token.STRING {
				value, _ := strconv.Unquote(literal.Value)
				lives := strings.HasPrefix(value, "L") && slices.ContainsFunc(looksLive, func(f string) bool { return strings.HasPrefix(file, f) })
				if files, is := named[value]; is && !lives {
					files[file] = true
				}
			}
			return true
		})
	}, "pipeline", "internal", ".dagger")
	delete(named["L09"], "pipeline/lint/address.go") // an address says so itself
	for id, files := range named {
		assert.LessOrEqual(t, len(files), 1, "%s is named in %v", id, slices.Sorted(maps.Keys(files)))
	}
	assert.Len(t, named["L01"], 1, "this rule is there: if it isn't seen, nothing is")
}
