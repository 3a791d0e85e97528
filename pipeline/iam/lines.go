package iam

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// lines turns byte offsets into lines and columns, both from 1; columns count characters.
type lines struct {
	data   []byte
	starts []int
}

func newLines(data []byte) *lines {
	l := &lines{data: data, starts: []int{0}}
	for at := 0; ; {
		next := bytes.IndexByte(data[at:], '\n')
		if next < 0 {
			return l
		}
		at += next + 1
		l.starts = append(l.starts, at)
	}
}

func (l *lines) position(offset int) (line, column int) {
	offset = min(offset, len(l.data))
	line = sort.SearchInts(l.starts, offset+1)
	return line, utf8.RuneCount(l.data[l.starts[line-1]:offset]) + 1
}

// text of a line, without its end.
func (l *lines) text(line int) string {
	end := len(l.data)
	if line < len(l.starts) {
		end = l.starts[line]
	}
	return strings.TrimRight(string(l.data[l.starts[line-1]:end]), "\r\n")
}

func (l *lines) at(offset int) string {
	line, column := l.position(offset)
	return fmt.Sprintf("line %d, column %d", line, column)
}

func (l *lines) span(start, end int) report.Place {
	var p report.Place
	p.Line, p.Column = l.position(start)
	p.EndLine, p.EndColumn = l.position(end)
	return p
}
