package secret

import (
	"regexp"
	"strings"
)

// Item reports whether item i of a list is a secret: for the item before it, or because it is a login or an argument with
// a password in it.
func Item(list []string, i int) bool {
	if i > 0 && Follows(list[i-1], list[i], i%2 == 1 && len(list)%2 == 0) {
		return true
	}
	name, password, ok := strings.Cut(list[i], ":")
	if ok && loginName.MatchString(name) && !fingerprint.MatchString(name) && madeUp(password) {
		return true
	}
	password, ok = strings.CutPrefix(list[i], "-p")
	return ok && !strings.ContainsAny(password, "/=: ") && strings.Trim(password, "0123456789.") != "" && (madeUp(password) || asUser(list, i))
}

var (
	loginName   = regexp.MustCompile(`^[A-Za-z0-9._@-]+$`)
	fingerprint = regexp.MustCompile(`(?i)^(sha|md)-?[0-9]+$`)
	// dated is a version or a date in a tag, such as RELEASE.2024-01-16T16-07-38Z-cpuv1
	dated = regexp.MustCompile(`[0-9][.-][0-9]`)
)

// madeUp reports whether a text is one that hardly anything but a password is: long, with digits, and with letters of both
// cases or a sign that tags, ports, labels and actions don't have. A password that is a mere word can't be told from a tag.
func madeUp(text string) bool {
	if len(text) < len("pass-123") || dated.MatchString(text) || strings.ContainsAny(text, " \t\n:{}()<>*") || strings.ContainsAny(text[:1], "/$%") {
		return false
	}
	const digits, lower, upper = "0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.ContainsAny(text, digits) && strings.ContainsAny(text, lower+upper) &&
		(strings.ContainsAny(text, "!#$%&^~") || strings.ContainsAny(text, lower) && strings.ContainsAny(text, upper))
}

// near is how many items away from a password the name of its user is looked for.
const near = 8

// asUser reports whether an argument beside item i says who logs in: -uroot, --user=root.
func asUser(list []string, i int) bool {
	for _, item := range list[max(0, i-near):min(len(list), i+near)] {
		if strings.HasPrefix(item, "-u") || strings.HasPrefix(item, "--user") {
			return true
		}
	}
	return false
}
