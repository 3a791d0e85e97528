package values

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Secrets lists the passwords, tokens and keys in the file and in what is merged with it, so that whoever shows text made
// elsewhere can hide them. Names of Secrets, which stand under such keys as secret and credential too, aren't in it.
func (f *File) Secrets() []string {
	var found []string
	for _, n := range f.stream.Nodes {
		if n.Kind != syntax.Mapping {
			continue
		}
		for i := 0; i+1 < len(n.Children); i += 2 {
			value := n.Children[i+1].Resolved()
			named := secret.Entry(n.Children[i].Value, textsOf(n))
			if (named || holdsSecret(n.Children[i].Value)) && value.Kind == syntax.Scalar && !value.IsNull() && !isSwitch(value.Value) {
				found = append(found, value.Value)
			}
		}
	}
	if f.opened != nil {
		found = append(found, f.opened.texts...)
	}
	for _, l := range f.layers {
		found = append(found, l.secrets()...)
	}
	return found
}

// secrets are those that the layer gives: of a Secret that gives one value, that value, whatever it is called.
func (l Layer) secrets() []string {
	found := append(SecretsIn(l.Values), l.hidden...)
	if l.source.Kind == "Secret" && l.TargetPath != "" {
		found = append(found, secret.In(map[string]any{"secret": l.Values})...)
	}
	return found
}

// SecretsIn is File.Secrets for values that were read already.
func SecretsIn(value map[string]any) []string {
	var found []string
	get := func(key string) string { text, _ := value[key].(string); return text }
	for key, v := range value {
		switch v := v.(type) {
		case string:
			if (holdsSecret(key) || secret.Entry(key, get)) && v != "" && !isSwitch(v) {
				found = append(found, v)
			}
		case map[string]any:
			found = append(found, SecretsIn(v)...)
		case []any:
			for _, item := range v {
				if m, ok := item.(map[string]any); ok {
					found = append(found, SecretsIn(m)...)
				}
			}
		}
	}
	return found
}

// isSwitch reports whether a value turns something on or off: hiding each "true" would leave little to read.
func isSwitch(value string) bool {
	switch strings.ToLower(value) {
	case "true", "false", "yes", "no", "on", "off", "none":
		return true
	}
	return false
}

// holdsSecret reports whether a key's value is a secret itself, not a name of one or a switch.
func holdsSecret(key string) bool {
	key = strings.TrimSuffix(strings.ToLower(key), "s")
	for _, word := range []string{"secret", "credential", "hash", "username", "user"} {
		if strings.HasSuffix(key, word) && !strings.HasSuffix(key, "clientsecret") {
			return false
		}
	}
	return secret.Key(key)
}
