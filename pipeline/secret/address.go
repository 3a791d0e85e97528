package secret

import "strings"

// UserInfo returns where the user name and password of an address stand in it. They end at the @ before the host; in a
// text that is an address and nothing else they may have blanks, and a password may have a slash that nobody escaped.
func UserInfo(address string) (from, to int, ok bool) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return 0, 0, false
	}
	start := len(scheme) + len("://")
	if strings.ContainsAny(scheme, " \t\n") { // it is one in a longer text
		rest, _, _ = strings.Cut(rest, " ")
	}
	host, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		return start, start + at, at > 0
	}
	_, port, colon := strings.Cut(host, ":")
	if at := strings.LastIndexByte(path, '@'); at >= 0 && colon && strings.Trim(port, "0123456789") != "" && !strings.HasPrefix(host, "[") {
		return start, start + len(host) + 1 + at, true
	}
	return 0, 0, false
}
