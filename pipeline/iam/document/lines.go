package document

import (
	"bytes"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"
)

// position in a file: lines and columns count from 1, columns count characters.
type position struct{ line, column int }

func (p position) String() string { return fmt.Sprintf("line %d, column %d", p.line, p.column) }

// lines turns byte offsets into positions.
type lines struct {
	data   []byte
	starts []int // offset of each line

	// The last answer: the next one counts on from there, so that a file of one long line is read in one go.
	offset int
	last   position
}

func newLines(data []byte) *lines {
	l := &lines{data: data, starts: []int{0}, last: position{1, 1}}
	for at := 0; ; {
		next := bytes.IndexByte(data[at:], '\n')
		if next < 0 {
			return l
		}
		at += next + 1
		l.starts = append(l.starts, at)
	}
}

func (l *lines) position(offset int) position {
	offset = min(offset, len(l.data))
	line := sort.SearchInts(l.starts, offset+1)
	from, column := l.starts[line-1], 1
	if line == l.last.line && offset >= l.offset {
		from, column = l.offset, l.last.column
	}
	l.offset, l.last = offset, position{line, column + utf8.RuneCount(l.data[from:offset])}
	return l.last
}

// text of a line, without its end.
func (l *lines) text(line int) string {
	end := len(l.data)
	if line < len(l.starts) {
		end = l.starts[line]
	}
	return strings.TrimRight(string(l.data[l.starts[line-1]:end]), "\r\n")
}
