package values_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

func parse(t testing.TB, source string) *values.File {
	t.Helper()
	f, err := values.Parse("values.yaml", []byte(source))
	require.NoError(t, err)
	return f
}

const shared = `registry: &zot # of all
  endpoint: oci://zot:5000
  ünï: "x" # not a key
hue:
  ociRegistry:
    <<: *zot
    insecure: yes
  n: 5m
fleetConfig:
  spokes:
    - name: a
      ociRegistry: *zot
    - {name: b, "ociRegistry": {endpoint: 'oci://b'}}
`

func TestLookup(t *testing.T) {
	t.Parallel()
	f := parse(t, shared)
	n, ok := f.Lookup("fleetConfig", "spokes", 1, "ociRegistry", "endpoint")
	require.True(t, ok)
	assert.Equal(t, "oci://b", n.Value())
	assert.Equal(t, "fleetConfig.spokes[1].ociRegistry.endpoint", n.Path)
	assert.Equal(t, report.Place{File: "values.yaml", Line: 13, Column: 33, EndLine: 13, EndColumn: 41, Path: n.Path}, n.Key())
	assert.Equal(t, report.Place{File: "values.yaml", Line: 13, Column: 43, EndLine: 13, EndColumn: 52, Path: n.Path}, n.Place())
	_, aliased := n.Aliased()
	assert.False(t, aliased)

	n, ok = f.Lookup("hue", "ociRegistry", "endpoint")
	require.True(t, ok)
	assert.Equal(t, "oci://zot:5000", n.Text())
	assert.Equal(t, 2, n.Key().Line)
	at, aliased := n.Aliased()
	assert.True(t, aliased)
	assert.Equal(t, 6, at.Line)

	n, ok = f.Lookup("fleetConfig", "spokes", 0, "ociRegistry", "ünï")
	require.True(t, ok)
	at, aliased = n.Aliased()
	assert.True(t, aliased)
	assert.Equal(t, 12, at.Line)
	assert.Equal(t, 6, n.Key().EndColumn, "columns count characters")

	for _, path := range [][]any{{"nothing"}, {"fleetConfig", "spokes", 2}, {"fleetConfig", 0}, {"hue", "n", "deeper"}, {1.5}} {
		_, ok := f.Lookup(path...)
		assert.False(t, ok, "%v", path)
	}
}

func TestValuesAreDecodedAsHelmDoes(t *testing.T) {
	t.Parallel()
	f := parse(t, shared)
	assert.Equal(t, map[string]any{
		"registry": map[string]any{"endpoint": "oci://zot:5000", "ünï": "x"},
		"hue":      map[string]any{"ociRegistry": map[string]any{"endpoint": "oci://zot:5000", "ünï": "x", "insecure": true}, "false": "5m"},
		"fleetConfig": map[string]any{"spokes": []any{
			map[string]any{"name": "a", "ociRegistry": map[string]any{"endpoint": "oci://zot:5000", "ünï": "x"}},
			map[string]any{"name": "b", "ociRegistry": map[string]any{"endpoint": "oci://b"}},
		}},
	}, f.Values())
	root, ok := f.Root()
	require.True(t, ok)
	assert.Equal(t, f.Values(), root.Value(), "our decoding and the library's")
}

func TestComments(t *testing.T) {
	t.Parallel()
	f := parse(t, "\ufeff# first\na: 'x # y' # z\n  # alone\nb: |\n  # text\nc: d#e\n# end")
	assert.Equal(t, []values.Comment{
		{1, 1, "# first", true}, {2, 12, "# z", false}, {3, 3, "# alone", true}, {7, 1, "# end", true},
	}, f.Comments())
}

func TestMasked(t *testing.T) {
	t.Parallel()
	f := parse(t, "a:\n  password: hunter2 # old\n  sessionSecret: |\n    hunter2\n    hunter2\n  x: {user: u, token: 'hunter2', tokens: [hunter2]}\n  secretReference: {name: n}\n  sessionSecret2: y\n")
	want := []string{"a:", "  password: ******** # ********", "  sessionSecret: ********", "    ********", "    ********", "  x: {user: ********, token: ********, tokens: [********]}", "  secretReference: {name: n}", "  sessionSecret2: ********"}
	for i, line := range want {
		assert.Equal(t, line, f.Masked(i+1))
	}
}
