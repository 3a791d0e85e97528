package copy_test

import (
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestOddArtifacts are all right by the specification, and rare: a layer of no bytes, an index of an index, a signature of a
// signature, one blob under two media types, and a repository with nothing in it.
func TestOddArtifacts(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	r, p, err := copy.RunProven(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
	assert.Equal(t, "the source is empty", r.String())

	empty := src.blob(ocispec.MediaTypeImageLayer, nil)
	src.push("no-bytes", "has an empty layer", func(m *ocispec.Manifest) { m.Layers = append(m.Layers, empty) })
	src.push("two-types", "one blob, two media types", func(m *ocispec.Manifest) {
		again := m.Layers[0]
		again.MediaType = ocispec.MediaTypeImageLayer
		m.Layers = append(m.Layers, again)
	})
	inner := src.index("", ocispec.MediaTypeImageIndex, src.push("", "amd64"))
	src.index("indexes", ocispec.MediaTypeImageIndex, inner)
	signed := src.push("signed", "signed")
	signature := src.push("", "signature", subject(signed))
	countersignature := src.push("", "signature of the signature", subject(signature))

	r, p, err = copy.RunProven(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
	assert.Equal(t, copy.Tally{Total: 8, Copied: 8}, r.Manifests)
	assert.Equal(t, 8, dst.asked("PUT", "/manifests/"), "each once")
	assert.Equal(t, countersignature.Digest.String(), dst.digestOf(countersignature.Digest.String()))
	assert.Equal(t, inner.Digest.String(), dst.digestOf(inner.Digest.String()))
}
