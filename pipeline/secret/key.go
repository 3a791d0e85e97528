package secret

import (
	"slices"
	"strconv"
	"strings"
)

// credentialWords make a key that contains one of them a credential's.
var credentialWords = []string{
	"password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "credential",
	"htpasswd", "dockerconfigjson", "authorization", "username", "creds",
	"sshkey", "tlskey", "clientkey", "serverkey", "signingkey", "encryptionkey", "masterkey", "sharedkey", "sessionkey", "accountkey", "licensekey", "authkey",
	"unsealkey", "deploykey", "privkey", "hmackey",
	"connectionstring", "passwort", "kennwort", "contraseña", "motdepasse", "パスワード",
}

// credentialEndings do so at a key's end: adminPw.
var credentialEndings = []string{"pw", "pwd", "pswd", "pass", "auth", "jwt", "psk", "hmac", "totp", "assertion"}

// credentialKeys are credentials' keys as a whole.
var credentialKeys = map[string]bool{
	"user": true, "login": true, "pass": true, "pwd": true, "pw": true, "auth": true, "hash": true, "bearer": true, "cookie": true, "basicauth": true, "userinfo": true,
	"pin": true, "salt": true, "psw": true, "otp": true,
	"key.pem": true, "tls.key": true,
}

// nameEndings make a key one that names where a credential is, or how it is handled, and holds none.
var nameEndings = []string{
	"ref", "refs", "file", "path", "dir", "url", "stdin", "namespace", "kind", "type", "seconds", "enabled", "mode", "provider", "hosts",
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
	for _, ending := range credentialEndings {
		if strings.HasSuffix(key, ending) && key != "bypass" {
			return true
		}
	}
	return false
}

// Mentions reports whether a text may hold a credential under a key of its own: it has a word of one.
func Mentions(text string) bool {
	text = separators.Replace(strings.ToLower(text))
	for _, words := range [][]string{credentialWords, credentialEndings, {"auth", "bearer"}} {
		for _, word := range words {
			if strings.Contains(text, word) {
				return true
			}
		}
	}
	return false
}

// Holder reports whether whatever is below a key is a credential, but for what names an object.
func Holder(key string) bool {
	switch strings.TrimSuffix(separators.Replace(strings.ToLower(key)), "s") {
	case "basicauth", "credential", "cred", "password":
		return true
	}
	return false
}

// Path reports whether the value at a YAML path must not be shown: by its last key, or because it is below one that
// holds nothing but credentials.
func Path(path string) bool {
	keys := keysOf(path)
	last := len(keys) - 1
	return last >= 0 && (Key(keys[last]) || slices.ContainsFunc(keys[:last], Holder))
}

// keysOf are the keys of a YAML path, such as a and tls.key of a["tls.key"][0].
func keysOf(path string) (keys []string) {
	for path != "" {
		inner, bracket := strings.CutPrefix(path, "[")
		if quoted, err := strconv.QuotedPrefix(inner); bracket && err == nil {
			key, _ := strconv.Unquote(quoted) // what QuotedPrefix returns is quoted
			keys = append(keys, key)
			path = strings.TrimPrefix(inner[len(quoted):], "]")
			continue
		}
		end := len(path)
		if next := strings.IndexAny(path[1:], ".["); next >= 0 {
			end = next + 1
		}
		if word := strings.TrimPrefix(path[:end], "."); !bracket && word != "" {
			keys = append(keys, word)
		}
		path = path[end:]
	}
	return keys
}

// Named reports whether the value of an entry that is called so must not be shown: of an environment variable
// {name: ZOT_PASSWORD, value: …}, of a parameter {name: hue.ociRegistry.basicAuth.password, value: …}.
func Named(entry string) bool { return Key(entry) || Path(entry) }

// NameKeys are the keys under which an entry of a list says what it is called, and ValueKeys those of its value.
var (
	NameKeys  = []string{"name", "key", "k"}
	ValueKeys = []string{"value", "v"}
)

// Entry reports whether the value under key of an entry must not be shown, by the name that the entry has.
func Entry(key string, get func(string) string) bool {
	return slices.Contains(ValueKeys, key) && slices.ContainsFunc(NameKeys, func(name string) bool { return Named(get(name)) })
}

// Follows reports whether an item of a list is a secret for the item before it: an argument such as --token, or -p, which
// is a port, a path or a password; a variable's name; and in a list of pairs the word that says so.
func Follows(before, item string, pair bool) bool {
	switch {
	case flag(before):
		return true
	case before == "-p" || before == "-a" || before == "-P" || before == "-w":
		return strings.Trim(item, "0123456789.:") != "" && !strings.ContainsAny(item[:1], "-/.") && !strings.Contains(item, " ")
	case variable(before) && Key(before):
		return !variable(item) || !strings.Contains(item, "_") // another name has several words
	}
	return pair && Key(before) && !Key(item)
}

// variable reports whether a text is written as names of environment variables are.
func variable(text string) bool {
	return text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == "" && strings.ContainsAny(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// flag reports whether what follows an argument such as --token is a secret.
func flag(argument string) bool {
	name, ok := strings.CutPrefix(argument, "-")
	name = strings.TrimLeft(name, "-")
	return ok && !strings.ContainsAny(name, "= ") && (name == "u" || strings.HasSuffix(name, "-user") || Key(name))
}

// Logins reports whether what is below a key may be logins: items such as name:password, or passwords under names.
func Logins(key string) bool {
	switch strings.TrimSuffix(separators.Replace(strings.ToLower(key)), "s") {
	case "user", "login", "account", "auth", "htpasswd", "basicauthuser":
		return true
	}
	return false
}

// Login reports whether an item of such a list has a password behind a colon.
func Login(item string) bool {
	name, password, ok := strings.Cut(item, ":")
	return ok && name != "" && password != "" && !strings.ContainsAny(name, " /") && !strings.HasPrefix(password, " ")
}
