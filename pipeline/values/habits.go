package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// habits are how the file's author writes: what is added is to look like theirs.
type habits struct {
	eol   string
	step  int          // columns that a mapping is indented below its key
	dash  int          // columns that a list is indented below its key
	quote syntax.Style // of text values
}

// learn looks at a whole file. Where it shows nothing, the guide's way counts: two columns, lists indented,
// no quotes unless needed.
func learn(s *syntax.Stream) habits {
	h := habits{eol: "\n"}
	if line := strings.IndexByte(s.Source, '\n'); line > 0 && s.Source[line-1] == '\r' {
		h.eol = "\r\n"
	}
	var steps, dashes [17]int
	var quotes [syntax.DoubleQuoted + 1]int
	for _, n := range s.Nodes {
		if n.Kind != syntax.Mapping {
			continue
		}
		for i := 0; i+1 < len(n.Children); i += 2 {
			value := n.Children[i+1]
			count := func(counts *[17]int) {
				if by := value.Column() - n.Column(); n.Style == syntax.Block && value.Style == syntax.Block && by >= 0 && by < len(counts) {
					counts[by]++
				}
			}
			switch value.Kind {
			case syntax.Mapping:
				count(&steps)
			case syntax.Sequence:
				count(&dashes)
			case syntax.Scalar:
				countQuote(&quotes, value)
			}
		}
	}
	h.step, h.dash, h.quote = most(steps[1:], 1, 2), most(dashes[:], 0, 2), mostQuoted(quotes)
	return h
}

// countQuote counts text that the author quoted or could have.
func countQuote(quotes *[syntax.DoubleQuoted + 1]int, n *syntax.Node) {
	if n.Style > syntax.DoubleQuoted || n.Value == "" {
		return
	}
	if n.Style == syntax.Plain {
		if c := n.Value[0]; c >= '0' && c <= '9' || c == '-' || c == '.' || c == '+' || len(n.Value) <= 5 {
			return // a number, a boolean, or as short as one
		}
	}
	quotes[n.Style]++
}

func mostQuoted(quotes [syntax.DoubleQuoted + 1]int) syntax.Style {
	style := syntax.Plain
	for _, s := range []syntax.Style{syntax.SingleQuoted, syntax.DoubleQuoted} {
		if quotes[s] > quotes[style] {
			style = s
		}
	}
	return style
}

// most is the index of the largest count, plus from; otherwise if nothing was counted.
func most(counts []int, from, otherwise int) int {
	best := -1
	for i, c := range counts {
		if c > 0 && (best < 0 || c > counts[best]) { //nolint:gosec // best is an index of counts
			best = i
		}
	}
	if best < 0 {
		return otherwise
	}
	return best + from
}

// quoteIn is how text is quoted in a mapping: as its other text, or as in the file.
func (h habits) quoteIn(m *syntax.Node) syntax.Style {
	var quotes [syntax.DoubleQuoted + 1]int
	for i := 1; i < len(m.Children); i += 2 {
		if v := m.Children[i]; v.Kind == syntax.Scalar {
			countQuote(&quotes, v)
		}
	}
	if quotes == [syntax.DoubleQuoted + 1]int{} {
		return h.quote
	}
	return mostQuoted(quotes)
}
