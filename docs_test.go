package main_test

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/palette-ecr/palette-ecr/internal/cli"
	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// page is what a test needs of a document.
type page struct {
	path     string
	scripts  []string // blocks of shell
	files    []string // blocks of YAML
	spans    []string // code within prose
	links    []string
	headings []string // their anchors
}

func pages(t *testing.T) []page {
	t.Helper()
	paths, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	var all []page
	for _, path := range append([]string{"README.md", "CONTRIBUTING.md"}, paths...) {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		all = append(all, readPage(path, source))
	}
	return all
}

func readPage(path string, source []byte) page {
	p := page{path: path}
	root := goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID())).Parser().Parse(text.NewReader(source))
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.FencedCodeBlock:
			block := string(n.Lines().Value(source))
			switch string(n.Language(source)) {
			case "sh":
				p.scripts = append(p.scripts, block)
			case "yaml":
				p.files = append(p.files, block)
			}
		case *ast.CodeSpan:
			var span strings.Builder
			for child := n.FirstChild(); child != nil; child = child.NextSibling() {
				if t, ok := child.(*ast.Text); ok {
					span.Write(t.Value(source))
				}
			}
			p.spans = append(p.spans, strings.ReplaceAll(span.String(), "\n", " "))
		case *ast.Link:
			p.links = append(p.links, string(n.Destination))
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); ok {
				p.headings = append(p.headings, string(id.([]byte)))
			}
		}
		return ast.WalkContinue, nil
	})
	return p
}

var (
	continued = regexp.MustCompile(`\s*\\\n\s*`)
	between   = regexp.MustCompile(`\s(?:&&|\|\||[|;])\s`)
	aside     = regexp.MustCompile(`(?m)\s+#\s.*$|\s{3,}.*$|\s>.*$`) // a comment, a remark behind a gap, where output goes
	variable  = regexp.MustCompile(`^[A-Z_]+=`)
)

// commands returns the commands of a shell script, as words.
func commands(script string) [][]string {
	var all [][]string
	for _, line := range strings.Split(continued.ReplaceAllString(script, " "), "\n") {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, part := range between.Split(aside.ReplaceAllString(line, ""), -1) {
			words := strings.Fields(part)
			for len(words) > 0 && variable.MatchString(words[0]) {
				words = words[1:]
			}
			if len(words) > 0 {
				all = append(all, words)
			}
		}
	}
	return all
}

// checkCommand returns what is wrong with a command of this project; of others it knows nothing.
func checkCommand(t *testing.T, words []string) error {
	t.Helper()
	switch {
	case words[0] == "palette-ecr":
		return checkLine(t, words[1:])
	case strings.HasPrefix(words[0], "scripts/"):
		if _, err := os.Stat(words[0]); err != nil {
			return err
		}
		if words[0] == "scripts/rehearse" {
			return checkRehearse(t, words[1:])
		}
	case words[0] == "go" && len(words) > 2 && words[1] == "test":
		for _, word := range words[2:] {
			if _, err := os.Stat(strings.TrimSuffix(word, "/...")); strings.HasPrefix(word, "./") && err != nil {
				return err
			}
		}
	}
	return nil
}

// checkLine parses a line of the command line in process, and looks at the words that only some of are known.
func checkLine(t *testing.T, args []string) error {
	t.Helper()
	var said bytes.Buffer
	streams := cli.Streams{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &said, Getenv: func(string) string { return "" }}
	if code := cli.Parse(t.Context(), args, streams); code != int(fault.Done) {
		return fmt.Errorf("exit code %d: %s", code, said.String())
	}
	for i, word := range args {
		if i+1 == len(args) {
			break
		}
		if err := checkValue(args[0], word, args[i+1]); err != nil {
			return fmt.Errorf("%s %s: %w", word, args[i+1], err)
		}
	}
	return nil
}

func checkValue(command, flag, value string) error {
	oneOf := func(known ...string) error {
		if !slices.Contains(known, value) {
			return fmt.Errorf("it is not one of %v", known)
		}
		return nil
	}
	switch flag {
	case "--from", "--until":
		_, err := pipeline.Between("", value)
		return err
	case "-o", "--output":
		if command == "version" {
			return oneOf("text", "json")
		}
		_, err := report.ParseOutputs([]string{value})
		return err
	case "--explain":
		if value == "all" {
			return nil
		}
		if command == "preflight" {
			_, err := preflight.Explain(value)
			return err
		}
		_, err := lint.ExampleOf(value)
		return err
	case "--identity":
		return oneOf(string(target.IRSA), string(target.PodIdentity), string(target.InstanceProfile))
	case "--managed-by":
		return oneOf(string(target.Helm), string(target.Flux))
	case "--format":
		return oneOf("json", "terraform", "aws")
	case "--principal":
		for _, name := range strings.Split(value, ",") {
			if _, err := iam.ParsePrincipal(name); err != nil {
				return err
			}
		}
	case "--spoke":
		_, err := target.ParseCluster(value)
		return err
	}
	return nil
}

