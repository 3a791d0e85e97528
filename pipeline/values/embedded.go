package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// embedded is a YAML text in a YAML file: the lines of a block. The text is parsed where it stands, with everything
// before it blanked, so that every offset, line and column in it is one of the file.
type embedded struct {
	outer      string    // the whole file
	start, end int       // of the block's lines in it
	header     int       // of the | or > before them
	whole      *fileText // shows the lines around the block; nil when they may hold what is encrypted on disk
}

// embed makes the values of a file those in a block: a literal one, or a folded one of which nothing is folded, as of most
// that hold YAML (lines that are further in keep their breaks). The remedy says how any other text is made one.
func (c *chooser) embed(n *syntax.Node, remedy string) error {
	if strings.Contains(n.Value, template) && !strings.Contains(n.Value, "\n") {
		return c.at(n, "edit them where they come from, or write them into the template as valuesObject", "the values are an expression, which a generator fills: they are not here")
	}
	outer := c.stream.Source
	switch {
	case n.Style == syntax.Folded && !readAsWritten(outer, n.Start):
		return c.at(n, remedy, "the values are folded text (>), in which lines are joined, so that they can't be edited in place")
	case n.Style != syntax.Literal && n.Style != syntax.Folded:
		return c.at(n, remedy, "the values are a text in quotes or on one line, and not a block")
	}
	line, _ := c.stream.Position(n.Start)
	if header := strings.IndexByte(outer[n.Start:], '\n'); header >= 0 {
		line, _ = c.stream.Position(n.Start + header)
	}
	start := c.stream.LineStart(line + 1)
	end := n.End
	if end < len(outer) && (end == 0 || outer[end-1] != '\n') {
		last, _ := c.stream.Position(end)
		end = c.stream.LineStart(last + 1)
	}
	blank := []byte(outer[:end])
	for i := range start {
		if c := blank[i]; c != '\n' && c != '\r' {
			blank[i] = ' '
		}
	}
	text := string(blank)
	inner, err := syntax.Parse(text)
	if err != nil {
		return malformed(c.name, text, err)
	}
	whole := c.fileText
	*c = chooser{fileText: newFileText(c.name, inner)}
	c.block = &embedded{outer, start, end, n.Start, whole}
	return nil
}

// readAsWritten reports whether a folded block is read as a literal one would be.
func readAsWritten(source string, header int) bool {
	value := func(source string) (string, bool) {
		stream, err := syntax.Parse(source)
		if err != nil {
			return "", false
		}
		for _, n := range stream.Nodes {
			if n.Start == header && n.Kind == syntax.Scalar {
				return n.Value, true
			}
		}
		return "", false
	}
	if header >= len(source) || source[header] != '>' {
		return false
	}
	folded, ok := value(source)
	literal, too := value(source[:header] + "|" + source[header+1:])
	return ok && too && folded == literal
}

// check refuses an edit that would be read otherwise than it is written.
func (e *embedded) check(t *fileText, output string) error {
	if e == nil || output[e.header] != '>' || readAsWritten(output, e.header) {
		return nil
	}
	line, _ := t.stream.Position(e.header)
	return fault.New(fault.Usage, "write | instead of >, and render again", "rendering %q: the values are folded text (> in line %d), in which lines of the edit would be joined", t.name, line)
}

// around reports whether a line is outside the block, and can be shown.
func (e *embedded) around(line int) bool {
	if e == nil || e.whole == nil {
		return false
	}
	at := e.whole.stream.LineStart(line)
	return at < e.start || at >= e.end
}

// close shows no line around the block.
func (e *embedded) close() {
	if e != nil {
		e.whole = nil
	}
}

// put makes the whole file of the new text. On nil it is the whole file already.
func (e *embedded) put(text string) string {
	if e == nil {
		return text
	}
	return e.outer[:e.start] + text[e.start:] + e.outer[e.end:]
}
