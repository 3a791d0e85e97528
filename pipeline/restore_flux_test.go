package pipeline

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// TestRestoreKeepsValuesFrom: the rollback changes what the cutover changed in the HelmRelease, keeps what was changed
// since, and writes nothing into it of what its valuesFrom brings.
func TestRestoreKeepsValuesFrom(t *testing.T) {
	t.Parallel()
	zot := map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{"endpoint": "oci://zot:5000"}}}
	ecr := map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{"endpoint": "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"}}}
	manifest := filepath.Join(t.TempDir(), "mural.yaml")
	require.NoError(t, os.WriteFile(manifest, []byte("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec:\n  valuesFrom: [{kind: Secret, name: mural-values}]\n  values: {canvas: {enableHTTP: false}}\n"), 0o600))
	file, err := values.Read(manifest)
	require.NoError(t, err)

	s := onZot(t, nil)
	s.Target.Release.ManagedBy = target.Flux
	live := map[string]any{"hue": ecr["hue"], "zot": map[string]any{"enabled": false}, "canvas": map[string]any{"enableHTTP": true}}
	s.Managed.Release = &unstructured.Unstructured{Object: map[string]any{"kind": "HelmRelease", "spec": map[string]any{"values": live}}}
	secret := map[string]any{"password": "of-a-secret"}
	s.Journal.Begin(s.Destination.URL(), "oci://zot:5000/mural-workloads", 1, map[string]any{"hue": zot["hue"], "dex": secret})
	s.Journal.Applied = map[string]any{"hue": ecr["hue"], "dex": secret}
	s.Live.Values = map[string]any{"hue": ecr["hue"], "dex": secret, "zot": map[string]any{"enabled": false}}

	_, err = restoreOptions(s.World, s.State, Return{Manifest: file})
	require.ErrorContains(t, err, "it has valuesFrom", "an older journal doesn't know what was in it")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	s.Journal.Inline, s.Journal.InlineApplied = zot, ecr
	for name, c := range map[string]struct {
		to   Return
		want map[string]any
	}{
		"changes stay": {Return{Manifest: file}, map[string]any{"hue": zot["hue"], "canvas": map[string]any{"enableHTTP": true}}},
		"changes go":   {Return{Manifest: file, DiscardChanges: true}, zot},
	} {
		o, err := restoreOptions(s.World, s.State, c.to)
		require.NoError(t, err, name)
		var made struct {
			Spec struct {
				Values     map[string]any `json:"values"`
				ValuesFrom []any          `json:"valuesFrom"`
			} `json:"spec"`
		}
		require.NoError(t, json.Unmarshal(o.HelmRelease, &made), name)
		assert.Equal(t, c.want, made.Spec.Values, name)
		assert.Len(t, made.Spec.ValuesFrom, 1, name)
		assert.NotContains(t, string(o.HelmRelease), "of-a-secret", name)
	}
}
