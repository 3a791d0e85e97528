package sops

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestCompare: the steps for sops, as its help has them: an index of brackets, and JSON.
func TestCompare(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after, steps string
	}{
		"nothing":        {"a: 1 # one\n", "a: 1\n", ""},
		"another value":  {"a: {b: x, c: y}\n", "a: {b: z, c: y}\n", `["a"]["b"] = "z"`},
		"another type":   {"a: \"1\"\n", "a: 1\n", `["a"] = 1`},
		"null":           {"a: {b: x}\n", "a: null\n", `["a"] = null`},
		"from null":      {"a: null\n", "a: {b: x}\n", `["a"] = {"b":"x"}`},
		"a new mapping":  {"a: 1\n", "a: 1\nb: {z: true, a: [1, {c: null}]}\n", `["b"] = {"z":true,"a":[1,{"c":null}]}`},
		"a key gone":     {"a: {b: x, c: y}\n", "a: {c: y}\n", `["a"]["b"]`},
		"a mapping gone": {"a: {b: x}\n", "a: {}\n", `["a"] = {}`},
		"in a list":      {"s: [{n: a}, {n: b}]\n", "s: [{n: a}, {n: b, e: x}]\n", `["s"][1]["e"] = "x"`},
		"a new list":     {"a: 1\n", "a: 1\ns: [{n: a}, {n: b}]\n", `["s"][0] = {"n":"a"}; ["s"][1] = {"n":"b"}`},
		"a longer list":  {"s: [x]\n", "s: [x, y]\n", `["s"][1] = "y"`},
		"a key with dots": {
			"a: {}\n", "a: {eks.amazonaws.com/role-arn: x}\n", `["a"]["eks.amazonaws.com/role-arn"] = "x"`,
		},
		"text that looks like another": {"a: 1\n", "a: \"true\"\n", `["a"] = "true"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, _, err := compare([]byte(c.before), []byte(c.after))
			require.NoError(t, err)
			var told []string
			for _, s := range steps {
				text := s.index
				if s.value != nil {
					text += " = " + string(s.value)
				}
				told = append(told, text)
			}
			assert.Equal(t, c.steps, strings.Join(told, "; "))
		})
	}
}

// TestCompareRefuses what sops can't be told.
func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]string{
		"a key with a bracket": "a[0]: hunter2\n",
		"an empty list":        "a: []\n",
		"the second document":  "b: 1\n---\nb: 1\n",
		"broken":               "a: [hunter2\n",
	} {
		_, _, err := compare([]byte("b: 1\n"), []byte(after))
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "hunter2", "no value is told")
	}
}
