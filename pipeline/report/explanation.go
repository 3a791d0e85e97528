package report

import (
	"fmt"
	"strings"
)

// Explanation returns in plain text what the rule is about. The note stands with how to fix it; empty is none.
func (r Rule) Explanation(note string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s (%s): %s\n", r.ID, r.Severity, r.Title)
	paragraph(&out, "Why", r.Why)
	paragraph(&out, "Fix", r.Fix)
	if note != "" {
		paragraph(&out, "", note)
	}
	paragraph(&out, "Source", r.Source)
	return out.String()
}

// explanationWidth is what explanations are wrapped to.
const explanationWidth = 100

// paragraph writes a text under a name, wrapped.
func paragraph(out *strings.Builder, name, text string) {
	line := fmt.Sprintf("\n%-8s", name)
	if name == "" {
		line = strings.Repeat(" ", 8)
	}
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > explanationWidth && strings.TrimSpace(line) != "" {
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
