package secret_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

func TestPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"hue.ociRegistry.basicAuth.password":                true,
		"hue.ociRegistry.basicAuth":                         true,
		"hue.ociRegistry.basicAuth[1]":                      true,
		"fleetConfig.spokes[0].ociRegistry.basicAuth.realm": true,
		`a["tls.key"]`:                                      true,
		"dex.config.staticPasswords[0].hash":                true,
		"extra.credentials.a":                               true,
		"extra.dbPasswords.a":                               false,
		`extra.credentials["a.b"][0]`:                       true,
		`a["tls.key"][0]`:                                   true,
		`["hue["]`:                                          false,
		`["`:                                                false,
		`[`:                                                 false,
		`a["x\"]`:                                           false,
		`["password[\""]`:                                   true,
		"hue.ociRegistry.endpoint":                          false,
		"hue.ociRegistry.basicAuthSecretName":               false,
		`hue.serviceAccount.annotations["eks.amazonaws.com/role-arn"]`: false,
	} {
		assert.Equal(t, want, secret.Path(path), path)
	}
}

// TestKey has names of credentials that charts and people use.
func TestKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"pswd": true, "dbPswd": true, "psw": true, "jwt": true, "jwtIssuer": false, "wireguardPsk": true, "hmac": true, "hmacKey": true,
		"hmacAlgorithm": false, "otp": true, "totp": true, "helmetop": false, "unsealKey": true, "deploy_key": true, "clientAssertion": true,
		"Passwort": true, "contraseña": true, "mot-de-passe": true, "パスワード": true, "seed": false, "publicKey": false,
	} {
		assert.Equal(t, want, secret.Key(key), key)
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []string{"one", "two", "three", "four", "admin:five"}, secret.In(map[string]any{
		"a": map[string]any{"password": "one", "basicAuth": []any{"two", map[string]any{"x": "three"}}, "note": "seen"},
		"b": []any{map[string]any{"clientSecret": "four", "url": "oci://admin:five@zot:5000/a@b"}}, "c": true,
	}))
}

func TestKnown(t *testing.T) {
	t.Parallel()
	got := secret.Known([]string{"hunter2", "first line\nsecond line", "abc"}).Replace("hunter2 aHVudGVyMg== second line abc")
	assert.Equal(t, secret.Hidden+" "+secret.Hidden+" "+secret.Hidden+" abc", got)
}
