package validate

import (
	"encoding/base64"
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	endpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	password = "zot-default-password"
)

// cutOver are the values that a cutover gives the stand-in chart.
func cutOver(change func(hue, spoke map[string]any)) map[string]any {
	hue := map[string]any{"endpoint": endpoint, "repository": "mural-workloads", "insecure": false, "provider": "aws", "basicAuth": nil}
	spoke := map[string]any{"endpoint": endpoint, "repository": "mural-workloads", "insecure": false, "provider": "aws"}
	if change != nil {
		change(hue, spoke)
	}
	return map[string]any{
		"hue":         map[string]any{"ociRegistry": hue},
		"fleetConfig": map[string]any{"spokes": []any{map[string]any{"name": "hub-as-spoke", "kubeconfig": map[string]any{"inCluster": true}, "klusterlet": map[string]any{"mode": "Default"}, "ociRegistry": spoke}}},
	}
}

func prove(t *testing.T, c *helmchart.Chart, values map[string]any) report.Proof {
	t.Helper()
	return Rendered(Manifests{
		Sources: []string{zot},
		Chart:   c, Values: values, Release: chart.Release{Name: "mural", Namespace: "mural-system", KubeVersion: "v1.34.4"},
		Endpoint: endpoint, Secrets: []string{password, "x"},
	}, config(t))
}

func TestRenderedOnTheStandInChart(t *testing.T) {
	c, err := chart.Load(t.Context(), "../../fixtures/charts/mural", "", chart.Options{})
	require.NoError(t, err)
	basic := map[string]any{"username": "admin", "password": password}
	tests := map[string]struct {
		values  map[string]any
		verdict report.Verdict
		cause   string
	}{
		"cut over":           {cutOver(nil), report.Held, ""},
		"zot off too":        {with(cutOver(nil), "zot", map[string]any{"enabled": false}), report.Held, ""},
		"default comes back": {cutOver(func(hue, _ map[string]any) { delete(hue, "basicAuth") }), report.Broken, "hue-oci-registry has basicAuthSecretName"},
		"spoke's left":       {cutOver(func(_, spoke map[string]any) { spoke["basicAuth"] = basic }), report.Broken, "hub-as-spoke-oci-registry"},
		"named Secret left":  {cutOver(func(hue, _ map[string]any) { hue["basicAuthSecretName"] = "mine" }), report.Broken, "has basicAuthSecretName"},
		"spoke still on Zot": {cutOver(func(_, spoke map[string]any) { spoke["endpoint"] = "oci://zot.mural-system.svc.cluster.local:5000" }), report.Broken, "still names the old registry zot.mural-system.svc.cluster.local:5000"},
		"null":               {with(cutOver(nil), "defects", map[string]any{"nullSecretNames": true}), report.Broken, "has null under stringData."},
		"does not reach":     {with(cutOver(nil), "hue", map[string]any{"ociRegistry": map[string]any{"enabled": false, "basicAuth": nil}}), report.Broken, ""},
		"does not render":    {with(cutOver(nil), "fleetConfig", map[string]any{"spokes": "none"}), report.Broken, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := prove(t, c, test.values)
			require.Equal(t, test.verdict, p.Verdict, p)
			assert.Contains(t, p.Cause, test.cause)
			for _, e := range p.Evidence {
				assert.NotContains(t, e.Seen, password)
			}
			assert.NotContains(t, p.Cause, password)
			if test.verdict != report.Held {
				assert.NotEmpty(t, p.Cause)
				assert.NotEmpty(t, p.Remedy)
			}
		})
	}
}

func with(values map[string]any, key string, value any) map[string]any {
	changed := maps.Clone(values)
	changed[key] = value
	return changed
}

func TestRenderedFindsPasswordsWhereverTheyAre(t *testing.T) {
	in := func(manifest string) report.Proof {
		c := &helmchart.Chart{Metadata: &helmchart.Metadata{APIVersion: "v2", Name: "mural", Version: "1.0.7"}, Templates: []*helmchart.File{
			{Name: "templates/a.yaml", Data: []byte(manifest)},
			{Name: "templates/b.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {endpoint: '" + endpoint + "'}")},
		}}
		return prove(t, c, nil)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("admin:" + password))
	docker := base64.StdEncoding.EncodeToString([]byte(`{"auths":{"x":{"auth":"` + encoded + `"}}}`))
	tests := map[string]struct {
		manifest string
		verdict  report.Verdict
	}{
		"nowhere":             {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {x: aGVsbG8gd29ybGQ=}", report.Held},
		"plain":               {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: 'a zot-default-password b'}", report.Broken},
		"in an annotation":    {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {x: zot-default-password}}", report.Broken},
		"base64":              {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {x: " + encoded + "}", report.Broken},
		"a header":            {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: 'Authorization: Basic " + encoded + "'}", report.Broken},
		"base64 in base64":    {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: " + docker + "}", report.Broken},
		"other pull secret":   {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '{\"auths\":{\"docker.io\":{}}}'}", report.Held},
		"login to ECR":        {"apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '{\"auths\":{\"123456789012.dkr.ecr.us-east-1.amazonaws.com\":{}}}'}", report.Broken},
		"the chart's own URL": {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: 'oci://public.ecr.aws/mural/mural'}", report.Held},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.verdict, in(test.manifest).Verdict)
		})
	}
}
