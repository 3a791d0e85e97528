package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

func TestRegistryOf(t *testing.T) {
	hue, zot, err := registryOf(map[string]any{
		"hue": map[string]any{"ociRegistry": map[string]any{
			"endpoint": "oci://zot.mural-system.svc.cluster.local:5000", "repository": "mural-workloads", "insecure": true,
			"basicAuth": map[string]any{"username": "admin", "password": "s3cret"}, "interval": "5m",
		}},
		"zot": map[string]any{"enabled": true, "persistence": true},
	})
	require.NoError(t, err)
	assert.True(t, zot)
	assert.True(t, hue.Insecure)
	assert.Equal(t, "admin", hue.BasicAuth.Username)
	assert.Equal(t, "s3cret", hue.BasicAuth.Password)
	at, err := hue.address()
	require.NoError(t, err)
	assert.Equal(t, "oci://zot.mural-system.svc.cluster.local:5000/mural-workloads", at.URL())

	hue, zot, err = registryOf(map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": nil}}})
	require.NoError(t, err)
	assert.False(t, zot)
	assert.Equal(t, hueRegistry{}, hue)
	_, err = hue.address()
	assert.Error(t, err, "an empty endpoint is no address")
}

// TestRegistryOfHidesPasswords: what the YAML library says would quote the values.
func TestRegistryOfHidesPasswords(t *testing.T) {
	for name, merged := range map[string]map[string]any{
		"no mapping":      {"hue": map[string]any{"ociRegistry": "oci://admin:s3cret-one@zot:5000"}},
		"password number": {"hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": map[string]any{"password": []any{"s3cret-one"}}}}},
		"insecure text":   {"hue": map[string]any{"ociRegistry": map[string]any{"insecure": "s3cret-one"}}},
		"zot":             {"zot": "s3cret-one"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := registryOf(merged)
			require.Error(t, err)
			assert.NotContains(t, err.Error()+fault.RemedyOf(err), "s3cret")
			assert.Equal(t, fault.Refused, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), "helm get values")
		})
	}
}
