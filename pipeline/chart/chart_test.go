package chart_test

import (
	"context"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocilayout "github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chartutil"
	helmregistry "helm.sh/helm/v3/pkg/registry"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// files of a chart with what makes mural's hard: a subchart behind a condition, an overridden default,
// a list, a hook, a Secret with a null.
var files = map[string]string{
	"Chart.yaml":                          "apiVersion: v2\nname: mural\nversion: 1.0.7\ndependencies:\n- {name: zot, version: 0.1.0, condition: zot.enabled}\n- {name: hue, version: 0.1.0}\n",
	"values.yaml":                         "zot: {enabled: true, port: 5000}\nhue:\n  ociRegistry: {endpoint: oci://zot:5000, basicAuth: {username: admin, password: zot-secret}}\nfleetConfig: {spokes: [{name: hub-as-spoke}]}\nreplicas: 1000000\n",
	"templates/secret.yaml":               "{{- range .Values.fleetConfig.spokes }}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: spoke-{{ .name }}, namespace: {{ $.Release.Namespace }}}\nstringData:\n  basicAuthSecretName:\n  replicas: {{ $.Values.replicas | quote }}\n{{- end }}\n",
	"templates/hook.yaml":                 "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-upgrade}}\ndata: {upgrade: {{ .Release.IsUpgrade | quote }}, version: {{ .Capabilities.KubeVersion.Version | quote }}}\n",
	"templates/list.yaml":                 "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
	"charts/zot/Chart.yaml":               "apiVersion: v2\nname: zot\nversion: 0.1.0\n",
	"charts/zot/values.yaml":              "persistence: true\n",
	"charts/zot/templates/zot.yaml":       "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: zot}\nspec: {serviceName: zot}\n",
	"charts/hue/Chart.yaml":               "apiVersion: v2\nname: hue\nversion: 0.1.0\n",
	"charts/hue/values.yaml":              "ociRegistry: {interval: 5m}\n",
	"charts/hue/templates/_empty.tpl":     "",
	"charts/hue/templates/configmap.yaml": "{{- if .Values.ociRegistry.basicAuth }}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: hue-basic}\n{{- end }}\n",
}

func write(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mural")
	for name, content := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return dir
}

func names(manifests []chart.Manifest) []string {
	var all []string
	for _, m := range manifests {
		all = append(all, m.Name())
	}
	return all
}

func TestDefaultsMergeSubchartsAndKeepTheChart(t *testing.T) {
	c, err := chart.Load(context.Background(), write(t), "1.0.7", chart.Options{})
	require.NoError(t, err)
	for range 2 { // a second reading must not see what the first one resolved
		defaults, err := chart.Defaults(c)
		require.NoError(t, err)
		registry := defaults["hue"].(map[string]any)["ociRegistry"].(map[string]any)
		assert.Equal(t, "oci://zot:5000", registry["endpoint"])
		assert.Equal(t, "5m", registry["interval"])
		assert.Contains(t, registry, "basicAuth")
		assert.Equal(t, true, defaults["zot"].(map[string]any)["persistence"])
		without, err := chart.Merged(c, map[string]any{"zot": map[string]any{"enabled": false}, "hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": nil}}})
		require.NoError(t, err)
		// Across a subchart Helm keeps the null instead of dropping the key: nothing, to a template.
		assert.Nil(t, without["hue"].(map[string]any)["ociRegistry"].(map[string]any)["basicAuth"])
		assert.NotContains(t, without["zot"], "persistence")
	}
}

func TestRender(t *testing.T) {
	c, err := chart.Load(context.Background(), write(t), "", chart.Options{})
	require.NoError(t, err)
	release := chart.Release{Name: "mural", Namespace: "mural-system", KubeVersion: "v1.34.4"}
	off := map[string]any{"zot": map[string]any{"enabled": false}, "fleetConfig": map[string]any{"spokes": []any{map[string]any{"name": "spoke-1"}}}}
	manifests, err := chart.Render(c, off, release)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"Secret mural-system/spoke-spoke-1", "ConfigMap a", "ConfigMap b", "ConfigMap hue-basic", "ConfigMap hook"}, names(manifests))
	assert.Equal(t, map[string]any{"enabled": false}, off["zot"], "the user's values are left alone")

	manifests, err = chart.Render(c, map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": nil}}}, release)
	require.NoError(t, err)
	assert.NotContains(t, names(manifests), "ConfigMap hue-basic", "a null takes the chart's default away")

	manifests, err = chart.Render(c, nil, release)
	require.NoError(t, err)
	assert.Contains(t, names(manifests), "StatefulSet zot", "rendering without zot does not take it from the chart")
	for _, m := range manifests {
		switch m.Object.GetName() {
		case "spoke-hub-as-spoke":
			assert.Equal(t, "mural/templates/secret.yaml", m.Source)
			data := m.Object.Object["stringData"].(map[string]any)
			value, present := data["basicAuthSecretName"]
			assert.True(t, present, "a null stays visible")
			assert.Nil(t, value)
			assert.Equal(t, "1e+06", data["replicas"], "numbers print as `helm --values` prints them")
		case "hook":
			assert.Equal(t, map[string]any{"upgrade": "true", "version": "v1.34.4"}, m.Object.Object["data"])
		}
	}
}

