package lint

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPlaceholder(t *testing.T) {
	for text, want := range map[string]string{
		"oci://<account-id>.dkr.ecr": "<account-id>",
		"oci://$ACCOUNT/palette":     "$ACCOUNT",
		"${REGION}":                  "${REGION}",
		"{{ .Values.region }}":       "{{",
		"$2a$04$Z.PdNIirLIfU5eWJ":    "", // bcrypt
		"admin:$2y$10$ABC.def":       "",
		"palette":                    "",
	} {
		assert.Equal(t, want, placeholder.FindString(text), text)
	}
}
