package cli_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/fixtures/aws"
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

// TestPoliciesAskTheClusters that --config or --eks-cluster name for their issuers: every cluster is trusted by its own.
func TestPoliciesAskTheClusters(t *testing.T) {
	const hub, spoke = "https://oidc.eks.us-east-1.amazonaws.com/id/HUB", "https://oidc.eks.eu-west-1.amazonaws.com/id/SPOKE"
	admin := aws.Administrator("123456789012")
	e, err := aws.Start(t.Context(), aws.Options{World: aws.World{Users: []aws.User{admin}, Clusters: []aws.Cluster{
		{Account: "123456789012", Region: "us-east-1", Name: "hub", Endpoint: "https://hub", Issuer: hub},
		{Account: "123456789012", Region: "eu-west-1", Name: "spoke", Endpoint: "https://spoke", Issuer: spoke},
	}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, data, 0o600))
		return path
	}
	bundle := write("ca.pem", e.CA)
	for name, value := range map[string]string{
		"HTTPS_PROXY": e.Proxy, "https_proxy": "", "NO_PROXY": "127.0.0.1", "no_proxy": "", "AWS_CA_BUNDLE": bundle, "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
		"AWS_PROFILE": "", "AWS_REGION": "", "AWS_ACCESS_KEY_ID": admin.AccessKeyID, "AWS_SECRET_ACCESS_KEY": admin.SecretAccessKey, "AWS_EC2_METADATA_DISABLED": "true", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/.well-known/openid-configuration" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write([]byte(`{"issuer":"https://kubernetes.example.com"}`))
	}))
	t.Cleanup(api.Close)
	file := func(name, spokes string) string {
		return write(name, []byte("apiVersion: palette-ecr/v1alpha1\nkind: Cutover\nhub: {eks: {name: hub}}\nspokes:\n"+spokes))
	}
	byName := file("by-name.yaml", "- {name: a, eks: {name: spoke, region: eu-west-1}}\n")
	mixed := file("mixed.yaml", "- {name: a, kubeconfig: "+write("kubeconfig", kubeconfig(api.URL))+"}\n")
	lost := file("lost.yaml", "- {name: a, eks: {name: spoke}}\n")

	run := func(args ...string) (int, string, string) {
		var out, said bytes.Buffer
		code := cli.Main(t.Context(), append([]string{"policies", ecrEndpoint}, args...), cli.Streams{In: strings.NewReader(""), Out: &out, Err: &said, Getenv: os.Getenv})
		return code, out.String(), said.String()
	}
	trust := []string{"--principal", "combined", "--document", "trust"}
	for name, test := range map[string]struct {
		args        []string
		names, none []string
	}{
		"flags":     {append(trust, "--eks-cluster", "hub", "--eks-cluster", "spoke,region=eu-west-1"), []string{hub[8:], spoke[8:]}, nil},
		"by name":   {append(trust, "--config", byName), []string{hub[8:], spoke[8:]}, nil},
		"a server":  {append(trust, "--config", mixed), []string{hub[8:], "kubernetes.example.com"}, []string{spoke[8:]}},
		"by issuer": {append(trust, "--config", lost, "--issuer", "https://x.example.com/id"), []string{"x.example.com"}, []string{hub[8:]}},
		"operator":  {[]string{"--principal", "operator", "--document", "policy", "--config", byName}, []string{"eks:DescribeCluster", "arn:aws:eks:us-east-1:123456789012:cluster/hub", "arn:aws:eks:eu-west-1:123456789012:cluster/spoke"}, nil},
		"pods":      {append(trust, "--config", byName, "--identity", "pod-identity"), []string{"arn:aws:eks:us-east-1:123456789012:cluster/hub", "cluster/spoke"}, nil},
		"offline":   {[]string{"--principal", "combined", "--document", "policy", "--config", lost, "--offline"}, []string{"ecr:PutImage"}, nil},
	} {
		code, out, said := run(test.args...)
		assert.Zero(t, code, name+": "+said)
		for _, text := range test.names {
			assert.Contains(t, out, text, name)
		}
		for _, text := range test.none {
			assert.NotContains(t, out, text, name)
		}
	}
	code, _, said := run(append(trust, "--config", lost)...)
	assert.Equal(t, 64, code)
	said = strings.Join(strings.Fields(said), " ")
	assert.Contains(t, said, `looking for EKS cluster "spoke" in region us-east-1: there is none of this name in account 123456789012`)
	assert.Contains(t, said, "give what they would say with --issuer")
	code, _, said = run("--eks-cluster", "hub", "--issuer", hub)
	assert.Equal(t, 64, code, said)
}

func TestPoliciesWrongUse(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing.json")
	taken, full := saved(t, "kept"), t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(full, "operator-policy.json"), 0o750))
	t.Cleanup(func() {
		kept, err := os.ReadFile(taken)
		require.NoError(t, err)
		assert.Equal(t, "kept", string(kept))
		entries, err := os.ReadDir(full)
		require.NoError(t, err)
		assert.Len(t, entries, 1, "nothing was written beside what is in the way")
	})
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
		"no directory":       {[]string{ecrEndpoint, "--dir", "/dev/null/policies"}, "", 64, `"/dev/null" is a file, not a directory`},
		"a file for --dir":   {[]string{ecrEndpoint, "--dir", taken}, "", 64, "try: name a directory: it is made if it is not there"},
		"names are taken":    {[]string{ecrEndpoint, "--dir", full}, "", 64, `"operator-policy.json" is a directory there`},
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
