package lint

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
	"github.com/rogpeppe/go-internal/txtar"
)

//go:embed examples/*.txtar
var exampleFiles embed.FS

// Example shows a rule at work: the same files as they fail and as they pass. The tests run both.
type Example struct {
	Fails, Passes []ExampleFile
	Findings      string // of the files that fail, a line each
}

// ExampleFile is the user's file, something that it is judged by, or both.
type ExampleFile struct{ Name, Text string }

// judgedBy is the file of an example that holds the rest of the input.
const judgedBy = "judged-by.yaml"

// ExampleOf returns the example of a rule. The error is for an unknown rule (a *fault.Error, Usage).
func ExampleOf(id string) (Example, error) {
	name := "examples/" + strings.ToUpper(id) + ".txtar"
	data, err := fs.ReadFile(exampleFiles, name)
	if err != nil {
		return Example{}, unknownRule("looking for an example of", id)
	}
	var e Example
	for _, f := range txtar.Parse(data).Files {
		dir, name, _ := strings.Cut(f.Name, "/")
		file := ExampleFile{Name: name, Text: string(f.Data)}
		switch {
		case f.Name == "fails/findings.txt":
			e.Findings = file.Text
		case dir == "fails":
			e.Fails = append(e.Fails, file)
		default:
			e.Passes = append(e.Passes, file)
		}
	}
	return e, nil
}

// Diff returns what makes the failing files pass, as unified diffs.
func (e Example) Diff() string {
	var out strings.Builder
	for _, passes := range e.Passes {
		before := ""
		for _, fails := range e.Fails {
			if fails.Name == passes.Name {
				before = fails.Text
			}
		}
		text, err := udiff.ToUnified(passes.Name, passes.Name, before, udiff.Lines(before, passes.Text), 2)
		if err == nil { // which edits that don't fit their text would make
			out.WriteString(text)
		}
	}
	return out.String()
}

// language of a file's text, as Markdown names it.
func (f ExampleFile) language() string {
	switch ext := path.Ext(f.Name); ext {
	case ".json", ".yaml":
		return ext[1:]
	}
	return ""
}

// caption says what a file is for.
func (f ExampleFile) caption() string {
	switch {
	case f.Name == judgedBy:
		return "judged by (flags, the cutover file, or what was seen in the cluster and in AWS)"
	case strings.HasPrefix(f.Name, "chart/"):
		return fmt.Sprintf("of the chart, `%s`", strings.TrimPrefix(f.Name, "chart/"))
	}
	return "`" + f.Name + "`"
}
