package terminal

import "strings"

// Diff colours a unified diff: what goes red, what comes green, the places blue, the file's name bold.
func Diff(diff string, colored bool) string {
	if !colored {
		return diff
	}
	var out strings.Builder
	for line := range strings.Lines(diff) {
		code := ""
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "+++ "):
			code = "1"
		case strings.HasPrefix(line, "@@"):
			code = "36"
		case strings.HasPrefix(line, "-"):
			code = "31"
		case strings.HasPrefix(line, "+"):
			code = "32"
		}
		text := strings.TrimRight(line, "\r\n")
		if code == "" || text == "" {
			out.WriteString(line)
			continue
		}
		out.WriteString("\x1b[" + code + "m" + text + "\x1b[0m" + line[len(text):])
	}
	return out.String()
}
