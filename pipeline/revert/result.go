package revert

import (
	"github.com/pmezard/go-difflib/difflib"

	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// Result is the file with the original's registry settings.
type Result struct {
	Output  []byte // in plain text
	Changes int    // ranges of lines that differ from the file as it is now

	before, after *values.File
	writer        *values.Rendered
}

func newResult(before, after *values.File, writer *values.Rendered) *Result {
	writer.Output = after.Data()
	return &Result{
		Output: after.Data(), Changes: len(changes(lines(before.Data()), lines(after.Data()))),
		before: before, after: after, writer: writer,
	}
}

// Sealed returns the whole file as it is to be written: encrypted if it was (values.Rendered.Sealed).
func (r *Result) Sealed() ([]byte, error) { return r.writer.Sealed() }

// WriteInPlace replaces the file's content: all of it or nothing (values.Rendered.WriteInPlace).
func (r *Result) WriteInPlace(path string) error { return r.writer.WriteInPlace(path) }

// Diff is a unified diff from the file as it is to the result, secrets masked, "" if they are equal.
func (r *Result) Diff(name string) string {
	text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: masked(r.before), B: masked(r.after), FromFile: name, ToFile: name, Context: 3,
	})
	if err != nil { // a buffer takes everything
		return ""
	}
	return text
}

func masked(f *values.File) []string {
	all := make([]string, 0, f.Lines())
	for line := 1; line <= f.Lines(); line++ {
		all = append(all, f.Masked(line)+"\n")
	}
	return all
}
