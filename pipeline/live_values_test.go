package pipeline

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// TestLiveValuesAreNotLost: what somebody set with `helm upgrade --set` is in no file, and is not given up silently.
func TestLiveValuesAreNotLost(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Live.Values = map[string]any{"canvas": map[string]any{"replicas": 3.0}, "global": s.given.File.Values()["global"]}

	rendered, err := Render(t.Context(), s.World, s.State, s.given)
	require.NoError(t, err)
	lost, err := rendered.lost(s.World, s.State)
	require.NoError(t, err)
	require.Len(t, lost, 1, "preflight makes a finding of each")
	assert.Equal(t, "canvas.replicas: 3", lost[0].String())
	_, err = Deploy(t.Context(), s.World, s.State, s.deployment(t).Copied)
	require.ErrorContains(t, err, "canvas.replicas: 3", "a stage that runs alone refuses too")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "--keep-live")

	s.given.KeepLive = true
	kept, err := Render(t.Context(), s.World, s.State, s.given)
	require.NoError(t, err)
	assert.EqualValues(t, 3, mural.Get(kept.Values, "canvas", "replicas"))
	assert.Equal(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", mural.Get(kept.Values, "hue", "ociRegistry", "endpoint"))
	assert.NotContains(t, string(kept.Wanted.Data()), "canvas", "the person's file stays theirs")

	s.given.KeepLive, s.given.DiscardLive = false, true
	given, err := Render(t.Context(), s.World, s.State, s.given)
	require.NoError(t, err)
	assert.Nil(t, mural.Get(given.Values, "canvas", "replicas"))
}
