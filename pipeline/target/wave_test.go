package target_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func TestWaves(t *testing.T) {
	for name, test := range map[string]struct {
		waves []target.Wave
		says  string
	}{
		"in order":                {waves: []target.Wave{{Name: "readers", Spokes: []string{"a"}}, {Name: "rest", Spokes: []string{"b"}}}},
		"without a name":          {[]target.Wave{{Spokes: []string{"a"}}}, "a wave has no name"},
		"without spokes":          {[]target.Wave{{Name: "readers"}}, "or no spoke"},
		"twice the same name":     {[]target.Wave{{Name: "readers", Spokes: []string{"a"}}, {Name: "readers", Spokes: []string{"b"}}}, `there are two waves "readers"`},
		"a spoke in two":          {[]target.Wave{{Name: "readers", Spokes: []string{"a"}}, {Name: "rest", Spokes: []string{"a"}}}, `spoke "a" is in the waves "readers" and "rest"`},
		"a spoke that is not one": {[]target.Wave{{Name: "readers", Spokes: []string{"hub"}}}, `wave "readers" has the spoke "hub", which is not named`},
	} {
		t.Run(name, func(t *testing.T) {
			c := target.Cutover{Waves: test.waves, Spokes: []target.Cluster{{Name: "a", Kubeconfig: "a"}, {Name: "b", Kubeconfig: "b"}}}.WithDefaults()
			err := c.Validate(target.NeedClusters)
			if test.says == "" {
				require.NoError(t, err)
				wave, err := c.Wave("rest")
				require.NoError(t, err)
				assert.Equal(t, []string{"b"}, wave.Spokes)
				_, err = c.Wave("none")
				require.ErrorContains(t, err, `there is no wave "none"`)
				assert.Equal(t, "take one of readers, rest", fault.RemedyOf(err))
				return
			}
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		})
	}
	_, err := target.Cutover{}.Wave("readers")
	require.ErrorContains(t, err, "the target has none")
}

func TestSoak(t *testing.T) {
	for text, says := range map[string]string{"": "", "30m": "", "1h30m": "", "soon": `"soon", is not a duration`, "-5m": "is not a duration"} {
		err := target.Cutover{Soak: target.Soak{For: text}}.WithDefaults().Validate(target.NeedRelease)
		if says == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, says)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
	c := target.Cutover{}.WithDefaults()
	c.Soak.Failures = -1
	require.ErrorContains(t, c.Validate(target.NeedRelease), "-1 failures")
}
