package module

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call is the beginning of a line that calls the module.
var call = regexp.MustCompile(`dagger (?:--?\S+ )*-m \S+ call\s`)

// engine are functions of the engine's own types that our lines end with.
var engine = map[string]map[string][]string{
	"dagger.Directory": {"export": {"path"}, "entries": {"path"}},
	"dagger.File":      {"export": {"path"}, "contents": {}},
	"dagger.Changeset": {"export": {"path"}, "as-patch": {}, "modified-paths": {}},
	"dagger.Service":   {"up": {"ports"}},
	"dagger.Container": {"terminal": {}, "with-exec": {"args"}, "combined-output": {}, "stdout": {}, "user": {}, "file": {"path"}},
	"dagger.Secret":    {"plaintext": {}},
}

func TestEveryCallIsOfTheModule(t *testing.T) {
	objects := readModule(t)
	for file, least := range map[string]int{
		"README.md": 1, "examples/shell/palette_ecr_render.sh": 1, "examples/shell/palette_ecr_rehearse.sh": 1, ".github/workflows/cutover.yml": 9, ".github/workflows/drift.yml": 2, "templates/cutover.yml": 7, "scripts/dagger-test": 4,
	} {
		lines := callsIn(t, filepath.Join(root, file))
		assert.GreaterOrEqual(t, len(lines), least, file)
		for _, line := range lines {
			assert.NoError(t, parse(objects, line), "%s: %s", file, line)
		}
	}
}

func TestEveryCallInTheDocsIsOfTheModule(t *testing.T) {
	objects := readModule(t)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	seen := 0
	for _, page := range pages {
		for _, line := range callsIn(t, page) {
			assert.NoError(t, parse(objects, line), "%s: %s", page, line)
			seen++
		}
	}
	assert.GreaterOrEqual(t, seen, 17)
}

func TestAWrongCallIsSeen(t *testing.T) {
	objects := readModule(t)
	for line, wrong := range map[string]string{
		"dagger -m . call --valuez v.yaml render diff":                           `"--valuez"`,
		"dagger -m . call --values v.yaml render deploy":                         `"deploy"`,
		"dagger -m . call --values v.yaml render lint target with-spoke":         "name",
		"dagger -m . call --values v.yaml lint --report-anyway report junit cat": `"cat"`,
	} {
		assert.ErrorContains(t, parse(objects, line), wrong, line)
	}
	assert.NoError(t, parse(objects, "dagger -m . call --values v.yaml render changes export --path ."))
}

// callsIn returns the lines of a file that call the module, with continued lines joined.
func callsIn(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	joined := regexp.MustCompile(`\s*\\\n\s*`).ReplaceAllString(string(data), " ")
	var lines []string
	for _, line := range strings.Split(joined, "\n") {
		if at := call.FindStringIndex(line); at != nil && !strings.Contains(line, "-m examples/go ") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			line, _, _ = strings.Cut(line[at[0]:], "   #")
			lines = append(lines, strings.Trim(line, "`| "))
		}
	}
	return lines
}

// parse follows a line through the module's functions, as `dagger call` does.
func parse(objects map[string]object, line string) error {
	line = line[call.FindStringIndex(line)[1]:]
	for _, end := range []string{" | ", " > ", " && ", "`"} {
		line, _, _ = strings.Cut(line, end)
	}
	at, args := "PaletteEcr", objects["PaletteEcr"].functions["New"].args
	given := map[string]bool{}
	line = regexp.MustCompile(`"[^"]*"|'[^']*'`).ReplaceAllStringFunc(line, func(quoted string) string { return strings.ReplaceAll(quoted, " ", "_") })
	words := strings.Fields(line)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == `"$@"` {
			return nil // all of it, from the callers of a function of the script
		}
		if strings.HasPrefix(word, `"${`) {
			continue // whole functions, from a variable of the script
		}
		if !strings.HasPrefix(word, "-") {
			if err := complete(args, given); err != nil {
				return err
			}
			var err error
			if at, args, err = step(objects, at, word); err != nil {
				return err
			}
			given = map[string]bool{}
			continue
		}
		name, _, hasValue := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		kind, ok := find(args, name)
		if !ok {
			return fmt.Errorf("%s has no argument %q", at, word)
		}
		given[name] = true
		if kind != "bool" && !hasValue {
			i++
		}
	}
	return complete(args, given)
}

func find(args []argument, name string) (kind string, ok bool) {
	for _, a := range args {
		if kebab(a.name) == name {
			return a.kind, true
		}
	}
	return "", false
}

func complete(args []argument, given map[string]bool) error {
	for _, a := range args {
		if a.required() && !given[kebab(a.name)] {
			return fmt.Errorf("argument %s is missing", kebab(a.name))
		}
	}
	return nil
}

// step goes through one function or field, to what it gives.
func step(objects map[string]object, at, word string) (string, []argument, error) {
	if arguments, ok := engine[at][word]; ok {
		var args []argument
		for _, name := range arguments {
			args = append(args, argument{name, "string", "", map[string]string{"optional": ""}})
		}
		return map[string]string{"as-patch": "dagger.File", "file": "dagger.File", "with-exec": "dagger.Container"}[word], args, nil
	}
	for _, f := range objects[at].functions {
		if kebab(f.name) == word && f.name != "New" {
			return strings.TrimPrefix(f.returns, "*"), f.args, nil
		}
	}
	for name, kind := range objects[at].fields {
		if kebab(name) == word {
			return strings.TrimPrefix(kind, "*"), nil, nil
		}
	}
	return "", nil, fmt.Errorf("%s has no function %q", at, word)
}
