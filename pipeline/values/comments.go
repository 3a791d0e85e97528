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
func (t *fileText) Comments() []Comment {
	var found []Comment
	at := 0
	gap := func(end int) {
		for at < end {
			hash := strings.IndexByte(t.stream.Source[at:end], '#')
			if hash < 0 {
				break
			}
			found = append(found, t.comment(at+hash))
			next := strings.IndexByte(t.stream.Source[at+hash:], '\n')
			if next < 0 {
				at = len(t.stream.Source)
				return
			}
			at += hash + next
		}
	}
	for _, n := range t.stream.Nodes {
		if n.Kind == syntax.Scalar && n.Start >= at {
			gap(n.Start)
			at = max(at, n.End)
		}
	}
	gap(len(t.stream.Source))
	return found
}

func (t *fileText) comment(offset int) Comment {
	line, column := t.stream.Position(offset)
	start := t.stream.LineStart(line)
	text := t.stream.Source[offset:t.stream.LineStart(line+1)]
	return Comment{
		Line: line, Column: column, Text: strings.TrimRight(text, "\r\n"),
		Alone: strings.Trim(t.stream.Source[start:offset], " \t\ufeff") == "",
	}
}
