package values

import (
	"fmt"
	"strings"
	"sync"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// fileText is what a file says, whatever it means: its bytes, its lines, and where things stand in it.
type fileText struct {
	name    string
	stream  *syntax.Stream
	block   *embedded     // the YAML is a text in the file, such as Argo CD's helm.values; nil otherwise
	secrets func() []span // see Masked; looked for once
}

func newFileText(name string, stream *syntax.Stream) *fileText {
	return &fileText{name: name, stream: stream, secrets: sync.OnceValue(func() []span { return secrets(stream) })}
}

// Name is the file's name as it was given.
func (t *fileText) Name() string { return t.name }

// Data is the file's content.
func (t *fileText) Data() []byte { return []byte(t.source()) }

func (t *fileText) source() string {
	if t.block != nil {
		return t.block.outer
	}
	return t.stream.Source
}

// Lines returns how many lines the file has.
func (t *fileText) Lines() int {
	source := t.source()
	n := strings.Count(source, "\n")
	if !strings.HasSuffix(source, "\n") && source != "" {
		n++
	}
	return n
}

// Line is the text of a line, counted from 1, without its line break. It may hold secrets: see Masked.
func (t *fileText) Line(line int) string { return t.stream.Line(line) }

// place is the report's form of a span of the file.
func (t *fileText) place(start, end int, path string) report.Place {
	p := report.Place{File: t.name, Path: path}
	p.Line, p.Column = t.stream.Position(start)
	p.EndLine, p.EndColumn = t.stream.Position(end)
	return p
}

// at makes an error about a place in the file.
func (t *fileText) at(n *syntax.Node, remedy, format string, args ...any) error {
	line, column := t.stream.Position(n.Start)
	return fault.New(fault.Usage, remedy, "parsing %q: line %d, column %d: %s", t.name, line, column, fmt.Sprintf(format, args...))
}

// broken is the error for a mistake of the editor.
func (t *fileText) broken(why string, at int) error {
	line, column := t.stream.Position(at)
	return fault.New(fault.Failed, "nothing was written; edit the values by hand there, and please report this with the lines around it",
		"rendering %q: line %d, column %d: the edit doesn't give the wanted values: %s", t.name, line, column, why)
}
