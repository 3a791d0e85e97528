package document

import (
	"unicode/utf8"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// ParseInside parses the policy document that a larger JSON file holds at an offset, with places in that file.
func ParseInside(name string, data []byte, start, end int) (Document, error) {
	blank := make([]byte, 0, len(data))
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		switch {
		case at >= start && at < end:
			blank = append(blank, data[at:at+size]...)
		case r == '\n':
			blank = append(blank, '\n')
		default:
			blank = append(blank, ' ') // a column counts characters
		}
		at += size
	}
	d, err := Parse(name, blank)
	if err == nil {
		d.lines = newLines(data)
	}
	return d, err
}

// ParseText parses a policy document that a larger JSON file holds as a string, at an offset. All its places
// are that of the string.
func ParseText(name string, data []byte, start, end int, text string) (Document, error) {
	d, err := Parse(name, []byte(text))
	if err != nil {
		return d, err
	}
	d.lines = newLines(data)
	from := d.lines.position(start)
	to := d.lines.position(end)
	for path := range d.places {
		d.places[path] = report.Place{File: name, Path: path, Line: from.line, Column: from.column, EndLine: to.line, EndColumn: to.column}
	}
	return d, nil
}

// Unread stands for a policy of which a file has no more than the name.
func Unread(file string) Document { return Document{file: file} }
