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