func TestRenderNamesTheTemplate(t *testing.T) {
	c, err := chart.Load(context.Background(), write(t), "", chart.Options{})
	require.NoError(t, err)
	_, err = chart.Render(c, map[string]any{"fleetConfig": map[string]any{"spokes": []any{"x"}}}, chart.Release{Name: "mural", Namespace: "x"})
	require.ErrorContains(t, err, "mural/templates/secret.yaml")
	_, err = chart.Render(c, nil, chart.Release{Name: "mural", KubeVersion: "new"})
	require.ErrorContains(t, err, `parsing Kubernetes version "new"`)
}

func TestLoadFromRegistry(t *testing.T) {
	dir := write(t)
	c, err := chart.Load(context.Background(), dir, "", chart.Options{})
	require.NoError(t, err)
	archive, err := chartutil.Save(c, t.TempDir())
	require.NoError(t, err)
	data, err := os.ReadFile(archive)
	require.NoError(t, err)
	server := httptest.NewServer(ocilayout.New(ocilayout.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	pusher, err := helmregistry.NewClient(helmregistry.ClientOptPlainHTTP())
	require.NoError(t, err)
	_, err = pusher.Push(data, host+"/mural/mural:1.0.7")
	require.NoError(t, err)

	plain := chart.Options{PlainHTTP: true, HTTPClient: server.Client()}
	ref := "oci://" + host + "/mural/mural"
	got, err := chart.Load(context.Background(), ref, "1.0.7", plain)
	require.NoError(t, err)
	assert.Equal(t, "mural", got.Name())
	got, err = chart.Load(context.Background(), archive, "1.0.7", chart.Options{})
	require.NoError(t, err)
	assert.Len(t, got.Dependencies(), 2)

	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := map[string]struct {
		ctx          context.Context
		ref, version string
		code         fault.Code
		text, remedy string
	}{
		"missing version":  {context.Background(), ref, "1.0.8", fault.Failed, `"` + ref + `" version 1.0.8`, "no such chart"},
		"missing chart":    {context.Background(), "oci://" + host + "/mural/none", "1.0.7", fault.Failed, "/mural/none", "no such chart"},
		"not a version":    {context.Background(), ref, "latest", fault.Usage, `"latest" is not the version of a chart`, "helm list"},
		"no version":       {context.Background(), ref, "", fault.Usage, "no version", "--version"},
		"bad reference":    {context.Background(), "oci://" + host + "/Mural", "1.0.7", fault.Usage, "Mural", "oci://registry/path"},
		"unreachable":      {context.Background(), "oci://127.0.0.1:1/mural", "1.0.7", fault.Failed, "127.0.0.1:1", "network"},
		"cancelled":        {cancelled, ref, "1.0.7", fault.Failed, "context canceled", ""},
		"missing path":     {context.Background(), "no/such", "", fault.Usage, `"no/such"`, "oci://"},
		"not a chart":      {context.Background(), t.TempDir(), "", fault.Usage, "Chart.yaml", "helm package"},
		"other version":    {context.Background(), dir, "1.1.0", fault.Usage, "1.0.7, not 1.1.0", "--version 1.0.7"},
		"other scheme":     {context.Background(), "https://charts.example.com", "", fault.Usage, "not supported", "oci://"},
		"nothing":          {context.Background(), "", "", fault.Usage, "no chart is given", "--chart"},
		"a values file":    {context.Background(), filepath.Join(dir, "values.yaml"), "", fault.Usage, "values.yaml", "helm package"},
		"missing subchart": {context.Background(), withoutSubchart(t), "", fault.Failed, "hue", "helm dependency build"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := chart.Load(test.ctx, test.ref, test.version, plain)
			require.ErrorContains(t, err, test.text)
			assert.Equal(t, test.code, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
		})
	}
}

func withoutSubchart(t *testing.T) string {
	t.Helper()
	dir := write(t)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "charts", "hue")))
	return dir
}
