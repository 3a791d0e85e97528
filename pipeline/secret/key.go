package secret

import "strings"

// credentialWords make a key that contains one of them a credential's.
var credentialWords = []string{
	"password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "credential",
	"htpasswd", "dockerconfigjson", "authorization", "username",
}

// credentialKeys are credentials' keys as a whole.
var credentialKeys = map[string]bool{
	"user": true, "login": true, "pass": true, "pwd": true, "pw": true, "auth": true, "hash": true, "bearer": true, "cookie": true, "basicauth": true, "userinfo": true,
	"key.pem": true, "tls.key": true,
}

// nameEndings make a key one that names where a credential is, or how it is handled, and holds none.
var nameEndings = []string{
	"ref", "refs", "file", "path", "dir", "url", "namespace", "kind", "type", "seconds", "enabled", "mode", "provider", "hosts",
	"existingsecret", "pullsecret", "pullsecrets",
}

var separators = strings.NewReplacer("-", "", "_", "", ".", "", `"`, "", "'", "", " ", "", "\u00a0", "")

// Key reports whether the value of a key must not be shown.
func Key(key string) bool {
	key = strings.ToLower(strings.TrimRight(key, "[]0123456789"))
	if credentialKeys[key] {
		return true
	}
	key = separators.Replace(key)
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

// Path reports whether the value at a YAML path must not be shown: by its last key, or because it is below one that
// holds nothing but credentials.
func Path(path string) bool {
	for _, holder := range []string{".basicAuth.", ".basicAuth["} {
		if strings.Contains("."+path, holder) {
			return true
		}
	}
	last := path[strings.LastIndexByte(path, '.')+1:]
	if quoted := strings.LastIndex(path, `["`); quoted >= 0 && strings.HasSuffix(path, `"]`) {
		last = path[quoted+2 : len(path)-2]
	}
	return Key(last)
}

// Named reports whether the value of an entry that is called so must not be shown: of an environment variable
// {name: ZOT_PASSWORD, value: …}, of a parameter {name: hue.ociRegistry.basicAuth.password, value: …}.
func Named(entry string) bool { return Key(entry) || Path(entry) }

// Flag reports whether what follows an argument such as --token is a secret.
func Flag(argument string) bool {
	name, ok := strings.CutPrefix(argument, "-")
	return ok && !strings.Contains(name, "=") && Key(strings.TrimLeft(name, "-"))
}

// In returns the texts in decoded values that must not be shown.
func In(values map[string]any) []string {
	var found []string
	for key, value := range values {
		found = collect(found, value, Key(key))
	}
	return found
}

func collect(found []string, value any, hidden bool) []string {
	switch v := value.(type) {
	case map[string]any:
		name, _ := v["name"].(string)
		for key, inner := range v {
			found = collect(found, inner, hidden || Key(key) || key == "value" && Named(name))
		}
	case []any:
		for i, inner := range v {
			follows := false
			if i > 0 {
				flag, _ := v[i-1].(string)
				follows = Flag(flag)
			}
			found = collect(found, inner, hidden || follows)
		}
	case string:
		if hidden && v != "" {
			return append(found, v)
		}
		if from, to, ok := UserInfo(v); ok {
			return append(found, v[from:to])
		}
	}
	return found
}

// UserInfo returns where the user name and password of an address stand in it.
func UserInfo(address string) (from, to int, ok bool) {
	start := strings.Index(address, "://")
	if start < 0 {
		return 0, 0, false
	}
	start += len("://")
	host := address[start:]
	if end := strings.IndexAny(host, "/ \t\n"); end >= 0 {
		host = host[:end]
	}
	at := strings.LastIndexByte(host, '@')
	if at <= 0 {
		return 0, 0, false
	}
	return start, start + at, true
}
