package deploy

import (
	"slices"
	"strings"
)

// masked hides the secrets of the given values in an error's text: Helm and the API server quote values
// in some of their messages.
func masked(err error, values ...map[string]any) error {
	if err == nil {
		return nil
	}
	var secrets []string
	for _, v := range values {
		secrets = append(secrets, secretsIn("", v)...)
	}
	// The longest first, lest a part of one leave the rest of it readable.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	text := err.Error()
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, masking)
	}
	if text == err.Error() {
		return err
	}
	return maskedError{text: text, err: err}
}

// masking stands for a secret.
const masking = "***"

type maskedError struct {
	text string
	err  error
}

func (e maskedError) Error() string { return e.text }
func (e maskedError) Unwrap() error { return e.err }

// secretsIn gives the strings that stand under a key that names a secret.
func secretsIn(key string, value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			found = append(found, secretsIn(k, inner)...)
		}
	case []any:
		for _, inner := range v {
			found = append(found, secretsIn(key, inner)...)
		}
	case string:
		// One or two characters would mask half of the text.
		if len(v) > 2 && namesSecret(key) {
			found = append(found, v)
		}
	}
	return found
}

func namesSecret(key string) bool {
	key = strings.ToLower(key)
	return !strings.HasSuffix(key, "secretname") &&
		slices.ContainsFunc([]string{"password", "secret", "token", "htpasswd", "credential", "privatekey"}, func(word string) bool { return strings.Contains(key, word) })
}
