package lint

import (
	"fmt"
	"strings"
)

// Explain returns in plain text what a rule is about. The ID all returns the list of rules. The error is for an
// unknown rule (a *fault.Error, Usage).
func Explain(id string) (string, error) {
	if strings.EqualFold(id, "all") {
		return list(), nil
	}
	for _, r := range rules() {
		if strings.EqualFold(r.ID, id) {
			example, err := ExampleOf(r.ID)
			return r.text() + example.text(), err
		}
	}
	return "", unknownRule("explaining", id)
}

func list() string {
	var out strings.Builder
	for _, r := range Catalogue() {
		fmt.Fprintf(&out, "%s  %-8s %s\n", r.ID, r.Severity, r.Title)
	}
	return out.String()
}

func (r rule) text() string {
	if r.fixable {
		return r.Explanation("palette-ecr lint --fix does it, with the editor of render, as far as the right value is known.")
	}
	return r.Explanation("")
}

// text shows what lint finds in the example, and what makes it pass.
func (e Example) text() string {
	return "\nFound, for example:\n\n" + indented(e.Findings) + "\nPasses with:\n\n" + indented(e.Diff())
}

func indented(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		out.WriteString("  " + line)
	}
	return out.String()
}
