package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestNoOutputShowsASecret puts a marker into every place where a credential can be, and looks at what the commands that
// read values print, in every format and on both streams.
func TestNoOutputShowsASecret(t *testing.T) {
	const marker = "MARKERs3cr3tZZQ"
	const spokes = "fleetConfig:\n  spokes:\n    - name: a\n      kubeconfig: {}\n      klusterlet: {}\n"
	hue := func(text string) string { return "hue:\n  ociRegistry:\n" + text + spokes }
	chartDir, err := filepath.Abs("../../fixtures/charts/mural")
	require.NoError(t, err)
	all := [][]string{
		{"render", "--diff"}, {"render", "--check"}, {"render", "-q", "--diff", "--chart", chartDir}, {"lint", "--fix"}, {"lint", "-q", "--chart", chartDir}, {"formats"},
	}
	commands := map[string][][]string{}
	places := morePlaces(marker, hue)
	for name := range places {
		commands[name] = [][]string{all[0], all[3], all[4], {"lint", "-q", "-o", "json"}}
	}
	for name, text := range map[string]string{
		"mapping":       hue("    basicAuth:\n      username: " + marker + "\n      password: " + marker + " # was " + marker + "\n"),
		"string":        hue("    basicAuth: admin:" + marker + "\n"),
		"list":          hue("    basicAuth: [admin, " + marker + "]\n"),
		"block":         hue("    basicAuth:\n      password: |\n        " + marker + "\n        " + marker + "\n"),
		"anchor":        "x: &pw " + marker + "\n" + hue("    basicAuth: {username: admin, password: *pw}\n"),
		"anchored auth": "x: &auth {username: admin, password: " + marker + "}\n" + hue("    basicAuth: *auth\n"),
		"user info":     hue("    endpoint: oci://admin:" + marker + "@zot.example:5000\n"),
		"quoted":        hue("    endpoint: \"oci://admin:" + marker + "@zot.example:5000\"\n"),
		"environment":   hue("    endpoint: oci://zot:5000\n") + "env: [{name: ZOT_PASSWORD, value: " + marker + "}]\nmore:\n- value: " + marker + "\n  name: DB_TOKEN\n",
		"arguments":     "args: [--token, " + marker + ", --password=" + marker + "]\n" + hue("    endpoint: oci://zot:5000 # admin:"+marker+"\n"),
		"parameter": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mural}\nspec:\n  source:\n    chart: mural\n    helm:\n      parameters:\n      - {name: hue.ociRegistry.basicAuth.password, value: " + marker + "}\n" +
			"      valuesObject: {fleetConfig: {spokes: []}}\n",
		"other keys":      hue("    endpoint: oci://zot:5000\n") + "zot: {htpasswd: '" + marker + "'}\ncanvas: {oidc: {sessionSecret: " + marker + "}}\n",
		"unknown alias":   hue("    basicAuth: {password: *" + marker + "}\n"),
		"twice":           hue("    basicAuth: {" + marker + ": 1, " + marker + ": 2}\n"),
		"tag":             hue("    basicAuth: {password: !!" + marker + " x}\n"),
		"without values":  hue("    basicAuth: {admin, " + marker + "}\n"),
		"as a key":        hue("    basicAuth: {" + marker + ": admin}\n    endpoint: oci://zot:5000\n"),
		"no colon":        hue("    password " + marker + ": x\n    endpoint: oci://zot:5000\n"),
		"as an anchor":    hue("    basicAuth: {password: &" + marker + " }\n    endpoint: oci://zot:5000\n"),
		"a comment to it": hue("    basicAuth:\n      password: #" + marker + "\n    endpoint: oci://zot:5000\n"),
		"behind a merge":  "x: &l {u: admin, p: " + marker + "}\n" + hue("    basicAuth: {<<: *l}\n"),
		"alias as flag":   "x: &pw " + marker + "\n" + hue("    args: [--password, *pw]\n    endpoint: oci://zot:5000\n"),
		"prose":           hue("    # Zot's password " + marker + "\n    # login admin/" + marker + "\n    # " + marker + " is the token\n    endpoint: oci://zot:5000\n"),
		"without scheme":  hue("    # robot:" + marker + "@zot.example\n    endpoint: u:" + marker + "@zot.example:5000\n"),
		"odd user info":   hue("    endpoint: 'oci://u:" + marker + " x@zot.example'\n    url: 'oci://u:p/" + marker + "@zot.example'\n"),
		"JSON in a block": hue("    config: |\n      {\"password\":\n       \"" + marker + "\"}\n    endpoint: oci://zot:5000\n"),
		"YAML in quotes":  hue("    config: \"username: a\\npassword: " + marker + "\\n\"\n    endpoint: oci://zot:5000\n"),
		"a header":        hue("    header: 'X-Api-Key: " + marker + "'\n    endpoint: oci://zot:5000\n"),
		"a private key":   hue("    ca: |\n      -----BEGIN RSA PRIVATE KEY-----\n      " + marker + "\n      -----END RSA PRIVATE KEY-----\n    endpoint: oci://zot:5000\n"),
		"a query":         hue("    url: https://x?token=" + marker + "\n    endpoint: oci://zot:5000\n"),
		"more keys":       hue("    adminPw: " + marker + "\n    registryCreds: " + marker + "\n    tlsKey: " + marker + "\n    env: {ZOT_PASSWORD: {value: " + marker + "}}\n    endpoint: oci://zot:5000\n"),
		"used twice":      hue("    interval: " + marker + "\n    basicAuth: {password: " + marker + "}\n    # " + marker + "\n    endpoint: oci://zot:5000\n"),
		"in the middle":   hue("    basicAuth: {password: " + marker + ", realm: x}\n    endpoint: oci://zot:5000\n"),
		"on ECR":          hue("    endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette\n    provider: aws\n    basicAuth: {password: " + marker + "}\n"),
		"manifest": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural}\nspec:\n  valuesFrom: [{kind: Secret, name: s}]\n  values: {fleetConfig: {spokes: []}}\n---\n" +
			"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  values.yaml: |\n    hue: {ociRegistry: {basicAuth: {username: a, password: " + marker + "}}}\n",
		"broken source": "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural}\nspec:\n  valuesFrom: [{kind: Secret, name: s}]\n  values: {}\n---\n" +
			"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {values.yaml: '" + marker + "'}\n",
	} {
		places[name], commands[name] = text, all
	}
	hidden := []string{marker, "zot-default-password", inBase64(marker), inBase64("admin:" + marker)}
	for name, text := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, args := range commands[name] {
				path := filepath.Join(t.TempDir(), "values.yaml")
				require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
				runs := [][]string{args}
				if args[0] == "formats" {
					runs = nil
					for _, format := range report.Names() {
						runs = append(runs, []string{"lint", "-o", format})
					}
				}
				for _, run := range runs {
					var out, err bytes.Buffer
					all := append(run, "-f", path, "--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr")
					Main(context.Background(), all, Streams{In: strings.NewReader(""), Out: &out, Err: &err, Getenv: func(string) string { return "" }})
					for _, text := range hidden {
						assert.NotContains(t, out.String()+err.String(), text, "%q", run)
					}
				}
			}
		})
	}
}
