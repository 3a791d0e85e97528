package deploy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const manifest = `apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: mural, namespace: mural-system}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural, namespace: mural-system}
spec:
  interval: 10m
  values: {hue: {ociRegistry: {provider: aws, replicas: 2}}}
`

func live(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	found, err := helmRelease([]byte(manifest))
	require.NoError(t, err)
	found.Object["spec"] = map[string]any{"interval": "10m", "timeout": "5m", "values": map[string]any{
		"hue": map[string]any{"ociRegistry": map[string]any{"provider": "generic", "basicAuth": map[string]any{"password": "zot-secret"}}}}}
	found.SetAnnotations(map[string]string{lastApplied: `{"password":"zot-secret"}`})
	return found
}

func TestReplaceLeavesNothingOfTheOldValues(t *testing.T) {
	wanted, err := helmRelease([]byte(manifest))
	require.NoError(t, err)
	is := live(t)
	assert.False(t, specEqual(is, wanted))
	require.NoError(t, replace(is, wanted))
	assert.True(t, specEqual(is, wanted))
	assert.Equal(t, "5m", is.Object["spec"].(map[string]any)["timeout"], "what the manifest does not speak of stays")
	data, err := is.MarshalJSON()
	require.NoError(t, err)
	assert.NotContains(t, string(data), "zot-secret")
}

func TestHelmReleaseIsFoundOrExplained(t *testing.T) {
	for text, data := range map[string]string{"holds no HelmRelease": "kind: ConfigMap", "more than one": manifest + "---\n" + manifest, "parsing the HelmRelease manifest": "a: [\n"} {
		_, err := helmRelease([]byte(data))
		require.ErrorContains(t, err, text)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}

func TestAppliable(t *testing.T) {
	c := &cluster.Cluster{Name: "hub"}
	require.NoError(t, appliable(c, live(t)))
	fromGitOps := live(t)
	fromGitOps.SetLabels(map[string]string{fromGit: "apps"})
	require.ErrorContains(t, appliable(c, fromGitOps), `Kustomization "apps" keeps it as Git has it`)
	suspended := live(t)
	require.NoError(t, unstructured.SetNestedField(suspended.Object, true, "spec", "suspend"))
	require.ErrorContains(t, appliable(c, suspended), "it is suspended")
}

func TestReleased(t *testing.T) {
	tests := map[string]struct {
		condition      map[string]any
		observed       int64
		done, terminal bool
	}{
		"ready":          {map[string]any{"type": "Ready", "status": "True", "observedGeneration": int64(3)}, 3, true, false},
		"ready before":   {map[string]any{"type": "Ready", "status": "True", "observedGeneration": int64(2)}, 2, false, false},
		"half observed":  {map[string]any{"type": "Ready", "status": "True", "observedGeneration": int64(3)}, 2, false, false},
		"upgrade failed": {map[string]any{"type": "Ready", "status": "False", "reason": "UpgradeFailed", "message": "boom", "observedGeneration": int64(3)}, 3, false, true},
		"dependency":     {map[string]any{"type": "Ready", "status": "False", "reason": "DependencyNotReady", "observedGeneration": int64(3)}, 3, false, false},
		"stalled":        {map[string]any{"type": "Stalled", "status": "True", "message": "retries exhausted", "observedGeneration": int64(3)}, 3, false, true},
		"running":        {map[string]any{"type": "Ready", "status": "Unknown", "observedGeneration": int64(3)}, 3, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			object := live(t)
			object.SetGeneration(3)
			object.Object["status"] = map[string]any{"observedGeneration": test.observed, "conditions": []any{test.condition}}
			done, _, terminal := released(object)
			assert.Equal(t, test.done, done)
			assert.Equal(t, test.terminal, terminal)
		})
	}
}

func TestReleasedTellsWhyFluxGaveUp(t *testing.T) {
	object := live(t)
	object.SetGeneration(3)
	object.Object["status"] = map[string]any{"observedGeneration": int64(3), "conditions": []any{
		map[string]any{"type": "Stalled", "status": "True", "message": "Failed to upgrade after 1 attempt(s)", "observedGeneration": int64(3)},
		map[string]any{"type": "Ready", "status": "False", "reason": "UpgradeFailed", "message": "a label is invalid", "observedGeneration": int64(3)},
	}}
	_, state, terminal := released(object)
	assert.True(t, terminal)
	assert.Equal(t, "a label is invalid", state)
}

func TestAwaitFluxNeedsNoMoreThanItsTime(t *testing.T) {
	w := newWorld(t, printing())
	w.options.Timeout = 10 * time.Millisecond
	err := awaitFlux(t.Context(), w.cluster, live(t), w.options)
	require.ErrorContains(t, err, "HelmRelease mural-system/mural")
}

func TestWithValues(t *testing.T) {
	got, err := WithValues([]byte("kind: ConfigMap\n---\nkind: HelmRelease\nmetadata: {name: mural}\nspec: {interval: 5m, values: {hue: {old: true}}}\n"), map[string]any{"zot": map[string]any{"enabled": true}})
	require.NoError(t, err)
	assert.JSONEq(t, `{"kind": "HelmRelease", "metadata": {"name": "mural"}, "spec": {"interval": "5m", "values": {"zot": {"enabled": true}}}}`, string(got))

	_, err = WithValues([]byte("kind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec: {valuesFrom: [{kind: Secret, name: zot}]}\n"), nil)
	require.EqualError(t, err, "changing the values of HelmRelease mural-system/mural: it has valuesFrom, so they are not in it alone")
	assert.Contains(t, fault.RemedyOf(err), "revert the commit")
	_, err = WithValues([]byte("kind: ConfigMap\n"), nil)
	assert.Error(t, err)
}
