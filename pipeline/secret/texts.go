package secret

import (
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Everywhere is In, and InTexts.
func Everywhere(value any) []string {
	return append(collect(nil, value, false), InTexts(value)...)
}

// InTexts returns what texts in decoded values hold that must not be shown: those that are YAML or JSON themselves, keys
// and headers in scripts and files of other formats, and whatever has the shape of a secret. User names are not in it:
// hiding each "admin" elsewhere would leave little to read.
func InTexts(value any) (found []string) {
	eachText(value, func(text string) { found = append(found, inText(text, 0)...) })
	return found
}

func eachText(value any, do func(string)) {
	switch v := value.(type) {
	case map[string]any:
		for _, inner := range v {
			eachText(inner, do)
		}
	case []any:
		for _, inner := range v {
			eachText(inner, do)
		}
	case string:
		do(v)
	}
}

// deepest is how many texts within texts are looked into.
const deepest = 3

func inText(text string, depth int) (found []string) {
	if len(text) < len("pw: x") {
		return nil
	}
	for _, at := range Find(text) {
		found = append(found, text[at[0]:at[1]])
	}
	if !strings.Contains(text, ":") || !Mentions(text) {
		return found
	}
	for _, match := range keyInText.FindAllStringSubmatch(text, -1) {
		if key, value := match[1], match[2]; Key(key) && !userName(key) && !harmless(value) {
			found = append(found, value)
		}
	}
	var inner any
	if depth == deepest {
		return found
	}
	if yaml.Unmarshal([]byte(text), &inner) != nil {
		return append(found, below(text)...)
	}
	if _, plain := inner.(string); plain {
		return found
	}
	users := namesOfUsers(inner)
	found = append(found, slices.DeleteFunc(collect(nil, inner, false), func(s string) bool { return slices.Contains(users, s) })...)
	eachText(inner, func(text string) { found = append(found, inText(text, depth+1)...) })
	return found
}

// below returns what stands in the lines below a credential's key, in a text that is YAML only in part.
func below(text string) (found []string) {
	deep := -1 // how far the key at hand is indented
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		content := strings.TrimLeft(line, " \t")
		indent := len(line) - len(content)
		item, isItem := strings.CutPrefix(content, "- ")
		if deep >= 0 && (indent > deep || isItem && indent == deep) {
			found = append(found, strings.Trim(item, `"' `))
			continue
		}
		deep = -1
		if key, ok := strings.CutSuffix(strings.TrimRight(content, " \t"), ":"); ok && Key(key) && !strings.ContainsAny(key, " \t") {
			deep = indent
		}
	}
	return found
}

// keyInText is a key with its value in a text of any format: at a line's beginning, or as a header of HTTP, perhaps with
// the scheme of an authorization.
var keyInText = regexp.MustCompile(`(?m)(?:^\s*|["'{,]\s*)([A-Za-z_][A-Za-z0-9_.-]*)["']?:[ \t]+["']?(?:(?i:basic|bearer|token)[ \t]+)?([^\s"',;{}\[\]]+)`)

func userName(key string) bool {
	key = separators.Replace(strings.ToLower(key))
	return strings.HasSuffix(key, "user") || strings.HasSuffix(key, "username") || strings.HasSuffix(key, "login")
}

// namesOfUsers are the texts under keys of user names.
func namesOfUsers(value any) (found []string) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			if name, ok := inner.(string); ok && userName(key) {
				found = append(found, name)
			}
			found = append(found, namesOfUsers(inner)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, namesOfUsers(inner)...)
		}
	}
	return found
}

// Passwords is Everywhere but for the names of users: where they stand by themselves their key hides them.
func Passwords(given ...map[string]any) []string {
	var all, users []string
	for _, values := range given {
		all = append(all, Everywhere(values)...)
		users = append(users, namesOfUsers(values)...)
	}
	return slices.DeleteFunc(all, func(text string) bool { return slices.Contains(users, text) || isSwitch(text) })
}

// isSwitch reports whether a value turns something on or off.
func isSwitch(value string) bool {
	return slices.Contains([]string{"true", "false", "yes", "no", "on", "off", "none", "null"}, strings.ToLower(value))
}
