package lint

import (
	"fmt"
	"strings"
)

// Explain tells in plain text what a rule is about. The ID all gives the list of rules. The error is for an
// unknown rule (a *fault.Error, Usage).
func Explain(id string) (string, error) {
	if strings.EqualFold(id, "all") {
		return list(), nil
	}
	for _, r := range rules() {
		if strings.EqualFold(r.ID, id) {
			return r.text(), nil
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
	fmt.Fprintf(&out, "%s (%s): %s\n\n", r.ID, r.Severity, r.Title)
	fmt.Fprintf(&out, "Why:    %s\nFix:    %s\n", r.Why, r.Fix)
	if r.fixable {
		out.WriteString("        palette-ecr lint --fix does it, with the editor of render.\n")
	}
	fmt.Fprintf(&out, "Source: %s\n", r.Source)
	return out.String()
}
