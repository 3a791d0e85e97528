package threeway_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/threeway"
)

func TestUndo(t *testing.T) {
	type m = map[string]any
	original := m{"global": "a", "hue": m{"replicas": 1, "ociRegistry": m{"endpoint": "zot", "basicAuth": m{"password": "p"}}}}
	applied := m{"global": "a", "hue": m{"replicas": 1, "ociRegistry": m{"endpoint": "ecr", "basicAuth": nil, "provider": "aws"}}, "zot": m{"enabled": false}}
	copied := func(change func(m)) m {
		live := m{"global": "a", "hue": m{"replicas": 1, "ociRegistry": m{"endpoint": "ecr", "basicAuth": nil, "provider": "aws"}}, "zot": m{"enabled": false}}
		change(live)
		return live
	}
	for name, test := range map[string]struct {
		live, wanted m
		fails        string
	}{
		"nothing changed since":       {live: copied(func(m) {}), wanted: original},
		"other things changed":        {live: copied(func(l m) { l["global"] = "b"; l["hue"].(m)["replicas"] = 3; l["zot"].(m)["size"] = "9Gi" }), wanted: m{"global": "b", "hue": m{"replicas": 3, "ociRegistry": original["hue"].(m)["ociRegistry"]}, "zot": m{"size": "9Gi"}}},
		"the registry changed, too":   {live: copied(func(l m) { l["hue"].(m)["ociRegistry"].(m)["endpoint"] = "other" }), wanted: original},
		"something was taken out":     {live: copied(func(l m) { delete(l, "global") }), wanted: m{"hue": original["hue"]}},
		"Zot was turned on since":     {live: copied(func(l m) { l["zot"] = m{"enabled": true} }), wanted: original},
		"the section is gone":         {live: copied(func(l m) { delete(l, "zot") }), wanted: original},
		"a map has become one string": {live: copied(func(l m) { l["zot"] = "none" }), wanted: original},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := threeway.Undo(original, applied, test.live)
			require.NoError(t, err)
			assert.Equal(t, test.wanted, got)
		})
	}

	spokes := func(endpoints ...any) m {
		var list []any
		for _, endpoint := range endpoints {
			list = append(list, m{"name": "hub", "endpoint": endpoint, "size": 1})
		}
		return m{"fleetConfig": m{"spokes": list}}
	}
	live := spokes("ecr", "ecr")
	live["fleetConfig"].(m)["spokes"].([]any)[1].(m)["size"] = 2
	got, err := threeway.Undo(spokes("zot", "zot"), spokes("ecr", "ecr"), live)
	require.NoError(t, err)
	wanted := spokes("zot", "zot")
	wanted["fleetConfig"].(m)["spokes"].([]any)[1].(m)["size"] = 2
	assert.Equal(t, wanted, got)
	_, err = threeway.Undo(spokes("zot"), spokes("ecr"), spokes("ecr", "ecr"))
	require.EqualError(t, err, "going back to the previous values: entries of fleetConfig.spokes came or went since the cutover")
	assert.Contains(t, fault.RemedyOf(err), "--discard-changes")
}
