package secret_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// TestPasswords: a user who is called admin must not take that word out of every name.
func TestPasswords(t *testing.T) {
	t.Parallel()
	assert.ElementsMatch(t, []string{"old-password", "another"}, secret.Passwords(
		map[string]any{"basicAuth": map[string]any{"username": "admin", "password": "old-password"}},
		map[string]any{"list": []any{map[string]any{"user": "root", "token": "another"}}},
	))
}

// TestInTexts: what a reader of one line can't know.
func TestInTexts(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----"
	for text, want := range map[string]string{
		key + "\n": key,
		"users: [{name: a, user: {token: MARKER}}]":               "MARKER",
		"export A=b\nrun db\npassword: MARKER\n":                  "MARKER",
		"run it\n  passwords:\n  - other\nclientSecret: 'MARKER'": "MARKER",
		"credentials: {a: MARKER}":                                "MARKER",
		`{"a": "password: MARKER"}`:                               "MARKER",
		"curl --header 'PRIVATE-TOKEN: MARKER' https://x":         "MARKER",
		"Authorization: Bearer MARKER":                            "MARKER",
		"machine zot login admin password MARKER":                 "MARKER",
		"mysql -uroot -pMARKER db":                                "MARKER",
		"sshpass -p MARKER ssh x":                                 "MARKER",
		"https://discord.com/api/webhooks/1/MARKER":               "MARKER",
		"https://acme.webhook.office.com/webhookb2/MARKER@x/y":    "MARKER@x/y",
		"https://x/c?sv=1&sig=MARKER":                             "MARKER",
	} {
		assert.Contains(t, secret.InTexts(map[string]any{"a": []any{text}}), want, text)
	}
	for _, text := range []string{
		"", "admin", "user: admin", "username: admin\nport: 8080", "endpoint: oci://1.dkr.ecr.us-east-1.amazonaws.com/a", "token: null",
		"secretName: mural-registry", "mkdir -p /var/lib/data", "passwordFile: /run/secrets/a",
	} {
		assert.Empty(t, secret.InTexts(map[string]any{"a": text}), text)
	}
}
