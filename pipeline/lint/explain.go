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
	var out strings.Builder
	fmt.Fprintf(&out, "%s (%s): %s\n", r.ID, r.Severity, r.Title)
	paragraph(&out, "Why", r.Why)
	paragraph(&out, "Fix", r.Fix)
	if r.fixable {
		paragraph(&out, "", "palette-ecr lint --fix does it, with the editor of render, as far as the right value is known.")
	}
	paragraph(&out, "Source", r.Source)
	return out.String()
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

// width that explanations are wrapped to.
const width = 100

// paragraph writes a text under a name, wrapped.
func paragraph(out *strings.Builder, name, text string) {
	line := fmt.Sprintf("\n%-8s", name)
	if name == "" {
		line = strings.Repeat(" ", 8)
	}
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width && strings.TrimSpace(line) != "" {
			out.WriteString(line + "\n")
			line = strings.Repeat(" ", 8)
		}
		if !strings.HasSuffix(line, " ") {
			line += " "
		}
		line += word
	}
	out.WriteString(line + "\n")
}
