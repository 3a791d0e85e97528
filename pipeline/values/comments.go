package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Comment is a comment of the file: from its # to the line's end.
type Comment struct {
	Line   int    // from 1
	Column int    // from 1, in characters
	Text   string // with the #
	Alone  bool   // nothing but white space is before it on its line
}

// Comments lists the comments of the whole file in their order. A # inside a value isn't one.
func (f *File) Comments() []Comment {
	var found []Comment
	at := 0
	gap := func(end int) {
		for at < end {
			hash := strings.IndexByte(f.stream.Source[at:end], '#')
			if hash < 0 {
				break
			}
			found = append(found, f.comment(at+hash))
			next := strings.IndexByte(f.stream.Source[at+hash:], '\n')
			if next < 0 {
				at = len(f.stream.Source)
				return
			}
			at += hash + next
		}
	}
	for _, n := range f.stream.Nodes {
		if n.Kind == syntax.Scalar && n.Start >= at {
			gap(n.Start)
			at = max(at, n.End)
		}
	}
	gap(len(f.stream.Source))
	return found
}

func (f *File) comment(offset int) Comment {
	line, column := f.stream.Position(offset)
	start := f.stream.LineStart(line)
	text := f.stream.Source[offset:f.stream.LineStart(line+1)]
	return Comment{
		Line: line, Column: column, Text: strings.TrimRight(text, "\r\n"),
		Alone: strings.Trim(f.stream.Source[start:offset], " \t\ufeff") == "",
	}
}
