package secret_test

import (
	"encoding/base64"
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
		`docker login -u admin -p dXNlcjpNQVJLRVItczNjcjN0 zot:5000`, `crane auth login zot -u a -p='dXNlcjpNQVJLRVItczNjcjN0'`, `["login", "-p", "dXNlcjpNQVJLRVItczNjcjN0"]`, `curl -u admin:dXNlcjpNQVJLRVItczNjcjN0 https://registry.example`, `app:dXNlcjpNQVJLRVItczNjcjN0@tcp(db:3306)/app`,
		`ghp_dXNlcjpNQVJLRVItczNjcjN0`, `https://hooks.slack.com/services/T0/B0/dXNlcjpNQVJLRVItczNjcjN0`,
		`parsing "k": yaml: unknown anchor 'dXNlcjpNQVJLRVItczNjcjN0' referenced`, `yaml: anchor 'dXNlcjpNQVJLRVItczNjcjN0' value contains itself`,
		"cannot decode !!str `dXNlcjpNQVJLRVItczNjcjN0` as a !!int", `invalid map key: []interface {}{"dXNlcjpNQVJLRVItczNjcjN0"}`, `unsupported map key of type: slice, key: []interface {}{1}, value: "dXNlcjpNQVJLRVItczNjcjN0"`, "line 3: cannot unmarshal !!str `dXNlcjpNQVJLRVItczNjcjN0` into []Cluster",
		`https://x.blob.core.windows.net/c?sv=1&sig=dXNlcjpNQVJLRVItczNjcjN0`,
	} {
		assert.NotContains(t, secret.Text(text), "dXNlcjpNQVJLRVItczNjcjN0", text)
	}
	for _, text := range []string{
		"apiVersion: v1\nkind: Config\nusers: [{user: {token: abc}}]\n", `{"apiVersion":"v1","kind":"Config","users":[]}`, `{"auths":{"registry.example":{}}}`,
		"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n", "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg\n", "-----BEGIN EC PRIVATE KEY-----\nMIIEvQIBADANBg\n",
		"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIEvQIBADANBg\n",
	} {
		encoded := base64.StdEncoding.EncodeToString([]byte(text))
		assert.Equal(t, "kubeconfig: "+secret.Hidden, secret.Text("kubeconfig: "+encoded), text)
	}
	certificate := "ca: " + base64.StdEncoding.EncodeToString([]byte("-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBg\n"))
	assert.Equal(t, certificate, secret.Text(certificate))
	for _, text := range []string{ // commands that people are to paste, and names
		"aws ecr get-login-password --region us-east-1 | docker login --username AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com",
		"helm registry login zot --username a --password-stdin", "docker login -u a zot:5000 && mkdir -p /var/lib/data",
		"kubectl --namespace mural-system create token hue --audience sts.amazonaws.com", "aws ecr describe-images --repository-name palette/mural-workloads",
		`give --token-file "/var/run/token"`, `{"secretName": "hue-oci-registry", "kind": "Secret"}`,
		`{"http": {"auth": {"htpasswd": {"path": "/secret/htpasswd"}}, "port": "5000"}}`, `"htpasswd": {`, `{\"passwords\":[{\"path\":\"/x\"}]}`, // no brace is a secret
	} {
		assert.Equal(t, text, secret.Text(text))
	}
}

func TestFollows(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]bool{
		"--token": true, "-u": true, "--user": true, "--token X": false, "--token=X": false, "--namespace": false, "token": false, "-p": true, "-w": true, "--proxy-user": true, "DB_PASSWORD": true,
	} {
		assert.Equal(t, want, secret.Follows(argument, "hunter2", false), argument)
	}
	for _, harmless := range [][2]string{{"-p", "5432"}, {"-p", "127.0.0.1:5432"}, {"-p", "/data"}, {"-p", "./data"}, {"-p", "-v"}, {"DB_USER", "DB_PASSWORD"}, {"-p", ""}, {"username", "password"}, {"host", "x"}} {
		assert.False(t, secret.Follows(harmless[0], harmless[1], true), "%q", harmless)
	}
	assert.True(t, secret.Follows("-p", "ab/mk45x", false), "base64")
	assert.True(t, secret.Follows("PASSWORD", "HUNTER2", false))
	assert.True(t, secret.Follows("password", "hunter2", true), "a pair")
	assert.True(t, secret.Key("REGISTRY_AUTH"))
}

// TestLineTells: seen in a diff: a password in a text of another format than YAML, in prose, or in a list.
func TestLineTells(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`    password = hunter2`, `    secret_key=hunter2`, `    api.key = hunter2`, `  toml: 'token = "hunter2"'`, `  xml: "<password>hunter2</password>"`,
		`  sql: ALTER USER bob WITH PASSWORD 'hunter2';`, `  sql: CREATE USER 'bob'@'%' IDENTIFIED BY 'hunter2';`, `  note: the password is hunter2`,
		`  url: https://x/?access_token=hunter2&x=1`, `  - redis-cli -a hunter2 ping`, `    echo hunter2 | docker login -u bob --password-stdin`, `    set :password => 'hunter2'`, `  sh: htpasswd -Bbn admin hunter2 > x`, `  args: [htpasswd, -Bbn, admin, hunter2]`,
	} {
		shown := secret.Line(line)
		assert.NotContains(t, shown, "hunter2")
		assert.Contains(t, shown, secret.Hidden)
	}
	for _, line := range []string{
		`  secretName: hue-zot`, `  tokenFile = /var/run/token`, `  - --password-stdin`, `  args: ["--token-file", "/var/run/token"]`, `  automountServiceAccountToken: true`,
		`  image: registry/token-service:1.2`, `  passwordSecretRef: {name: x, key: y}`,
	} {
		assert.Equal(t, line, secret.Line(line))
	}
}
