//go:build docker

package cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/internal/cli"
)

// sealing is a real sops with a new age key, behind a script that notes what it is called with, and what lies in TMPDIR
// then.
type sealing struct {
	program, recipient, log, dir string
}

// tool returns the path of one of the tools of scripts/tools, built now if it wasn't before.
func tool(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../scripts/tools/sops.mod", "-n", name).Output()
	require.NoError(t, err, "building %s", name)
	return strings.TrimSpace(string(out))
}

func newSealing(t *testing.T) sealing {
	t.Helper()
	dir := t.TempDir()
	key := filepath.Join(dir, "key.txt")
	keygen := exec.CommandContext(t.Context(), tool(t, "age-keygen"), "-o", key)
	require.NoError(t, keygen.Run())
	text, err := os.ReadFile(key)
	require.NoError(t, err)
	recipient := regexp.MustCompile(`age1\w+`).FindString(string(text))
	require.NotEmpty(t, recipient)
	s := sealing{tool(t, "sops"), recipient, filepath.Join(dir, "log"), dir}
	bin, scratch := filepath.Join(dir, "bin"), filepath.Join(dir, "tmp")
	require.NoError(t, os.MkdirAll(bin, 0o755))
	require.NoError(t, os.MkdirAll(scratch, 0o755))
	script := "#!/bin/sh\necho \"$@\" >> " + s.log + "\ngrep -rl " + marker + " " + scratch + " >> " + s.log + "\nexec " + s.program + " \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "sops"), []byte(script), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", scratch)
	t.Setenv("SOPS_AGE_KEY_FILE", key)
	return s
}

// encrypt writes a file as sops encrypts it by a rule of .sops.yaml. It is not in TMPDIR.
func (s sealing) encrypt(t *testing.T, text, rule string) string {
	t.Helper()
	dir, err := os.MkdirTemp(s.dir, "")
	require.NoError(t, err)
	path := filepath.Join(dir, "values.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte("creation_rules: [{age: "+s.recipient+", "+rule+"}]\n"), 0o600))
	cmd := exec.CommandContext(t.Context(), s.program, "encrypt", "--in-place", path)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// decrypt is what sops makes of a file: an error if its MAC is broken.
func (s sealing) decrypt(t *testing.T, path string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), s.program, "decrypt", path).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// run runs a command line with the destination of every test.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr")
	code = cli.Main(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Getenv: os.Getenv})
	return code, stdout.String(), stderr.String()
}

const sealedValues = `# about hue
hue:
  # its registry
  ociRegistry:
    endpoint: oci://zot.mural-system.svc.cluster.local:5000
    repository: mural-workloads
    basicAuth:
      username: admin
      password: ` + marker + `
global:
  adminToken: ` + marker + `
  replicas: 3
fleetConfig:
  spokes:
    - name: hub-as-spoke
      kubeconfig:
        inCluster: true
      klusterlet:
        create: true
      ociRegistry:
        endpoint: oci://zot.mural-system.svc.cluster.local:5000
        repository: mural-workloads
`

// TestSOPS: a file that SOPS encrypted is edited as sops would, in every way that it encrypts.
func TestSOPS(t *testing.T) {
	s := newSealing(t)
	release := "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: mural\nspec:\n  chartRef:\n    kind: OCIRepository\n    name: mural\n  values:\n    " +
		strings.TrimSuffix(strings.ReplaceAll(sealedValues, "\n", "\n    "), "    ")
	for name, c := range map[string]struct {
		text, rule string
		direct     bool // the editor itself may do it: sops is not asked
	}{
		"all of it":              {text: sealedValues},
		"some keys":              {text: sealedValues, rule: "encrypted_regex: ^(password|adminToken)$"},
		"a key above":            {text: sealedValues, rule: "encrypted_regex: ^(hue|adminToken)$, mac_only_encrypted: true"},
		"by suffix":              {text: sealedValues, rule: "encrypted_suffix: Token"},
		"all, MAC of those only": {text: sealedValues, rule: "mac_only_encrypted: true"},
		"some, MAC of those only": {
			text: strings.Replace(sealedValues, "    basicAuth:\n      username: admin\n      password: "+marker+"\n", "", 1), rule: "encrypted_regex: Token$, mac_only_encrypted: true", direct: true,
		},
		"a manifest": {text: release, rule: "encrypted_regex: ^(password|adminToken)$"},
	} {
		t.Run(name, func(t *testing.T) {
			flag := "--values"
			if strings.HasPrefix(c.text, "apiVersion") {
				flag = "--helm-release"
			}
			path := s.encrypt(t, c.text, c.rule)
			before := read(t, path)
			require.Contains(t, before, "ENC[")
			require.NoError(t, os.WriteFile(s.log, nil, 0o600))

			code, _, errs := run(t, "render", "--check", flag, path)
			assert.Equal(t, 2, code, errs)
			code, out, errs := run(t, "render", "--diff", flag, path)
			assert.Equal(t, 0, code, errs)
			assert.Contains(t, out, "+    ", "the diff shows what is written")
			assert.NotContains(t, out+errs, marker)
			code, out, errs = run(t, "lint", "--fix", flag, path)
			assert.Contains(t, []int{0, 3}, code, errs) // a manifest has more to say
			assert.NotContains(t, out+errs, marker)
			after := read(t, path)
			plain := s.decrypt(t, path)
			assert.NotContains(t, plain, "zot.mural-system")
			assert.NotContains(t, plain, "basicAuth:\n")
			assert.Contains(t, plain, "adminToken: "+marker)
			assert.Contains(t, plain, "# about hue")
			assert.Contains(t, plain, "# its registry")
			if !strings.Contains(before, marker) {
				assert.NotContains(t, after, marker)
			}
			assert.Equal(t, strings.Contains(before, "mac_only_encrypted: true"), strings.Contains(after, "mac_only_encrypted: true"))
			for _, key := range []string{"adminToken: ", "replicas: ", "- name: ", "inCluster: "} { // untouched
				line := regexp.MustCompile(`(?m)^.*` + key + `.*$`)
				assert.Equal(t, line.FindString(before), line.FindString(after), "its ciphertext stays")
			}

			code, _, errs = run(t, "render", "--check", flag, path)
			assert.Equal(t, 0, code, "a second time changes nothing: %s", errs)
			log := read(t, s.log)
			assert.NotContains(t, log, marker, "not in an argument")
			if !strings.Contains(before, marker) {
				assert.NotContains(t, log, "\n/", "not in TMPDIR")
			}
			if c.direct {
				assert.NotContains(t, log, " set ", "sops need not be asked")
			}
			left, err := os.ReadDir(os.Getenv("TMPDIR"))
			require.NoError(t, err)
			assert.Empty(t, left)
		})
	}
}

