package mural_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// TestReadDefaults holds the keys to the stand-in chart: one that is spelled differently there would be read as empty.
func TestReadDefaults(t *testing.T) {
	t.Parallel()
	loaded, err := chart.Load(t.Context(), filepath.Join("..", "..", "fixtures", "charts", "mural"), "", chart.Options{})
	require.NoError(t, err)
	merged, err := chart.Defaults(loaded)
	require.NoError(t, err)
	v, err := mural.Read(merged)
	require.NoError(t, err)
	const zot = "oci://zot.mural-system.svc.cluster.local:5000"
	login := mural.Login{Username: "admin", Password: "zot-default-password"}
	assert.Equal(t, mural.Values{
		Hue: mural.Registry{
			Enabled: true, Endpoint: zot, Repository: "mural-workloads", Insecure: true, Interval: "5m", Timeout: "60s", Provider: "generic", BasicAuth: login,
		},
		Spokes: []mural.Spoke{{
			Name: "hub-as-spoke", InCluster: true, HasKubeconfig: true, HasKlusterlet: true, HasRegistry: true,
			Registry: mural.Registry{Endpoint: zot, Repository: "mural-workloads", Insecure: true, Provider: "generic", BasicAuth: login},
		}},
		Zot: true,
	}, v)
	assert.True(t, v.Spokes[0].IsHub())
	assert.True(t, v.Hue.HasCredentials())
	for _, key := range mural.RegistryKeys() {
		registry, _ := mural.Get(merged, mural.HueRegistry()...).(map[string]any)
		assert.Contains(t, registry, key)
	}
	for _, path := range [][]string{mural.HueAccount(), mural.FluxAccount(), mural.SpokeList(), mural.ZotEnabled()} {
		assert.NotNil(t, mural.Get(merged, path...), path)
	}
	for _, key := range mural.Sections() {
		assert.Contains(t, merged, key)
	}
}

func TestReadSpokes(t *testing.T) {
	t.Parallel()
	v, err := mural.Read(map[string]any{
		"hue": map[string]any{
			"ociRegistry":    map[string]any{"certSecretName": "zot-ca", "proxySecretName": "proxy", "basicAuthSecretName": "login"},
			"serviceAccount": map[string]any{"annotations": map[string]any{mural.RoleAnnotation: "arn:hue"}},
		},
		"fleetConfig": map[string]any{"spokes": []any{
			map[string]any{"name": "a", "kubeconfig": map[string]any{"secretReference": map[string]any{"name": "a-kubeconfig", "kubeconfigKey": "admin"}}, "klusterlet": map[string]any{}},
			map[string]any{"name": "b", "ociRegistry": map[string]any{"insecure": true}},
		}},
		"flux2": map[string]any{"enabled": false, "sourceController": map[string]any{"serviceAccount": map[string]any{"annotations": map[string]any{mural.RoleAnnotation: "arn:flux"}}}},
	})
	require.NoError(t, err)
	assert.Equal(t, mural.Values{
		Hue: mural.Registry{CertSecretName: "zot-ca", ProxySecretName: "proxy", BasicAuthSecretName: "login"}, HueRole: "arn:hue", FluxRole: "arn:flux", FluxIsOff: true,
		Spokes: []mural.Spoke{
			{Name: "a", KubeconfigRef: "a-kubeconfig", KubeconfigKey: "admin", HasKubeconfig: true, HasKlusterlet: true},
			{Name: "b", HasRegistry: true, Registry: mural.Registry{Insecure: true}},
		},
	}, v)
	assert.True(t, v.Hue.HasCredentials(), "a Secret with credentials is named")
	assert.False(t, v.Spokes[0].IsHub())
	_, err = v.Hue.Address()
	require.Error(t, err, "an empty endpoint is not an address")
}

// TestReadHidesPasswords: what the YAML library says would quote the values.
func TestReadHidesPasswords(t *testing.T) {
	t.Parallel()
	for name, merged := range map[string]map[string]any{
		"not a mapping":   {"hue": map[string]any{"ociRegistry": "oci://admin:s3cret-one@zot:5000"}},
		"password number": {"hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": map[string]any{"password": []any{"s3cret-one"}}}}},
		"basicAuth text":  {"fleetConfig": map[string]any{"spokes": []any{map[string]any{"ociRegistry": map[string]any{"basicAuth": "admin:s3cret-one"}}}}},
		"insecure text":   {"hue": map[string]any{"ociRegistry": map[string]any{"insecure": "s3cret-one"}}},
		"zot":             {"zot": "s3cret-one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := mural.Read(merged)
			require.Error(t, err)
			assert.NotContains(t, err.Error()+fault.RemedyOf(err), "s3cret")
			assert.Equal(t, fault.Refused, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), "helm get values")
		})
	}
}

func TestWithoutZot(t *testing.T) {
	t.Parallel()
	given := map[string]any{"zot": map[string]any{"size": "8Gi", "enabled": true}, "a": 1}
	assert.Equal(t, map[string]any{"zot": map[string]any{"size": "8Gi", "enabled": false}, "a": 1}, mural.WithoutZot(given))
	assert.Equal(t, true, mural.Get(given, "zot", "enabled"), "the given values stay")
	assert.Equal(t, map[string]any{"zot": map[string]any{"enabled": false}}, mural.WithoutZot(nil))
	assert.True(t, mural.ZotOn(given))
	assert.False(t, mural.ZotOn(mural.WithoutZot(given)))
	assert.False(t, mural.ZotOn(map[string]any{"zot": "none"}))
}

func TestIsRegistry(t *testing.T) {
	t.Parallel()
	assert.True(t, mural.IsRegistry(map[string]any{"endpoint": "oci://zot:5000", "provider": "generic"}))
	assert.False(t, mural.IsRegistry(map[string]any{"endpoint": "https://s3.example.com"}))
	assert.False(t, mural.IsRegistry(nil))
}
