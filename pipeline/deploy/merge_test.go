package deploy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

func valuesOf(t *testing.T, text string) map[string]any {
	t.Helper()
	values := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &values))
	return values
}

func TestMerge(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ base, ours, theirs, want string }{
		"only theirs":                             {"a: 1", "a: 1", "{a: 1, b: 2}", "{a: 1, b: 2}"},
		"only ours":                               {"a: 1", "{a: 1, b: 2}", "a: 1", "{a: 1, b: 2}"},
		"both, different keys":                    {"{x: {a: 1, b: 1}}", "{x: {a: 2, b: 1}}", "{x: {a: 1, b: 2}}", "{x: {a: 2, b: 2}}"},
		"both, same key":                          {"a: 1", "a: 2", "a: 3", "a: 2"},
		"removed by ours":                         {"{x: {auth: {p: 1}, i: 5}}", "{x: {i: 5}}", "{x: {auth: {p: 1}, i: 9}}", "{x: {i: 9}}"},
		"removed by theirs":                       {"{a: 1, b: 1}", "{a: 2, b: 1}", "{a: 1}", "{a: 2}"},
		"null is no absence":                      {"{a: 1}", "{a: null}", "{a: 1, b: 1}", "{a: null, b: 1}"},
		"map against scalar":                      {"a: 1", "a: 2", "a: {b: 1}", "a: 2"},
		"list by name":                            {"s: [{name: a, r: z}]", "s: [{name: a, r: e}]", "s: [{name: b, r: z}, {name: a, r: z, k: 1}]", "s: [{name: b, r: z}, {name: a, r: e, k: 1}]"},
		"list, one more of us":                    {"s: [{name: a}]", "s: [{name: a}, {name: b}]", "s: [{name: a, k: 1}]", "s: [{name: a, k: 1}, {name: b}]"},
		"list, one less of us":                    {"s: [{name: a}, {name: b}]", "s: [{name: a}]", "s: [{name: a, k: 1}, {name: b}]", "s: [{name: a, k: 1}]"},
		"list by position":                        {"s: [{r: z}, {r: z}]", "s: [{r: e}, {r: z}]", "s: [{r: z}, {r: z, k: 1}]", "s: [{r: e}, {r: z, k: 1}]"},
		"list taken as a whole":                   {"s: [1, 2]", "s: [1, 2]", "s: [3]", "s: [3]"},
		"section only in theirs, emptied of ours": {"{x: {auth: 1}}", "{}", "{x: {auth: 1}}", "{}"},
		"section that ours removed, with more":    {"{x: {auth: 1}}", "{}", "{x: {auth: 1, more: 2}}", "{x: {more: 2}}"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Merge(valuesOf(t, test.base), valuesOf(t, test.ours), valuesOf(t, test.theirs))
			require.NoError(t, err)
			assert.Equal(t, valuesOf(t, test.want), got)
		})
	}
	_, err := Merge(valuesOf(t, "x: {s: [1, 2]}"), valuesOf(t, "x: {s: [1, 3]}"), valuesOf(t, "x: {s: [1, 2, 4]}"))
	require.ErrorContains(t, err, "entries of x.s came or went")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
}

const userFile = `
canvas: {replicas: 1, ui: {branding: {}}}
hue: {ociRegistry: {endpoint: oci://zot:5000, insecure: true, interval: 5m, basicAuth: {password: zot-secret}}}
fleetConfig: {spokes: [{name: edge, ociRegistry: {endpoint: oci://zot:5000}}]}
`

const renderedFile = `
canvas: {replicas: 1, ui: {branding: {}}}
hue: {ociRegistry: {endpoint: oci://ecr/p, insecure: false, interval: 5m, provider: aws}}
fleetConfig: {spokes: [{name: edge, ociRegistry: {endpoint: oci://ecr/p, provider: aws}}]}
`

