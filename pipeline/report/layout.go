package report

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// columns measures text as terminals draw it, whatever the locale of this process.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

func width(s string) int { return columns.StringWidth(s) }

// pad fills s with spaces to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

// printable makes text from elsewhere harmless for a terminal and a CI log: one line, and control characters
// shown instead of obeyed.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case r < 0x20:
			return 0x2400 + r // the control pictures
		case r == 0x7f:
			return '␡'
		case unicode.IsControl(r), r == '\u2028', r == '\u2029', unicode.Is(unicode.Bidi_Control, r):
			return '�'
		}
		return r
	}, s)
}

// wrap breaks text between words into lines of at most n columns. A longer word, such as an address, stays
// whole, so that it can be copied. No line begins like a workflow command of a CI system (::error, ##[group]).
func wrap(text string, n int) []string {
	n = max(n, 20)
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(printable(text)) {
		w := width(word)
		command := strings.HasPrefix(word, "::") || strings.HasPrefix(word, "##")
		if line != "" && used+1+w > n && !command {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
