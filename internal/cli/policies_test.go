package cli_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/internal/cli"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// policies runs the command with these arguments and this standard input.
func policies(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = cli.Main(t.Context(), append([]string{"policies"}, args...), cli.Streams{
		In: strings.NewReader(stdin), Out: &out, Err: &err, Getenv: func(string) string { return "" },
	})
	return code, out.String(), err.String()
}

const ecrEndpoint = "--endpoint=oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"

// TestPoliciesPassTheirOwnCheck pipes what policies writes into policies check.
func TestPoliciesPassTheirOwnCheck(t *testing.T) {
	t.Parallel()
	for _, principal := range []string{"combined", "hue", "source-controller", "operator"} {
		code, document, stderr := policies(t, "", ecrEndpoint, "--principal", principal, "--document", "policy")
		require.Zero(t, code, stderr)
		code, out, stderr := policies(t, document, "check", ecrEndpoint, "--principal", principal, "-")
		assert.Zero(t, code, out+stderr)
	}
	code, trust, stderr := policies(t, "", ecrEndpoint, "--principal", "combined", "--document", "trust", "--issuer", "https://oidc.eks.us-east-1.amazonaws.com/id/A1")
	require.Zero(t, code, stderr)
	code, out, stderr := policies(t, trust, "check", ecrEndpoint, "--trust", "-", "--issuer", "https://oidc.eks.us-east-1.amazonaws.com/id/A1")
	assert.Zero(t, code, out+stderr)
}

func TestPoliciesIntoFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, stderr := policies(t, "", ecrEndpoint, "--principal", "hue,operator", "--dir", dir)
	require.Zero(t, code, stderr)
	assert.Equal(t, filepath.Join(dir, "hue-policy.json")+"\n"+filepath.Join(dir, "operator-policy.json")+"\n", out)
	assert.Contains(t, stderr, "no trust policy for role palette-ecr-hue")
	_, err := document.Read(filepath.Join(dir, "hue-policy.json"), nil)
	require.NoError(t, err)
}

func TestPoliciesWrongUse(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.json")
	for name, test := range map[string]struct {
		args  []string
		stdin string
		code  int
		says  string
	}{
		"no endpoint":        {nil, "", 64, "error: "},
		"not ECR":            {[]string{"--endpoint", "oci://zot:5000"}, "", 64, "it is not Amazon ECR"},
		"unknown principal":  {[]string{ecrEndpoint, "--principal", "zot"}, "", 64, `there is no such principal`},
		"unknown format":     {[]string{ecrEndpoint, "--format", "yaml"}, "", 64, `there is no format "yaml"`},
		"public, no account": {[]string{"--endpoint", "oci://public.ecr.aws/a1b2c3d4"}, "", 64, "--account"},
		"spokes but no hub":  {[]string{ecrEndpoint, "--spoke-issuer", "https://x/y"}, "", 64, "--spoke-issuer is given without --issuer"},
		"odd role":           {[]string{ecrEndpoint, "--role-arn", "palette"}, "", 64, "it is not the ARN of an IAM role"},
		"no directory":       {[]string{ecrEndpoint, "--dir", "/dev/null/policies"}, "", 1, "not a directory"},
		"nothing to check":   {[]string{"check", ecrEndpoint}, "", 64, "no policy document given"},
		"missing file":       {[]string{"check", ecrEndpoint, missing}, "", 64, "no such file"},
		"not JSON":           {[]string{"check", ecrEndpoint, "-"}, "{", 64, "line 1, column 2: unexpected end of JSON input"},
		"does not do":        {[]string{"check", ecrEndpoint, "-"}, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`, 3, "checking the policies of combined: 1 error"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, stderr := policies(t, test.stdin, test.args...)
			assert.Equal(t, test.code, code, stderr)
			// A report says itself what failed; everything else is an error on stderr.
			assert.Contains(t, strings.Join(strings.Fields(out+stderr), " "), test.says)
		})
	}
}
