package copy_test

import (
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestLayersThatMayNotBeDistributed are left out, and the proof says so: whoever reads it may think that they are copied.
func TestLayersThatMayNotBeDistributed(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	base := ocispec.Descriptor{
		MediaType: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Digest: digest.FromString("windows"), Size: 7,
		URLs: []string{"https://mcr.example/windows"},
	}
	for _, tag := range []string{"v1", "v2"} {
		src.push(tag, tag, func(m *ocispec.Manifest) { m.Layers = append(m.Layers, base) })
	}
	r, p, err := copy.RunProven(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict)
	assert.Contains(t, p.Summary, "1 layer may not be distributed")
	require.Len(t, p.Evidence, 3)
	assert.Contains(t, p.Evidence[1].Seen, base.Digest.String())
	assert.Contains(t, p.Evidence[1].Seen, base.URLs[0])
	assert.Contains(t, strings.Join(r.Notes, "\n"), base.Digest.String())
}
