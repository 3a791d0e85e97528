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
)

// TestNoParseErrorShowsASecret gives every kind of file that a command reads in ways that no library can parse, each with the
// marker in it: what the library quotes of it must not be shown.
func TestNoParseErrorShowsASecret(t *testing.T) {
	const marker = "MARKERs3cr3tZZQ"
	flags := []string{"--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr"}
	broken := map[string]string{ // a value, or a key and its value, beside which the rest is right
		"alias": "*" + marker, "anchor in itself": "&" + marker + " [*" + marker + "]", "tag": "!" + marker + " x", "text for a mapping": marker,
		"list for a mapping": "[" + marker + "]", "mapping as a key": "{{a: " + marker + "}: b}", "list as a key": "{[" + marker + "]: b}",
		"twice": "{" + marker + ": 1, " + marker + ": 2}", "text for a number": "!!int " + marker, "binary": "!!binary '" + marker + "!'", "escape": "\"" + marker + "\\q\"",
		"tab": "\n\t" + marker + ": x", "no end": "{" + marker, "quote": "\"" + marker, "colon": marker + ": " + marker + ": x", "merge": "{<<: " + marker + "}", "variable": "${" + marker + "}",
	}
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	good := write("good.yaml", "hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}\nfleetConfig: {spokes: []}\n")
	release := write("release.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec:\n  chartRef: {kind: OCIRepository, name: mural}\n  valuesFrom: [{kind: Secret, name: s}]\n  values: {fleetConfig: {spokes: []}}\n")
	const nowhere = "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\ncurrent-context: a\n"
	files := map[string]func(name, value string) [][]string{
		"kubeconfig": func(name, value string) [][]string {
			path := write(name+"/kubeconfig", "apiVersion: v1\nkind: Config\n"+nowhere+"users: [{name: a, user: {token: x}}]\npreferences: "+value+"\n")
			user := write(name+"/kubeconfig-user", "apiVersion: v1\nkind: Config\n"+nowhere+"users:\n- name: a\n  user: "+value+"\n")
			return [][]string{{"status", "--kubeconfig", path}, {"status", "--kubeconfig", user}, {"lint", "--helm-release", release, "--values-from-hub", "--kubeconfig", path}}
		},
		"cutover.yaml": func(name, value string) [][]string {
			head := "apiVersion: palette-ecr/v1alpha1\nkind: Cutover\n"
			var all [][]string
			for i, key := range []string{"hub: ", "spokes: ", "registry:\n  endpoint: ", "registry:\n  allowPublic: ", "soak:\n  failures: "} {
				path := write(name+"/"+string(rune('a'+i))+".yaml", head+key+value+"\n")
				all = append(all, []string{"lint", "--config", path, "-f", good}, []string{"run", "--config", path, "-f", good, "-o", "json"})
			}
			return all
		},
		"chart": func(name, value string) [][]string {
			chart, values := filepath.Join(dir, name, "chart"), filepath.Join(dir, name, "values")
			write(name+"/chart/Chart.yaml", "apiVersion: v2\nname: mural\nversion: 1.0.7\nannotations: "+value+"\n")
			write(name+"/values/Chart.yaml", "apiVersion: v2\nname: mural\nversion: 1.0.7\n")
			write(name+"/values/values.yaml", "hue: "+value+"\n")
			write(name+"/values/templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: "+value+"\n")
			return [][]string{{"lint", "-f", good, "--chart", chart}, {"render", "-f", good, "--chart", values, "--diff"}, {"lint", "-f", good, "--chart", values}}
		},
		"values-from": func(name, value string) [][]string {
			whole := write(name+"/whole.yaml", "hue: "+value+"\n")
			object := write(name+"/object.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: "+value+"\n")
			return [][]string{{"lint", "--helm-release", release, "--values-from", "Secret/s=" + whole}, {"lint", "--helm-release", release, "--values-from", "Secret/s=" + object}, {"render", "--helm-release", release, "--values-from", "Secret/s=" + whole, "--diff"}}
		},
		"policy": func(name, value string) [][]string {
			path := write(name+"/policy.json", `{"Version": "2012-10-17", "Statement": `+value+`}`)
			return [][]string{{"lint", "-f", good, "--policy", path}, {"policies", "check", path}}
		},
	}
	for kind, commands := range files {
		for name, value := range broken {
			t.Run(kind+", "+name, func(t *testing.T) {
				for _, args := range commands(strings.ReplaceAll(kind+"-"+name, " ", "-"), value) {
					if args[0] != "status" {
						args = append(args, flags...)
					}
					if args[0] == "policies" {
						args = append(args[:len(args)-2], "--principal", "hue")
					}
					var out, err bytes.Buffer
					Main(context.Background(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &err, Getenv: func(string) string { return "" }})
					assert.NotContains(t, out.String()+err.String(), marker, "%q", args)
				}
			})
		}
	}
}