var (
	rehearseFlag = regexp.MustCompile(`Flags\(\)\.\w+\(&[\w.]+, "([a-z-]+)"`)
	rehearseName = regexp.MustCompile(`(?m)^\s+Name:\s+"([a-z-]+)",$`)
)

// checkRehearse reads what the rehearsal takes from its source: linking it here would link kind.
func checkRehearse(t *testing.T, args []string) error {
	t.Helper()
	flags := captured(t, "fixtures/rehearsal/cmd/rehearse/rehearse.go", rehearseFlag)
	faults := captured(t, "fixtures/rehearsal/breaks.go", rehearseName)
	for i, word := range args {
		switch {
		case !strings.HasPrefix(word, "--"):
		case !slices.Contains(flags, strings.TrimPrefix(word, "--")):
			return fmt.Errorf("scripts/rehearse has no flag %s, only %v", word, flags)
		case word == "--break" && args[i+1] != "NAME" && !slices.Contains(faults, args[i+1]):
			return fmt.Errorf("there is no fault %s to rehearse, only %v", args[i+1], faults)
		}
	}
	return nil
}

func captured(t *testing.T, path string, pattern *regexp.Regexp) []string {
	t.Helper()
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []string
	for _, match := range pattern.FindAllSubmatch(source, -1) {
		all = append(all, string(match[1]))
	}
	require.NotEmpty(t, all, path)
	return all
}

// TestEveryCommandInTheDocs parses every command of README.md, CONTRIBUTING.md and docs/, in blocks and in prose.
func TestEveryCommandInTheDocs(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for _, p := range pages(t) {
		for _, script := range slices.Concat(p.scripts, p.spans) {
			for _, words := range commands(script) {
				assert.NoError(t, checkCommand(t, words), "%s: %s", p.path, strings.Join(words, " "))
				seen[words[0]]++
			}
		}
	}
	for name, least := range map[string]int{"palette-ecr": 40, "scripts/rehearse": 5, "scripts/test": 1, "go": 3} {
		assert.GreaterOrEqual(t, seen[name], least, name)
	}
}

// TestEveryCommandInTheHelp parses the examples in the help of every command.
func TestEveryCommandInTheHelp(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, help := range cli.Help() {
		for _, words := range commands(help) {
			if words[0] == "palette-ecr" && strings.Contains(help, "  "+strings.Join(words[:2], " ")) {
				assert.NoError(t, checkCommand(t, words), strings.Join(words, " "))
				seen++
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 20)
}

// TestEveryProofIsInTheDocs keeps docs/proofs.md and the help complete.
func TestEveryProofIsInTheDocs(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("docs/proofs.md")
	require.NoError(t, err)
	for _, need := range proof.Needs("hub") {
		assert.Contains(t, string(source), "\n| `"+need.Name+"` |")
		assert.True(t, slices.ContainsFunc(cli.Help(), func(help string) bool {
			return strings.Contains(help, "Refuses unless every proof") && strings.Contains(help, need.Name)
		}), "the help of disable-zot names the proof %s", need.Name)
	}
	for _, code := range []fault.Code{fault.Done, fault.Failed, fault.Pending, fault.Refused, fault.Unproven, fault.Usage} {
		assert.Contains(t, string(source), fmt.Sprintf("\n| %d | ", int(code)))
	}
}

// TestExitCodesInTheDocs holds what pages say of exit codes against the help: of every command in docs/proofs.md, and
// wherever else they stand.
func TestExitCodesInTheDocs(t *testing.T) {
	t.Parallel()
	known := cli.Exits()
	help := strings.Join(cli.Help(), "\n")
	table, err := os.ReadFile("docs/proofs.md")
	require.NoError(t, err)
	for name, codes := range known {
		assert.Regexp(t, "(?m)^\\| `(policies )?"+name+"` \\| "+regexp.QuoteMeta(codes)+" \\|$", string(table))
		assert.Contains(t, help, "\n\nExit codes: "+codes+".")
	}
	said := regexp.MustCompile(`Exit codes: ([^.]*)\.`)
	for _, p := range pages(t) {
		source, err := os.ReadFile(p.path)
		require.NoError(t, err)
		for _, found := range said.FindAllStringSubmatch(string(source), -1) {
			assert.Contains(t, slices.Collect(maps.Values(known)), found[1], p.path)
		}
	}
	for _, command := range cli.Help() {
		if strings.Contains(command, "\n  palette-ecr ") {
			assert.Contains(t, command, "\n\nExit codes: ")
		}
	}
}

// TestEveryTargetInTheDocs reads every cutover.yaml of the docs as --config does.
func TestEveryTargetInTheDocs(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, p := range pages(t) {
		for _, file := range p.files {
			if !strings.Contains(file, "kind: "+target.Kind) {
				continue
			}
			want, err := target.Parse(p.path, []byte(file))
			if assert.NoError(t, err, p.path) {
				assert.NoError(t, want.WithDefaults().Validate(), p.path)
			}
			seen++
		}
	}
	assert.GreaterOrEqual(t, seen, 3)
}

// TestEveryLinkInTheDocs follows links to files of the repository and to their headings.
func TestEveryLinkInTheDocs(t *testing.T) {
	t.Parallel()
	headings := map[string][]string{}
	for _, p := range pages(t) {
		headings[p.path] = p.headings
	}
	for _, p := range pages(t) {
		for _, link := range p.links {
			if strings.Contains(link, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(link, "#")
			path := p.path
			if file != "" {
				path = filepath.Join(filepath.Dir(p.path), file)
			}
			_, err := os.Stat(path)
			assert.NoError(t, err, "%s links to %s", p.path, link)
			if anchor != "" && !strings.HasPrefix(anchor, "L") {
				assert.Contains(t, headings[path], anchor, "%s links to %s", p.path, link)
			}
		}
	}
}

// TestEveryFileInTheDocs finds the files and folders that documents for contributors name.
func TestEveryFileInTheDocs(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, root := range []string{"pipeline", "internal", "fixtures", ".dagger", "."} {
		require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || root == "." && entry.IsDir() && path != "." {
				return cmp.Or(err, fs.SkipDir)
			}
			known[filepath.ToSlash(path)], known[entry.Name()] = true, true
			return nil
		}))
	}
	seen := 0
	for _, p := range pages(t) {
		for _, span := range p.spans {
			if inTree.MatchString(span) {
				assert.True(t, known[strings.TrimSuffix(span, "/")], "%s names %s", p.path, span)
				seen++
			}
		}
	}
	assert.GreaterOrEqual(t, seen, 40)
}

