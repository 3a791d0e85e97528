package syntax

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// bom is the byte order mark that some editors write first.
const bom = "\ufeff"

// Position returns line and column of a byte, both from 1; the column counts characters.
func (s *Stream) Position(offset int) (line, column int) {
	line = sort.SearchInts(s.lines, offset+1)
	start := s.lines[line-1]
	if line == 1 && strings.HasPrefix(s.Source, bom) && offset >= len(bom) {
		start = len(bom)
	}
	return line, utf8.RuneCountInString(s.Source[start:offset]) + 1
}

// LineStart is the offset of the first byte of the line (from 1). One line behind the last it is the
// source's length.
func (s *Stream) LineStart(line int) int {
	if line > len(s.lines) {
		return len(s.Source)
	}
	return s.lines[line-1]
}

// Line is the text of a line (from 1) without its line break.
func (s *Stream) Line(line int) string {
	text := s.Source[s.LineStart(line):s.LineStart(line+1)]
	return strings.TrimPrefix(strings.TrimRight(text, "\r\n"), bom)
}

// lineStarts never returns an empty slice.
func lineStarts(source string) []int {
	starts := make([]int, 1, strings.Count(source, "\n")+1)
	for at := 0; ; {
		next := strings.IndexByte(source[at:], '\n')
		if next < 0 {
			return starts
		}
		at += next + 1
		starts = append(starts, at)
	}
}
