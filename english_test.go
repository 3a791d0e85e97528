package main_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// phrase is one that reads oddly to a Go engineer, and what to write instead.
type phrase struct {
	odd     *regexp.Regexp
	instead string
	example string // holds it
	fine    string // comes close, and is good English
}

// in returns the first place of a text that has the phrase, "" for none.
func (p phrase) in(text string) string {
	for _, odd := range p.odd.FindAllString(text, -1) {
		if !thereIs.MatchString(odd) {
			return odd
		}
	}
	return ""
}

// thereIs is good English whatever follows.
var thereIs = regexp.MustCompile(`(?i)^\W*there is no\b`)

var phrases = []phrase{
	{
		regexp.MustCompile(`(?i)\btells? (?:whether|that|how|why|who|where|which|until|what)\b`),
		"X reports whether …, X returns …", "IsECR tells whether the host is Amazon's", "what can't be told apart",
	},
	{regexp.MustCompile(`(?i)^//.*\w tells of\b|\btells of\b`), "names, reports", "its log tells of pushes", "to tell clusters apart"},
	{regexp.MustCompile(`(?i)\bof before\b`), "previous, earlier", "its settings of before", "the day before"},
	{regexp.MustCompile(`(?i)\banew\b`), "again, new", "made anew in each cluster", "a new one"},
	{
		regexp.MustCompile(`(?i)(?:\S+ )?\bis no (?:URL|ARN|address|alias|repository|name|file|YAML|JSON|cluster|spoke|region|host|ECR host|terminal|Service|stage|workload|digest|image|chart|path|proof|mark)\b`),
		"is not a valid address, is not a file", `"%q is no repository name"`, "there is no name",
	},
	{regexp.MustCompile(`(?i)\b(?:is|are|was|were|be|been|could be|can be|cannot be) had\b`), "obtained", "a proof that could not be had", "what it had"},
	{regexp.MustCompile(`(?i)\bopens? a door\b`), "credentials", "whatever opens a door is a Secret", "opens a file"},
	{regexp.MustCompile(`(?i)\bcome again\b`), "is worth a retry; is used again", "an error that may not come again", "try again"},
	{regexp.MustCompile(`(?i)\bin vain\b`), "without an answer, for nothing", "what was waited for in vain", "in view"},
	{regexp.MustCompile(`(?i)\b(?:proof|finding|error)s? (?:that )?weighs?\b`), "the most severe proof", "the proof that weighs most", "a proof that fails"},
	{regexp.MustCompile(`(?i)\bway back\b`), "rollback", "the way back, also days later", "back to Zot"},
	{regexp.MustCompile(`^// \w+ tells\b`), "X returns …, X is …", "// Lines tells the number of lines", "// Lines returns the number of lines"},
	{regexp.MustCompile(`^// (?:get|with|renew|content|names|lines|Unwrap|\w+Of|\w+From) gives\b`), "X returns …", "// serviceOf gives the prefix", "// Deploy gives the release its values"},
}

// allowed are places that may keep a phrase, and why.
var allowed = map[string]string{
	"english_test.go": "has the phrases as examples",
}

// foreign are texts that others wrote, and what tools make.
var foreign = []string{".git", "bin", "report", "node_modules", "fixtures/charts/mural-crds/files", ".dagger/internal", "dev/internal", "tests/internal", "fixtures/aws/models"}

// passage is a text that people read, and the line where it begins.
type passage struct {
	line int
	text string
}

// oddities returns what is odd in a file.
func oddities(path string, source []byte) []string {
	var found []string
	for _, p := range passages(path, source) {
		for _, each := range phrases {
			if odd := each.in(p.text); odd != "" {
				found = append(found, fmt.Sprintf("%s:%d: %q: write %s", path, p.line, strings.TrimSpace(odd), each.instead))
			}
		}
	}
	return found
}

// passages returns the comments and strings of Go, and the paragraphs of anything else, each as one line.
func passages(path string, source []byte) []passage {
	if strings.HasSuffix(path, ".go") {
		return goPassages(source)
	}
	var all []passage
	paragraph := passage{line: 1}
	for i, line := range strings.Split(string(source)+"\n", "\n") {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		if line == "" {
			all = append(all, paragraph)
			paragraph = passage{line: i + 2}
			continue
		}
		paragraph.text += " " + line
	}
	return all
}

func goPassages(source []byte) []passage {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, scanner.ScanComments)
	var all []passage
	last := -1 // line of the last comment
	for {
		pos, tok, literal := s.Scan()
		line := file.Line(pos)
		switch {
		case tok == token.EOF:
			return all
		case tok == token.COMMENT && line == last+1:
			all[len(all)-1].text += " " + strings.TrimSpace(strings.TrimPrefix(literal, "//"))
			last = line
		case tok == token.COMMENT:
			all, last = append(all, passage{line, literal}), line
		case tok == token.STRING:
			all = append(all, passage{line, strings.Join(strings.Fields(literal), " ")})
		}
	}
}

// prose reports whether people read a file.
func prose(path string) bool {
	return slices.Contains([]string{".go", ".md", ".sh", ".txtar", ".yml", ".tmpl"}, filepath.Ext(path)) ||
		filepath.Ext(path) == "" && (strings.HasPrefix(path, "scripts/") || strings.HasPrefix(path, ".ci/"))
}

// TestEnglish keeps phrases out of comments, messages, scripts and documents that cost a reader attention.
func TestEnglish(t *testing.T) {
	t.Parallel()
	read := 0
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(foreign, path):
			return fs.SkipDir
		case !entry.Type().IsRegular() || !prose(path) || allowed[path] != "":
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		for _, odd := range oddities(path, source) {
			t.Error(odd)
		}
		return nil
	}))
	assert.Greater(t, read, 400, "files")
}

// TestOddPhrasesAreSeen holds the test above: in comments, strings, scripts and documents, over a line's end too.
func TestOddPhrasesAreSeen(t *testing.T) {
	t.Parallel()
	for _, p := range phrases {
		assert.NotEmpty(t, p.in(p.example), p.example)
		assert.Empty(t, p.in(p.fine), p.fine)
	}
	assert.Len(t, oddities("x.go", []byte("package x\n\n// IsECR tells\n// whether it is.\nvar _ = \"%q is no URL\" // its state of before\n")), 4)
	assert.Len(t, oddities("x.md", []byte("# X\n\nIt is made\nanew.\n\nthere is no file\n")), 1)
	assert.Len(t, oddities("scripts/x", []byte("# x tells\n# whether\n")), 1)
	assert.True(t, prose("scripts/test") && prose("docs/ci.md") && !prose("fixtures/aws/x.json"))
}
