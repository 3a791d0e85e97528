package module

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// notOfTheModule are the places whose remedies no function of the module can bring up, each with its reason.
var notOfTheModule = map[string]string{
	"internal/cli/policies_check.go": "policies check is no function",
	"internal/cli/policies_facts.go": "policies check is no function",
	"internal/cli/policies_files.go": "policies check is no function",
	"pipeline/iam/check":             "policies check is no function",
	"internal/cli/keep_warm.go":      "keep-warm is no function",
	"internal/cli/copy.go":           "copy has no shards of one's own there",
	"pipeline/revert":                "render --revert is no function",
	"pipeline/policies.go":           "policies asks no cluster there",
}

// ofOthers are flags of other programs that remedies name, by themselves.
var ofOthers = map[string]bool{"feature-gates": true, "default-service-account": true, "watch-all-namespaces": true, "watch-label-selector": true, "set": true}

// flagOf is a flag in a sentence; others are commands of other programs, which have flags of their own.
var (
	flagOf = regexp.MustCompile(`(?:^|[^-\w])--([a-z][a-z-]*)`)
	others = regexp.MustCompile("`(?:kubectl|aws|helm|flux|docker|sops|%s)[^`]*`|(?:kubectl|aws|helm|flux) .*")
)

// TestRemediesNameWhatTheModuleHas: a remedy of the command line, in the words of the module, names flags that it takes.
func TestRemediesNameWhatTheModuleHas(t *testing.T) {
	t.Parallel()
	words := readWords(t)
	takes := map[string]bool{}
	for _, o := range readModule(t) {
		for _, f := range o.functions {
			for _, a := range f.args {
				takes[kebab(a.name)] = true
			}
		}
	}
	seen := 0
	for _, place := range []string{"pipeline", "internal/cli"} {
		remedies(t, place, func(path, remedy string) {
			seen++
			for _, w := range words {
				remedy = w.from.ReplaceAllString(remedy, w.to)
			}
			for _, found := range flagOf.FindAllStringSubmatch(others.ReplaceAllString(remedy, ""), -1) {
				assert.True(t, takes[found[1]] || ofOthers[found[1]], "%s: %q names --%s, which nobody can give to the module: add a word in .dagger/words.go", path, remedy, found[1])
			}
		})
	}
	assert.Greater(t, seen, 200)
}

// TestWhatTheTextLeavesOutIsNamed: the module says in other words what the text report says of --all.
func TestWhatTheTextLeavesOutIsNamed(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"pipeline/report/text_plan.go", ".dagger/words.go"} {
		data, err := os.ReadFile(filepath.Join(root, path))
		require.NoError(t, err)
		assert.Contains(t, string(data), "(--all shows them, with their diffs)", path)
	}
}

// remedies calls visit with the sentences of every call of fault.New in the files of a folder.
func remedies(t *testing.T, folder string, visit func(path, remedy string)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(root, path)
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			notOfTheModule[name] != "" || notOfTheModule[filepath.Dir(name)] != "" {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || typeOf(call.Fun) != "fault.New" || len(call.Args) < 2 {
				return true
			}
			ast.Inspect(call.Args[1], func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.CallExpr: // others make the commands of other programs
					return typeOf(x.Fun) == "fmt.Sprintf"
				case *ast.BasicLit:
					if x.Kind != token.STRING {
						return true
					}
					remedy, err := strconv.Unquote(x.Value)
					require.NoError(t, err)
					visit(name, remedy)
				}
				return true
			})
			return true
		})
		return nil
	})
	require.NoError(t, err)
}

type word struct {
	from *regexp.Regexp
	to   string
}

// readWords reads the list of .dagger/words.go.
func readWords(t *testing.T) []word {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, ".dagger", "words.go"))
	require.NoError(t, err)
	file, err := parser.ParseFile(token.NewFileSet(), "words.go", data, 0)
	require.NoError(t, err)
	var words []word
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.CompositeLit)
		if !ok || len(pair.Elts) != 2 {
			return true
		}
		from, ok := pair.Elts[0].(*ast.CallExpr)
		if !ok {
			return true
		}
		pattern, ok := from.Args[0].(*ast.BasicLit)
		to, simple := pair.Elts[1].(*ast.BasicLit)
		if !ok || !simple { // with the path of a Secret in it
			return true
		}
		expression, err := strconv.Unquote(pattern.Value)
		require.NoError(t, err)
		text, err := strconv.Unquote(to.Value)
		require.NoError(t, err)
		words = append(words, word{regexp.MustCompile(expression), text})
		return true
	})
	require.Greater(t, len(words), 30)
	return words
}
