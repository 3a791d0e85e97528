package report

import "strings"

// diffLine is one line of a unified diff, with what it is.
type diffLine struct {
	Text  string
	Kind  string // "", "file", "place", "removed" or "added"
	Style Style  // for a terminal, unless Kind is ""
}

func diffLineOf(line string) diffLine {
	switch {
	case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
		return diffLine{line, "file", Bold}
	case strings.HasPrefix(line, "@@"):
		return diffLine{line, "place", Accent}
	case strings.HasPrefix(line, "-"):
		return diffLine{line, "removed", Removed}
	case strings.HasPrefix(line, "+"):
		return diffLine{line, "added", Good}
	}
	return diffLine{Text: line}
}

func diffLines(diff string) []diffLine {
	var lines []diffLine
	for line := range strings.Lines(diff) {
		lines = append(lines, diffLineOf(strings.TrimRight(line, "\r\n")))
	}
	return lines
}

// maskDiff hides credentials in the lines of a diff of YAML.
func maskDiff(diff string) string {
	var out strings.Builder
	for line := range strings.Lines(diff) {
		if kind := diffLineOf(line).Kind; line == "" || kind == "file" || kind == "place" {
			out.WriteString(line)
			continue
		}
		out.WriteString(line[:1] + Mask(line[1:]))
	}
	return out.String()
}
