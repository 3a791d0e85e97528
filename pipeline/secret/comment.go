package secret

import (
	"regexp"
	"strings"
)

// noted are words of a comment beside which people note a password in prose. What follows one with a colon is seen as a
// key's value.
var noted = regexp.MustCompile(`(?i)\b(?:pass(?:word|wd|phrase)?s?|pwd?|tokens?|logins?|creds?|htpasswd|api[ _-]?keys?)\b\s*(.?)`)

// tells reports whether a comment may tell a secret in prose, in which nobody can say which word it is.
func tells(comment string) bool {
	if strings.HasPrefix(strings.TrimSpace(comment), "palette-ecr:ignore") {
		return false
	}
	for _, match := range noted.FindAllStringSubmatch(comment, -1) {
		if !strings.ContainsAny(match[1], `:"'`) {
			return true
		}
	}
	return false
}
