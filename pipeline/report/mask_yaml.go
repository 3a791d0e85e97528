package report

import "strings"

// scalar returns the end of the scalar that begins at i: of a quoted one behind its closing quote, or the
// line's end when that is in a further line; of a plain one where YAML ends it.
func (m *masker) scalar(i int) int {
	if q := m.in[i]; q == '"' || q == '\'' {
		for j := i + 1; j < len(m.in); j++ {
			switch {
			case q == '"' && m.in[j] == '\\':
				j++
			case m.in[j] == q && q == '\'' && j+1 < len(m.in) && m.in[j+1] == q:
				j++
			case m.in[j] == q:
				return j + 1
			}
		}
		return len(m.in)
	}
	j := i
	for ; j < len(m.in); j++ {
		if m.in[j] == ':' && m.endsWord(j+1) || m.in[j] == '#' && blank(m.in[max(j-1, 0)]) ||
			m.flow > 0 && strings.ContainsRune(",[]{}", m.in[j]) {
			break
		}
	}
	for j > i && blank(m.in[j-1]) {
		j--
	}
	return max(j, min(i+1, len(m.in)))
}

// block returns the end of what stands at i in block style: before a comment, or the end of the line. It is
// generous, since the line may be one of a flow collection that began earlier, or not be YAML at all.
func (m *masker) block(i int) int {
	end := i
	for j := i; j < len(m.in) && !(m.in[j] == '#' && blank(m.in[max(j-1, 0)])); j++ {
		if !blank(m.in[j]) {
			end = j + 1
		}
	}
	return end
}

func blank(r rune) bool { return r == ' ' || r == '\t' }

func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') {
		return strings.Trim(s, s[:1])
	}
	return s
}

// harmless reports whether a value behind a credential's key is none: empty, null, a boolean, an alias or the
// sign of a block scalar.
func harmless(value string) bool {
	switch strings.ToLower(value) {
	case "", `""`, "''", "~", "null", "true", "false":
		return true
	}
	return strings.ContainsRune("*|>", rune(value[0])) && !strings.ContainsAny(value, " ")
}

// credentialWords make a key that contains one of them a credential's.
var credentialWords = []string{
	"password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "credential",
	"htpasswd", "dockerconfigjson", "authorization", "username",
}

// credentialKeys are credentials' keys as a whole.
var credentialKeys = map[string]bool{
	"user": true, "login": true, "pass": true, "pwd": true, "pw": true, "auth": true, "hash": true, "bearer": true, "cookie": true,
	"key.pem": true, "tls.key": true,
}

// nameEndings make a key one that names where a credential is, or how it is handled, and holds none.
var nameEndings = []string{
	"ref", "refs", "file", "path", "dir", "url", "namespace", "kind", "type", "seconds", "enabled", "mode", "provider", "hosts",
	"existingsecret", "pullsecret", "pullsecrets",
}

// holdsCredential reports whether a key, or the last part of a YAML path, is one whose value must not be shown.
func holdsCredential(key string) bool {
	key = strings.ToLower(strings.TrimRight(key, "[]0123456789"))
	if credentialKeys[key] {
		return true
	}
	key = strings.NewReplacer("-", "", "_", "", ".", "", `"`, "", "'", "").Replace(key)
	if credentialKeys[key] {
		return true
	}
	for _, ending := range nameEndings {
		if strings.HasSuffix(key, ending) {
			return false
		}
	}
	if strings.HasSuffix(key, "name") && !strings.HasSuffix(key, "username") { // basicAuthSecretName
		return false
	}
	for _, word := range credentialWords {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
