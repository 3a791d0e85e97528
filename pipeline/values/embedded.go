package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// embedded is a YAML text in a YAML file: the lines of a literal block. The text is parsed where it stands, with
// everything before it blanked, so that every offset, line and column in it is one of the file.
type embedded struct {
	outer      string // the whole file
	start, end int    // of the block's lines in it
}

// embed makes the values of a file those in a literal block.
func (c *chooser) embed(n *syntax.Node) error {
	if strings.Contains(n.Value, template) && !strings.Contains(n.Value, "\n") {
		return c.at(n, "edit them where they come from, or write them into the template as valuesObject", "the values are an expression, which a generator fills: they are not here")
	}
	if n.Style != syntax.Literal {
		return c.at(n, "write them as a block that begins with |, or as valuesObject", "the values are a text that isn't a literal block")
	}
	outer := c.stream.Source
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
	*c = chooser{fileText: newFileText(c.name, inner)}
	c.block = &embedded{outer: outer, start: start, end: end}
	return nil
}

// put makes the whole file of the new text. On nil it is the whole file already.
func (e *embedded) put(text string) string {
	if e == nil {
		return text
	}
	return e.outer[:e.start] + text[e.start:] + e.outer[e.end:]
}
