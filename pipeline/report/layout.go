package report

import (
	"regexp"
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

// isCommand reports whether a line that begins so would be obeyed by a CI runner (::error, ##[group]), which
// skips blanks before it.
func isCommand(s string) bool { return strings.HasPrefix(s, "::") || strings.HasPrefix(s, "##[") }

// tame is printable text that can begin a line.
func tame(s string) string {
	if s = printable(s); isCommand(strings.TrimSpace(s)) {
		return "› " + s
	}
	return s
}

// wrap breaks text between words into lines of at most n columns. A longer word, such as an address, stays
// whole, and so does a command, so that it can be copied. No line begins like a command to a CI runner.
func wrap(text string, n int) []string {
	n = max(n, 20)
	var lines []string
	line, used := "", 0
	for _, word := range words(tame(text)) {
		w := width(word)
		if line != "" && used+1+w > n && !isCommand(word) {
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

// command finds what wrap must not break: what is in backticks, with the punctuation at it, and a command that ends the
// text behind a colon, or is the whole of it.
var command = regexp.MustCompile("[^\\s`]*`[^`]+`[^\\s`]*|(?:^|(?:: ))(?:palette-ecr|kubectl|helm|aws|flux) [a-z][^`,;]*$")

// words splits text at its blanks, but no command.
func words(text string) []string {
	var all []string
	from := 0
	for _, at := range command.FindAllStringIndex(text, -1) {
		all = append(all, strings.Fields(text[from:at[0]])...)
		found := text[at[0]:at[1]]
		if rest, ok := strings.CutPrefix(found, ": "); ok { // the colon belongs to the word before it
			if len(all) > 0 {
				all[len(all)-1] += ":"
			}
			found = rest
		}
		all = append(all, strings.TrimSpace(found))
		from = at[1]
	}
	return append(all, strings.Fields(text[from:])...)
}
