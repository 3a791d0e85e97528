package deploy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// TestMergeUndoes takes the change that a cutover made out of values that were changed since.
func TestMergeUndoes(t *testing.T) {
	type m = map[string]any
	original := m{"global": "a", "hue": m{"replicas": 1.0, "ociRegistry": m{"endpoint": "zot", "basicAuth": m{"password": "p"}}}}
	applied := m{"global": "a", "hue": m{"replicas": 1.0, "ociRegistry": m{"endpoint": "ecr", "basicAuth": nil, "provider": "aws"}}, "zot": m{"enabled": false}}
	copied := func(change func(m)) m {
		live := m{"global": "a", "hue": m{"replicas": 1.0, "ociRegistry": m{"endpoint": "ecr", "basicAuth": nil, "provider": "aws"}}, "zot": m{"enabled": false}}
		change(live)
		return live
	}
	for name, test := range map[string]struct {
		live, wanted m
		fails        string
	}{
		"nothing changed since":       {live: copied(func(m) {}), wanted: original},
		"other things changed":        {live: copied(func(l m) { l["global"] = "b"; l["hue"].(m)["replicas"] = 3.0; l["zot"].(m)["size"] = "9Gi" }), wanted: m{"global": "b", "hue": m{"replicas": 3.0, "ociRegistry": original["hue"].(m)["ociRegistry"]}, "zot": m{"size": "9Gi"}}},
		"the registry changed, too":   {live: copied(func(l m) { l["hue"].(m)["ociRegistry"].(m)["endpoint"] = "other" }), wanted: original},
		"something was taken out":     {live: copied(func(l m) { delete(l, "global") }), wanted: m{"hue": original["hue"]}},
		"Zot was turned on since":     {live: copied(func(l m) { l["zot"] = m{"enabled": true} }), wanted: original},
		"the section is gone":         {live: copied(func(l m) { delete(l, "zot") }), wanted: original},
		"a map has become one string": {live: copied(func(l m) { l["zot"] = "none" }), wanted: original},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Merge(applied, original, test.live)
			require.NoError(t, err)
			assert.Equal(t, test.wanted, got)
		})
	}

	spokes := func(endpoints ...any) m {
		var list []any
		for _, endpoint := range endpoints {
			list = append(list, m{"name": "hub", "endpoint": endpoint, "size": 1.0})
		}
		return m{"fleetConfig": m{"spokes": list}}
	}
	live := spokes("ecr", "ecr")
	live["fleetConfig"].(m)["spokes"].([]any)[1].(m)["size"] = 2.0
	got, err := Merge(spokes("ecr", "ecr"), spokes("zot", "zot"), live)
	require.NoError(t, err)
	wanted := spokes("zot", "zot")
	wanted["fleetConfig"].(m)["spokes"].([]any)[1].(m)["size"] = 2.0
	assert.Equal(t, wanted, got)
	_, err = Merge(spokes("ecr"), spokes("zot"), spokes("ecr", "ecr"))
	require.EqualError(t, err, "merging the values of the release: entries of fleetConfig.spokes came or went, and they have no names to match them by")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
}
