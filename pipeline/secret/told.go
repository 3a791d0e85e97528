package secret

import (
	"regexp"
	"strings"
)

// tellings are how a line of a text in values tells a secret, in whatever format the text is: the group named secret is
// hidden; where there is a group named key, only if Key says so of it. What stands behind a colon is judged as YAML is.
var tellings = []secretShape{
	// name = value, in INI, TOML, properties and shells
	{"=", regexp.MustCompile(`(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)["']?\s*:?=>?\s*(?P<secret>\\?"[^"]*"?|'[^']*'?|[^\s"',;&})]+)`)},
	// XML
	{"<", regexp.MustCompile(`<(?P<key>[A-Za-z_][A-Za-z0-9_.:-]*)[^>]*>(?P<secret>[^<]+)`)},
	// prose, in which nobody can say which word it is, and SQL
	{"", regexp.MustCompile(`(?i)\b(?:pass(?:word|wd|phrase)?|pwd?|tokens?|creds?|api[ _-]?key|identified by)\b["']?(?:\s|\\t)+(?P<secret>[^\s:=|&!*#-].*)`)},
}

// told hides what a line tells.
func told(line string) string {
	if begin := strings.TrimLeft(line, " \t-"); strings.HasPrefix(begin, "#") {
		return line // judged already
	}
	for _, shape := range tellings {
		line = shape.hide(line)
	}
	return line
}

// Tells reports whether a text tells a secret, so that told would hide a part of it.
func Tells(text string) bool { return told(text) != text }
