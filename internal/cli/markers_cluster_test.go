package cli_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/internal/cli"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// marker is in every place where a secret can be.
const marker = "MARKERs3cr3tZZQ"

const muralChart = "../../fixtures/charts/mural"

// markedCluster is an installation on Zot in which every credential is a marker: in the live release, in the journal, and
// in the Secret that the HelmRelease's valuesFrom names.
func markedCluster(t *testing.T) (inCluster, string) {
	t.Helper()
	login := map[string]any{"username": "admin-" + marker, "password": marker}
	values := map[string]any{
		"hue": map[string]any{"ociRegistry": map[string]any{"enabled": true, "endpoint": "oci://admin:" + marker + "@zot.mural-system.svc.cluster.local:5000", "repository": "mural-workloads", "basicAuth": login}},
		"zot": map[string]any{"enabled": true, "htpasswd": "admin:" + marker},
		"extra": map[string]any{
			"credentials": map[string]any{"a": marker}, "salt": marker, "pem": "-----BEGIN PRIVATE KEY-----\n" + marker + "\n-----END PRIVATE KEY-----\n",
			"text": "users: [{name: a, user: {token: " + marker + "}}]", "header": "PRIVATE-TOKEN: " + marker, "hook": "https://discord.com/api/webhooks/1/" + marker,
		},
	}
	chart, err := loader.Load(muralChart)
	require.NoError(t, err)
	live := &release.Release{
		Name: "mural", Namespace: "mural-system", Version: 1, Chart: chart, Config: values, Info: &release.Info{Status: release.StatusDeployed},
		Manifest: "apiVersion: v1\nkind: Secret\nmetadata: {name: hue-oci-registry}\nstringData: {password: " + marker + "}\n",
	}
	data, err := json.Marshal(live)
	require.NoError(t, err)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, err = zip.Write(data)
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	journal, err := json.Marshal(map[string]any{
		"apiVersion": "palette-ecr/v1alpha1", "source": "oci://zot.mural-system.svc.cluster.local:5000/mural-workloads", "open": true, "managedBy": "helm", "previousRevision": 1,
		"destination": "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads", "original": values, "applied": values,
	})
	require.NoError(t, err)
	objects := inCluster{}
	add := func(name string, labels, data map[string]string) {
		encoded := map[string]string{}
		for key, text := range data {
			encoded[key] = base64.StdEncoding.EncodeToString([]byte(text))
		}
		object, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name, "namespace": "mural-system", "labels": labels}, "data": encoded})
		require.NoError(t, err)
		objects["/api/v1/namespaces/mural-system/secrets/"+name] = string(object)
	}
	add("sh.helm.release.v1.mural.v1", map[string]string{"owner": "helm", "name": "mural", "status": "deployed", "version": "1"}, map[string]string{"release": base64.StdEncoding.EncodeToString(packed.Bytes())})
	add("palette-ecr-journal", nil, map[string]string{"journal.json": string(journal)})
	add("login", nil, map[string]string{"values.yaml": "hue: {ociRegistry: {basicAuth: {username: a, password: " + marker + "}}}\n", "anything": marker})
	file, err := json.Marshal(values)
	require.NoError(t, err)
	return objects, string(file)
}

// TestNoOutputOfARunShowsASecret looks at what every command that reaches a cluster prints and writes, in every format and
// on both streams, where the live release, the journal, valuesFrom and the file are full of markers.
func TestNoOutputOfARunShowsASecret(t *testing.T) {
	for name, value := range map[string]string{"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": ""} {
		t.Setenv(name, value)
	}
	objects, text := markedCluster(t)
	var mutex sync.Mutex
	asked := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		asked[r.URL.Path] = true
		mutex.Unlock()
		objects.serve(w, r.URL.Path)
	}))
	defer server.Close()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	kube := write("kubeconfig", string(kubeconfig(server.URL)))
	plain := []string{"--values", write("values.yaml", text+"\n")}
	manifest := []string{"--managed-by", "flux", "--helm-release", write("release.yaml", `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural, namespace: mural-system}
spec:
  chartRef: {kind: OCIRepository, name: mural}
  valuesFrom:
  - {kind: Secret, name: login}
  - {kind: Secret, name: login, valuesKey: anything, targetPath: canvas.title}
  values: `+text+"\n")}
	runs := 0
	for _, command := range [][]string{{"run"}, {"run", "--until", "lint"}, {"run", "--keep-live"}, {"copy"}, {"deploy"}, {"validate"}, {"disable-zot"}, {"rollback"}, {"rollback", "--no-copy-back"}, {"rollback", "--discard-changes"}} {
		for _, given := range [][]string{plain, manifest} {
			for _, quiet := range []bool{false, true} {
				args := append(append([]string{}, command...), given...)
				args = append(args, "--kubeconfig", kube, "--chart", muralChart, "--timeout", "100ms")
				if command[0] != "rollback" {
					args = append(args, "--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--role-arn", "arn:aws:iam::123456789012:role/palette-ecr")
				}
				if quiet {
					args = append(args, "-q")
				}
				args = append(args, "-o", "text")
				for _, format := range report.Names() {
					args = append(args, "-o", format+"="+filepath.Join(dir, "report."+format))
				}
				var out, errs bytes.Buffer
				code := cli.Main(t.Context(), args, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }})
				assert.NotContains(t, out.String()+errs.String(), marker, "%q", args)
				for _, format := range report.Names() {
					written, err := os.ReadFile(filepath.Join(dir, "report."+format))
					require.NoError(t, err, "%q: exit code %d\n%s", command, code, errs.String())
					assert.NotContains(t, string(written), marker, "%q: %s", args, format)
					require.NoError(t, os.Remove(filepath.Join(dir, "report."+format)))
				}
				runs++
			}
		}
	}
	t.Logf("%d runs, %d formats each", runs, len(report.Names()))
	for _, path := range []string{"/api/v1/namespaces/mural-system/secrets", "/api/v1/namespaces/mural-system/secrets/palette-ecr-journal", "/api/v1/namespaces/mural-system/secrets/login"} {
		assert.True(t, asked[path], "the markers at %s were read", path)
	}
}