// TestSOPSRefuses: render prints the encrypted file. What can't be decrypted stays as it is, and its MAC is not made good.
func TestSOPSRefuses(t *testing.T) {
	s := newSealing(t)
	path := s.encrypt(t, sealedValues, "encrypted_regex: ^(password|adminToken)$")
	code, out, errs := run(t, "render", "--values", path)
	require.Equal(t, 0, code, errs)
	printed := filepath.Join(s.dir, "printed.yaml")
	require.NoError(t, os.WriteFile(printed, []byte(out), 0o600))
	assert.Contains(t, s.decrypt(t, printed), "endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	assert.NotContains(t, out, marker)

	broken := strings.Replace(read(t, path), "replicas: 3", "replicas: 4", 1)
	require.NoError(t, os.WriteFile(path, []byte(broken), 0o600))
	for _, args := range [][]string{{"render", "--values", path}, {"render", "--in-place", "--values", path}} {
		code, out, errs := run(t, args...)
		assert.Equal(t, 64, code, errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, "MAC mismatch")
		assert.Equal(t, broken, read(t, path))
	}

	path = s.encrypt(t, sealedValues, "")
	damaged := regexp.MustCompile(`(mac: ENC\[AES256_GCM,data:)....`).ReplaceAllString(read(t, path), "${1}AAAA")
	require.NoError(t, os.WriteFile(path, []byte(damaged), 0o600))
	code, _, errs = run(t, "render", "--in-place", "--values", path)
	assert.Equal(t, 64, code, "no key is missing: %s", errs)
	assert.Contains(t, errs, "take the file as it was")
	assert.Equal(t, damaged, read(t, path))

	path = s.encrypt(t, sealedValues, "")
	before := read(t, path)
	t.Setenv("SOPS_AGE_KEY_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	code, _, errs = run(t, "lint", "--fix", "--values", path)
	assert.Equal(t, 1, code)
	assert.Contains(t, errs, "sops decrypt")
	assert.Equal(t, before, read(t, path))

	code, _, errs = run(t, "run", "--until", "lint", "--values", path)
	assert.Equal(t, 1, code, "ciphertexts are not deployed: %s", errs)
}

// TestSOPSRevert: what sops wrote is taken back by sops, and what was changed since stays.
func TestSOPSRevert(t *testing.T) {
	s := newSealing(t)
	for _, rule := range []string{"encrypted_regex: ^(password|adminToken)$", "unencrypted_regex: ^hue$", "mac_only_encrypted: true"} {
		path := s.encrypt(t, sealedValues, rule)
		original := filepath.Join(s.dir, "original.yaml")
		before := s.decrypt(t, path)
		require.NoError(t, os.WriteFile(original, []byte(read(t, path)), 0o600))
		code, _, errs := run(t, "render", "--in-place", "--values", path)
		require.Equal(t, 0, code, errs)
		require.NotContains(t, s.decrypt(t, path), "zot.mural-system")
		require.NoError(t, exec.CommandContext(t.Context(), s.program, "set", path, `["global"]["replicas"]`, "5").Run())

		code, out, errs := run(t, "render", "--diff", "--revert", original, "--values", path)
		assert.Equal(t, 0, code, errs)
		assert.NotContains(t, out+errs, marker)
		code, _, errs = run(t, "render", "--in-place", "--revert", original, "--values", path)
		require.Equal(t, 0, code, "%s: %s", rule, errs)
		assert.YAMLEq(t, strings.Replace(before, "replicas: 3", "replicas: 5", 1), s.decrypt(t, path), rule)
	}
}
