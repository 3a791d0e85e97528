package values_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// composed is a HelmRelease with entries of valuesFrom, and its Secret.
func composed(inline string, from ...string) string {
	text := "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec:\n  chartRef: {kind: OCIRepository, name: mural}\n  valuesFrom:\n"
	for _, entry := range from {
		text += "    - " + entry + "\n"
	}
	return text + "  values: " + inline + "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: zot, namespace: mural-system}\nstringData:\n" +
		"  username: admin\n  quoted: \"'5000'\"\n  number: \"5000\"\n  list: '{a,b}'\n  values.yaml: 'hue: {ociRegistry: {basicAuth: {username: a, password: b}}}'\n"
}

// TestTargetPathsAreSetAsHelmControllerDoes: what is wanted was answered by fluxcd/pkg chartutil v1.27.1
// (ChartValuesFromReferences) for the same input. "fails" is where it ended with an error.
func TestTargetPathsAreSetAsHelmControllerDoes(t *testing.T) {
	t.Parallel()
	const (
		user  = "{kind: Secret, name: zot, valuesKey: username, targetPath: hue.ociRegistry.basicAuth.username}"
		pass  = "{kind: Secret, name: zot, valuesKey: username, targetPath: hue.ociRegistry.basicAuth.password}"
		whole = "{kind: Secret, name: zot}"
	)
	type m = map[string]any
	hue := func(settings m) m { return m{"hue": m{"ociRegistry": settings}} }
	login := m{"username": "admin", "password": "admin"}
	for name, test := range map[string]struct {
		inline string
		from   []string
		want   m
	}{
		"nothing stands there":       {"{hue: {ociRegistry: {endpoint: e}}}", []string{user, pass}, hue(m{"endpoint": "e", "basicAuth": login})},
		"an empty mapping":           {"{hue: {ociRegistry: {basicAuth: {}}}}", []string{user, pass}, hue(m{"basicAuth": login})},
		"texts: the first wins":      {"{hue: {ociRegistry: {basicAuth: {username: '', password: ''}}}}", []string{user, pass}, hue(m{"basicAuth": m{"username": "admin", "password": ""}})},
		"null, of the whole only":    {"{hue: {ociRegistry: {basicAuth: null}}}", []string{whole}, hue(m{"basicAuth": nil})},
		"null, and a path elsewhere": {"{hue: {ociRegistry: {basicAuth: null}}}", []string{whole, "{kind: Secret, name: zot, valuesKey: number, targetPath: x.y}"}, m{"hue": m{"ociRegistry": m{"basicAuth": nil}}, "x": m{"y": int64(5000)}}},
		"over the file's own value":  {"{hue: {ociRegistry: {endpoint: e}}}", []string{"{kind: Secret, name: zot, valuesKey: username, targetPath: hue.ociRegistry.endpoint}"}, hue(m{"endpoint": "admin"})},
		"an item of a list":          {"{fleetConfig: {spokes: [{name: a}]}}", []string{"{kind: Secret, name: zot, valuesKey: username, targetPath: 'fleetConfig.spokes[0].ociRegistry.basicAuth.username'}"}, m{"fleetConfig": m{"spokes": []any{m{"name": "a", "ociRegistry": m{"basicAuth": m{"username": "admin"}}}}}}},
		"a number, and one quoted":   {"{}", []string{"{kind: Secret, name: zot, valuesKey: number, targetPath: a}", "{kind: Secret, name: zot, valuesKey: quoted, targetPath: b}"}, m{"a": int64(5000), "b": "5000"}},
		"a list, and it literally":   {"{}", []string{"{kind: Secret, name: zot, valuesKey: list, targetPath: a}", "{kind: Secret, name: zot, valuesKey: list, targetPath: b, literal: true}"}, m{"a": []any{"a", "b"}, "b": "{a,b}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, parse(t, composed(test.inline, test.from...)).Merged())
		})
	}
}

// TestATargetPathThatUndoesTheEditIsRefused: no value of spec.values keeps it away, and a null makes helm-controller fail
// ("unable to parse key: interface conversion: interface {} is nil").
func TestATargetPathThatUndoesTheEditIsRefused(t *testing.T) {
	t.Parallel()
	const inline = "{hue: {ociRegistry: {endpoint: 'oci://zot:5000'}}, fleetConfig: {spokes: [{name: a, kubeconfig: {}, klusterlet: {}, ociRegistry: {}}]}}"
	for name, test := range map[string]struct{ path, says string }{
		"below basicAuth":   {"hue.ociRegistry.basicAuth.password", "sets hue.ociRegistry.basicAuth.password by its targetPath"},
		"basicAuth":         {"hue.ociRegistry.basicAuth", "sets hue.ociRegistry.basicAuth by its targetPath"},
		"of a spoke":        {"'fleetConfig.spokes[0].ociRegistry.basicAuth.username'", "sets fleetConfig.spokes[0].ociRegistry.basicAuth.username"},
		"the endpoint":      {"hue.ociRegistry.endpoint", "sets hue.ociRegistry.endpoint by its targetPath"},
		"something else":    {"alertmanager.config.url", ""},
		"hue's other key":   {"hue.replicas", ""},
		"like basicAuth":    {"hue.ociRegistry.basicAuthority", ""},
		"above, as mapping": {"zot.extra", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := parse(t, composed(inline, "{kind: Secret, name: unseen, targetPath: "+test.path+"}"))
			rendered, err := f.Render(settings(t))
			if test.says == "" {
				require.NoError(t, err)
				_, err = rendered.File().Render(settings(t))
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.Equal(t, "take the entry out of spec.valuesFrom, at line 7: nothing that is written into spec.values undoes it", fault.RemedyOf(err))
		})
	}
}

// TestATargetPathThatLosesToTheFileIsNone: what was merged with spec.values before is a copy, which spec.values win over.
func TestATargetPathThatLosesToTheFileIsNone(t *testing.T) {
	t.Parallel()
	const (
		inline   = "{hue: {replicas: 1, ociRegistry: {endpoint: 'oci://zot:5000'}}, fleetConfig: {spokes: []}}"
		first    = "{kind: Secret, name: zot, valuesKey: number, targetPath: hue.replicas}"
		endpoint = "{kind: ConfigMap, name: unseen, targetPath: hue.ociRegistry.endpoint}"
		provider = "{kind: Secret, name: zot, valuesKey: username, targetPath: hue.ociRegistry.provider}"
		login    = "{kind: Secret, name: zot, valuesKey: username, targetPath: hue.ociRegistry.basicAuth.username}"
	)
	for name, test := range map[string]struct {
		from []string
		lost bool
	}{
		"alone it wins":                     {[]string{endpoint}, false},
		"after another of the same mapping": {[]string{first, endpoint}, true},
		"one that the edit adds":            {[]string{first, provider}, true},
		"after whole values":                {[]string{"{kind: Secret, name: zot, valuesKey: hue}", endpoint}, true},
		"a login stays":                     {[]string{first, login}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := parse(t, composed(inline, test.from...)+"  hue: 'hue: {ociRegistry: {interval: 1m}}'\n")
			rendered, err := f.Render(settings(t))
			if !test.lost {
				require.ErrorContains(t, err, "by its targetPath")
				return
			}
			require.NoError(t, err)
			registry := rendered.File().Merged()["hue"].(map[string]any)["ociRegistry"].(map[string]any)
			assert.Equal(t, settings(t).Destination.Endpoint(), registry["endpoint"])
			assert.Equal(t, "aws", registry["provider"])
		})
	}
}
