package plan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func digest(letter string) string { return "sha256:" + strings.Repeat(letter, 64) }

// sample is a plan as run has it, with something of everything.
func sample() plan.Document {
	return plan.Document{
		Stages: []string{"copy", "deploy", "validate", "disable-zot"},
		Target: plan.Target{Source: "oci://zot:5000/mural-workloads", Destination: "oci://ecr/palette/mural-workloads", Release: "mural-system/mural", Clusters: []string{"hub"}},
		Facts: []plan.Fact{
			{Kind: plan.Input, Name: "values", Seen: "pbkdf2:" + strings.Repeat("1", 64)},
			{Kind: plan.Input, Name: "chart mural", Seen: digest("2")},
			{Kind: plan.Release, Name: "mural-system/mural", Seen: "revision 1, deployed, chart 1.0.7"},
			{Kind: plan.Object, Name: "Deployment mural-system/hue", Seen: "generation 3, " + digest("3")},
			{Kind: plan.Object, Name: "ServiceAccount mural-system/new", Seen: plan.Absent},
			{Kind: plan.Workload, Name: "apps/checkout on hub", Seen: digest("4")},
		},
		Effects: []plan.Effect{
			{Stage: "disable-zot", Action: plan.Delete, Object: "StatefulSet mural-system/zot"},
			{Stage: "deploy", Action: plan.Update, Object: "Deployment mural-system/hue", Diff: "-a\n+b\n"},
			{Stage: "deploy", Action: plan.Create, Object: "ServiceAccount mural-system/new"},
		},
		Copy: plan.Copy{Manifests: 2, Blobs: 3, Bytes: 1024, Seconds: 0.5, Tags: []plan.Tag{
			{Name: "checkout", Source: digest("a")}, {Name: "cart", Source: digest("b"), Destination: digest("c")}, {Name: "same", Source: digest("d"), Destination: digest("d")},
		}},
		Restarts: []string{"Deployment mural-system/hue", "Deployment mural-system/hue"},
		Values:   "--- values.yaml\n+++ values.yaml\n",
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	d := plan.New(sample())
	assert.Equal(t, report.Changes{Create: 3, Update: 2, Delete: 1}, d.Changes(), "objects, manifests to send, and the tag that moves")
	assert.True(t, d.Pending())
	assert.False(t, plan.New(plan.Document{}).Pending())
	assert.True(t, plan.New(plan.Document{Copy: plan.Copy{Tags: []plan.Tag{{Name: "more", Source: digest("a")}}}}).Pending(), "a tag for what is there already")
	assert.False(t, plan.New(plan.Document{Copy: plan.Copy{Tags: []plan.Tag{{Name: "newer", Source: digest("a"), Destination: digest("b"), Kept: true}}}}).Pending())
	assert.True(t, plan.New(plan.Document{Restarts: []string{"Deployment a/b"}}).Pending())
}

// TestSameBytes: whatever order it was found in.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	one, other := sample(), sample()
	for i, j := 0, len(other.Facts)-1; i < j; i, j = i+1, j-1 {
		other.Facts[i], other.Facts[j] = other.Facts[j], other.Facts[i]
	}
	other.Effects[0], other.Effects[2] = other.Effects[2], other.Effects[0]
	other.Copy.Tags[0], other.Copy.Tags[1] = other.Copy.Tags[1], other.Copy.Tags[0]
	first, err := plan.New(one).Encode()
	require.NoError(t, err)
	second, err := plan.New(other).Encode()
	require.NoError(t, err)
	assert.Equal(t, string(first), string(second))
}

func TestReadBack(t *testing.T) {
	t.Parallel()
	d := plan.New(sample())
	data, err := d.Encode()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cutover.plan")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	back, err := plan.Read(path)
	require.NoError(t, err)
	assert.Equal(t, d, back)

	for name, bad := range map[string]string{
		"an effect taken out":  strings.Replace(string(data), `"action": "delete"`, `"action": "update"`, 1),
		"another hash":         strings.Replace(string(data), d.Hash, digest("0"), 1),
		"an unknown key":       strings.Replace(string(data), `"stages"`, `"more": 1, "stages"`, 1),
		"another version":      strings.Replace(string(data), plan.APIVersion, "palette-ecr/v9", 1),
		"something behind it":  string(data) + "{}",
		"a report, not a plan": `{"apiVersion": "palette-ecr/v1alpha1", "kind": "Report"}`,
		"cut off":              string(data[:len(data)/2]),
		"empty":                "",
	} {
		require.NoError(t, os.WriteFile(path, []byte(bad), 0o600))
		_, err := plan.Read(path)
		require.Error(t, err, name)
		assert.Equal(t, fault.Usage, fault.CodeOf(err), name)
	}
	_, err = plan.Read(path + ".missing")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

func TestSchema(t *testing.T) {
	t.Parallel()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(plan.Schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("plan.json", parsed))
	schema, err := compiler.Compile("plan.json")
	require.NoError(t, err)
	valid := func(data []byte) error {
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		return schema.Validate(instance)
	}
	for _, d := range []plan.Document{sample(), {}} {
		data, err := plan.New(d).Encode()
		require.NoError(t, err)
		require.NoError(t, valid(data))
		require.Error(t, valid(bytes.Replace(data, []byte(`"kind": "Plan"`), []byte(`"kind": "Other"`), 1)))
		require.Error(t, valid(bytes.Replace(data, []byte(`"stages"`), []byte(`"steps"`), 1)))
	}
}

// TestSeal: equal values have equal seals, and the same values of another installation another one.
func TestSeal(t *testing.T) {
	t.Parallel()
	one, err := plan.Seal(map[string]any{"b": 1.0, "a": "marker-7Qx"}, "ns/mural")
	require.NoError(t, err)
	same, err := plan.Seal(map[string]any{"a": "marker-7Qx", "b": 1.0}, "ns/mural")
	require.NoError(t, err)
	other, err := plan.Seal(map[string]any{"a": "marker-7Qx", "b": 1.0}, "other/mural")
	require.NoError(t, err)
	assert.Equal(t, one, same)
	assert.NotEqual(t, one, other)
	assert.NotContains(t, one, "marker")
	assert.NotContains(t, one, plan.Sum(map[string]any{"a": "marker-7Qx", "b": 1.0}), "a plain hash would let people guess")
}
