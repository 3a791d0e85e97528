package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// mappingEdit is what is done to one mapping.
type mappingEdit struct {
	*editor
	m    *syntax.Node
	jobs []*job
	adds []*job                // those of them that add a key
	gone map[*syntax.Node]bool // keys that go
}

func newMappingEdit(e *editor, jobs []*job) mappingEdit {
	edit := mappingEdit{editor: e, m: jobs[0].in, jobs: jobs, gone: map[*syntax.Node]bool{}}
	for _, j := range jobs {
		switch {
		case j.key == nil:
			edit.adds = append(edit.adds, j)
		case j.do == remove:
			edit.gone[j.key] = true
		}
	}
	return edit
}

// value replaces a single value, in its own quotes.
func (e *mappingEdit) value(key, old *syntax.Node, value any) {
	style := old.Style
	if style > syntax.DoubleQuoted || old.IsNull() || style == syntax.Plain && e.m.Style != syntax.Block && key.Style != syntax.Plain {
		style = e.habits.quoteIn(e.m)
	}
	if _, isText := scalar(old).(string); !isText && style == syntax.Plain {
		style = e.habits.quoteIn(e.m)
	}
	text := e.scalarText(value, style)
	if old.Anchor() != "" {
		text = "&" + old.Anchor() + " " + text
	}
	if old.Start == old.End { // not written: "key:"
		if e.src[old.Start-1] != ' ' {
			text = " " + text
		}
		if at := old.Start; at < len(e.src) && !strings.ContainsRune(" \t\r\n,}]", rune(e.src[at])) {
			text += " "
		}
		if e.src[key.End:old.Start] == "" { // a flow mapping's key without a colon
			text = ":" + text
		}
	}
	e.replace(old.Start, old.End, text+e.gap(old.End))
}

// behind finds the number of the pair behind which a key is added, -1 for the front.
func (e *mappingEdit) behind(j *job) int {
	behind, end := -1, -1
	for i := 0; i < len(e.m.Children); i += 2 {
		key := e.m.Children[i]
		if e.gone[key] {
			continue
		}
		end = i
		if key.IsMerge() || j.comesAfter(key.Value) {
			behind = i
		}
	}
	if behind < 0 && j.parent.atEnd {
		return end
	}
	return behind
}