// inTree is how documents name a file or folder.
var inTree = regexp.MustCompile(`^(?:(?:pipeline|internal|fixtures)/[\w/.]+|\w+\.go)$`)

// TestAWrongCommandIsSeen holds the tests above: each of these must be found.
func TestAWrongCommandIsSeen(t *testing.T) {
	t.Parallel()
	for line, wrong := range map[string]string{
		"palette-ecr render --valuez values.yaml":              "unknown flag: --valuez",
		"palette-ecr rendr":                                    `unknown command "rendr"`,
		"palette-ecr run values.yaml":                          "takes only flags",
		"palette-ecr run --timeout soon":                       "takes a time such as",
		"palette-ecr run --until validat":                      "validat",
		"palette-ecr run -o pdf=report.pdf":                    "pdf",
		"palette-ecr run --keep-live --discard-live":           "keep-live",
		"palette-ecr lint --explain L99":                       "L99",
		"palette-ecr policies --identity role":                 "not one of",
		"palette-ecr rehearse":                                 "command of its own",
		"scripts/rehears":                                      "no such file",
		"scripts/rehearse --brake missing-repository":          "no flag --brake",
		"scripts/rehearse --break missing":                     "no fault missing",
		"go test ./pipeline/value":                             "no such file",
		"cd x && A=b palette-ecr render --valuez x > new.yaml": "unknown flag: --valuez",
		"palette-ecr render \\\n  --valuez x":                  "unknown flag: --valuez",
	} {
		var found error
		for _, words := range commands(line) {
			if err := checkCommand(t, words); err != nil {
				found = err
			}
		}
		assert.ErrorContains(t, found, wrong, line)
	}
	p := readPage("x.md", []byte("# A heading\n\nText `palette-ecr\nlint` and [a link](y.md#z).\n\n```sh\nscripts/test   # all\n```\n"))
	assert.Equal(t, page{path: "x.md", scripts: []string{"scripts/test   # all\n"}, spans: []string{"palette-ecr lint"}, links: []string{"y.md#z"}, headings: []string{"a-heading"}}, p)
}

// TestReadmeFitsTwoScreens keeps the README short, and its first block what .ci/run runs.
func TestReadmeFitsTwoScreens(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("README.md")
	require.NoError(t, err)
	assert.LessOrEqual(t, bytes.Count(source, []byte("\n")), 110)
	first := readPage("README.md", source).scripts[0]
	assert.Equal(t, [][]string{{"scripts/rehearse"}, {"scripts/test"}}, commands(first))
}
