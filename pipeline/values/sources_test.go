package values_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// TestGivenSources: an object that is given and that nobody looks into is a mistake, and was passed over without a word.
func TestGivenSources(t *testing.T) {
	t.Parallel()
	file, err := values.Parse("mural.yaml", []byte(`apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural}
spec:
  valuesFrom:
    - {kind: Secret, name: elsewhere}
    - {kind: ConfigMap, name: here}
    - {kind: Secret, name: encrypted}
  values: {hue: {replicas: 2}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: here}
data: {values.yaml: "hue: {concurrency: 6}"}
---
apiVersion: v1
kind: Secret
metadata: {name: encrypted}
stringData: {values.yaml: "ENC[AES256_GCM,data:eA==,type:str]"}
sops: {mac: x}
`))
	require.NoError(t, err)
	for object, says := range map[string]string{
		"Secret/elsewhere":    "",
		"Secret/encrypted":    "",
		"ConfigMap/here":      `reading --values-from ConfigMap/here: "mural.yaml" holds it itself`,
		"Secret/elsewere":     `reading --values-from Secret/elsewere: spec.valuesFrom of "mural.yaml" names only Secret/elsewhere, ConfigMap/here, Secret/encrypted`,
		"ConfigMap/elsewhere": `names only Secret/elsewhere, ConfigMap/here, Secret/encrypted`,
	} {
		err := file.CheckSource(object)
		if says == "" {
			require.NoError(t, err, object)
			continue
		}
		require.ErrorContains(t, err, says)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}

// TestWhatValuesFromMayName: helm-controller takes nothing else; the remedy was to give the object by a flag that refuses it.
func TestWhatValuesFromMayName(t *testing.T) {
	t.Parallel()
	for kind, refused := range map[string]bool{"Secret": false, "ConfigMap": false, "${KIND}": false, "Foo": true, "secret": true, "": true} {
		_, err := values.Parse("mural.yaml", []byte("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural}\nspec:\n  valuesFrom:\n    - {name: login, kind: '"+kind+"'}\n  values: {hue: {replicas: 2}}\n"))
		if !refused {
			require.NoError(t, err, kind)
			continue
		}
		require.ErrorContains(t, err, `reading "mural.yaml": line 6: valuesFrom names "login" of kind "`+kind+`", where helm-controller takes a ConfigMap or a Secret`)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
		assert.NotEmpty(t, fault.RemedyOf(err))
	}
}

// TestOneRoleIsShownOnce: one Role gives the rights to all that valuesFrom names, and is long.
func TestOneRoleIsShownOnce(t *testing.T) {
	t.Parallel()
	file, err := values.Parse("mural.yaml", []byte("apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural}\nspec:\n  chartRef: {kind: OCIRepository, name: mural}\n  valuesFrom:\n    - {kind: Secret, name: a}\n    - {kind: Secret, name: b}\n  values: {fleetConfig: {spokes: []}}\n"))
	require.NoError(t, err)
	const role = "apply this:\napiVersion: v1\nkind: Role\n"
	file, err = file.WithSources(func(_, name string) (map[string]string, bool, error) {
		return nil, false, &values.Denied{Right: "get secret " + name, Remedy: role}
	})
	require.NoError(t, err)
	rendered, err := file.Render(values.Settings{Destination: endpoint(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"), Repository: "mural-workloads"})
	require.NoError(t, err)
	require.Len(t, rendered.Unseen, 2)
	assert.Contains(t, rendered.Unseen[0], "the right to get secret a is missing: give it with --values-from Secret/a=FILE, or "+role)
	assert.Contains(t, rendered.Unseen[1], "the right to get secret b is missing: give it with --values-from Secret/b=FILE, or do as above")
	for _, hidden := range file.Hidden() {
		assert.Equal(t, role, hidden.Denied.Remedy, "a finding of lint stands alone")
	}
}
