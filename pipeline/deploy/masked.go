package deploy

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// masked hides the secrets of the given values in an error's text: Helm and the API server quote values
// in some of their messages.
func masked(err error, values ...map[string]any) error {
	if err == nil {
		return nil
	}
	var secrets []string
	for _, v := range values {
		// One or two characters would mask half of the text.
		secrets = append(secrets, slices.DeleteFunc(secret.Everywhere(v), func(text string) bool { return len(text) <= 2 })...)
	}
	// The longest first, lest a part of one leave the rest of it readable.
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	text := err.Error()
	for _, each := range secrets {
		text = strings.ReplaceAll(text, each, masking)
	}
	if text == err.Error() {
		return err
	}
	return maskedError{text: text, err: err}
}

// masking stands for a secret.
const masking = secret.Hidden

type maskedError struct {
	text string
	err  error
}

func (e maskedError) Error() string { return e.text }
func (e maskedError) Unwrap() error { return e.err }
