package secret_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// TestText hides what gives itself away in a text: a string of values, an argument, an error.
func TestText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"auths":{"registry.example":{"auth":"dXNlcjpNQVJLRVItczNjcjN0"}}}`,
		`{\"auths\":{\"registry.example\":{\"auth\":\"dXNlcjpNQVJLRVItczNjcjN0\"}}}`,
		`{'identitytoken': 'dXNlcjpNQVJLRVItczNjcjN0'}`,
		`run --api-key=dXNlcjpNQVJLRVItczNjcjN0`, `run --token dXNlcjpNQVJLRVItczNjcjN0`, `--password "dXNlcjpNQVJLRVItczNjcjN0"`,
		`curl -u admin:dXNlcjpNQVJLRVItczNjcjN0 https://registry.example`, `app:dXNlcjpNQVJLRVItczNjcjN0@tcp(db:3306)/app`,
		`ghp_dXNlcjpNQVJLRVItczNjcjN0`, `https://hooks.slack.com/services/T0/B0/dXNlcjpNQVJLRVItczNjcjN0`,
		`https://x.blob.core.windows.net/c?sv=1&sig=dXNlcjpNQVJLRVItczNjcjN0`,
	} {
		assert.NotContains(t, secret.Text(text), "dXNlcjpNQVJLRVItczNjcjN0", text)
	}
	for _, text := range []string{ // commands that people are to paste, and names
		"aws ecr get-login-password --region us-east-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com",
		"kubectl --namespace mural-system create token hue --audience sts.amazonaws.com", "aws ecr describe-images --repository-name palette/mural-workloads",
		`give --token-file "/var/run/token"`, `{"secretName": "hue-oci-registry", "kind": "Secret"}`,
		`{"http": {"auth": {"htpasswd": {"path": "/secret/htpasswd"}}, "port": "5000"}}`, `"htpasswd": {`, `{\"passwords\":[{\"path\":\"/x\"}]}`, // no brace is a secret
	} {
		assert.Equal(t, text, secret.Text(text))
	}
}

func TestFlag(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]bool{
		"--token": true, "-u": true, "--user": true, "--token X": false, "--token=X": false, "--namespace": false, "token": false,
	} {
		assert.Equal(t, want, secret.Flag(argument), argument)
	}
	assert.True(t, secret.Key("REGISTRY_AUTH"))
}
