package values_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

func TestSecrets(t *testing.T) {
	t.Parallel()
	file, err := values.Parse("values.yaml", []byte(`hue:
  ociRegistry:
    basicAuth: {username: admin, password: "in quotes"}
    certSecretName: zot-ca
    credentials: zot-login
    existingSecret: mural-registry
dex:
  config:
    staticPasswords: false
    connectors: [{config: {clientSecret: for-dex}}]
    passphrase: &shared |
      two
      lines
    token: *shared
    apiKey:
`))
	require.NoError(t, err)
	want := []string{"in quotes", "for-dex", "two\nlines\n", "two\nlines\n"}
	assert.ElementsMatch(t, want, file.Secrets())
	assert.ElementsMatch(t, want, values.SecretsIn(file.Values()))
}