func onlyLive(t *testing.T, live, defaults string) []string {
	t.Helper()
	keys, err := OnlyLive(valuesOf(t, userFile), valuesOf(t, renderedFile), valuesOf(t, live), valuesOf(t, defaults))
	require.NoError(t, err)
	var lines []string
	for _, k := range keys {
		lines = append(lines, k.String())
	}
	return lines
}

func TestOnlyLive(t *testing.T) {
	t.Parallel()
	assert.Empty(t, onlyLive(t, userFile, ""), "the release is as the file")
	assert.Empty(t, onlyLive(t, renderedFile, ""), "or has been moved already")
	assert.Empty(t, onlyLive(t, "hue: {ociRegistry: {endpoint: oci://other:5000, basicAuth: {password: another}}}", ""), "what rendering sets is its own")
	assert.Equal(t, []string{
		`canvas.replicas: 3 (the file has 1)`,
		`canvas.ui.branding.title: "Acme"`,
		`dex.config.secret: ********`,
		`dex.enabled: true`,
		`fleetConfig.spokes[name=edge].klusterlet.mode: "Default"`,
		`fleetConfig.spokes[name=west].name: "west"`,
		`hue.ociRegistry.interval: "1m" (the file has "5m")`,
	}, onlyLive(t, `
canvas: {replicas: 3, ui: {branding: {title: Acme}}}
dex: {enabled: true, config: {secret: s3cret}}
global: {timeout: 5m}
hue: {ociRegistry: {endpoint: oci://zot:5000, insecure: true, interval: 1m, basicAuth: {password: zot-secret}}}
fleetConfig: {spokes: [{name: west}, {name: edge, klusterlet: {mode: Default}, ociRegistry: {endpoint: oci://zot:5000}}]}
`, "global: {timeout: 5m, other: 1}"))

	err := RefuseLoss([]LiveKey{{Path: "a.b", Live: "3", File: "1"}, {Path: "c", Live: "********"}}, "mural-system/mural")
	require.EqualError(t, err, "comparing the file with release mural-system/mural: 2 keys would be lost that only the cluster has so: a.b: 3 (the file has 1); c: ********")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "--keep-live")
	require.NoError(t, RefuseLoss(nil, ""))
}

// TestKeepLiveLosesNothing: what --keep-live makes has nothing left that only the cluster has, and all of ours.
func TestKeepLiveLosesNothing(t *testing.T) {
	t.Parallel()
	file, rendered := valuesOf(t, userFile), valuesOf(t, renderedFile)
	live := valuesOf(t, "{canvas: {replicas: 3, ui: {branding: {title: Acme}}}, hue: {ociRegistry: {endpoint: 'oci://zot:5000', insecure: true, interval: 1m, basicAuth: {password: zot-secret}}}, fleetConfig: {spokes: [{name: edge, mode: x, ociRegistry: {endpoint: 'oci://zot:5000'}}]}}")
	kept, err := Merge(file, rendered, live)
	require.NoError(t, err)
	assert.Equal(t, valuesOf(t, `
canvas: {replicas: 3, ui: {branding: {title: Acme}}}
hue: {ociRegistry: {endpoint: oci://ecr/p, insecure: false, interval: 1m, provider: aws}}
fleetConfig: {spokes: [{name: edge, mode: x, ociRegistry: {endpoint: oci://ecr/p, provider: aws}}]}
`), kept)
	keys, err := OnlyLive(file, kept, live, nil)
	require.NoError(t, err)
	assert.Empty(t, keys)
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]any{
		"password": "s3cret", "token": 12345678, "url": "https://ann:s3cret@example.com", "text": "a\ns3cret",
		"long": "s3cret-s3cret-s3cret-s3cret-s3cret-s3cret-s3cret", "clientSecret": "s3cret",
	} {
		assert.Equal(t, "********", shown(key, value), key)
	}
	assert.Equal(t, "{1 keys}", shown("settings", map[string]any{"a": "s3cret"}))
	assert.Equal(t, `"5m"`, shown("interval", "5m"))
	assert.Equal(t, "true", shown("enabled", true))
	assert.Equal(t, "null", shown("enabled", nil))
}
