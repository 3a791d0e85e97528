package warm_test

import (
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/warm"
)

// TestPull pulls each artifact once, with its layers, and says what is not there.
func TestPull(t *testing.T) {
	t.Parallel()
	store := memory.New()
	layer, err := oras.PushBytes(t.Context(), store, "application/x-layer", []byte("the layer"))
	require.NoError(t, err)
	manifest, err := oras.PackManifest(t.Context(), store, oras.PackManifestVersion1_1, "application/x-test", oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}})
	require.NoError(t, err)
	require.NoError(t, store.Tag(t.Context(), manifest, "v1"))
	require.NoError(t, store.Tag(t.Context(), manifest, manifest.Digest.String()))

	got, err := warm.Pull(t.Context(), store, []copy.Reference{
		{Tag: "v1", From: "a/a@hub"}, {Tag: "v1", From: "a/b@hub"}, {Digest: manifest.Digest.String(), Tag: "v1", From: "a/c@hub"},
		{Tag: "gone", From: "a/d@hub"}, {},
	})
	require.NoError(t, err)
	assert.Equal(t, 2, got.Artifacts, "the tag, and the digest")
	assert.Equal(t, 2*(manifest.Size+layer.Size+2), got.Bytes, "the empty config has two bytes")
	assert.Equal(t, []copy.Reference{{Tag: "gone", From: "a/d@hub"}}, got.Missing)
}
