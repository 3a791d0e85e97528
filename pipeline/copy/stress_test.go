package copy_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestTagThatMovesWhileCopying is hue pushing while one part of a copy is at work (RunProven reads again). What was read is
// copied whole; the next look finds what came since, and the next copy brings it.
func TestTagThatMovesWhileCopying(t *testing.T) {
	src, dst := start(t), start(t)
	before := src.push("v1", "before")
	var moved atomic.Value
	src.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/blobs/") && moved.CompareAndSwap(nil, digest.Digest("")) {
			src.meddle(nil)
			moved.Store(src.push("v1", "after").Digest)
		}
		return false
	})
	r, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	after := moved.Load().(digest.Digest)
	assert.Equal(t, before.Digest.String(), r.Tags[0].Digest)
	assert.Equal(t, before.Digest.String(), dst.digestOf("v1"))

	proof, err := copy.Verify(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, fmt.Sprint(proof.Evidence), after.String())

	r = complete(t, src, dst, copy.Options{})
	assert.Equal(t, copy.Overwritten, r.Tags[0].Outcome)
	assert.Equal(t, after.String(), dst.digestOf("v1"))
	assert.Equal(t, before.Digest.String(), dst.digestOf(before.Digest.String()), "what clusters may still read stays")
}

// TestReferrerOfADockerManifest has a subject of a kind that is older than subjects (distribution/distribution#4927).
func TestReferrerOfADockerManifest(t *testing.T) {
	src, dst := start(t), start(t)
	const kind = "application/vnd.docker.distribution.manifest.v2+json"
	image := src.put("v1", kind, ocispec.Manifest{
		MediaType: kind,
		Config:    src.blob("application/vnd.docker.container.image.v1+json", []byte("{}")),
		Layers:    []ocispec.Descriptor{src.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", []byte("layer"))},
	})
	signature := src.push("", "signature", subject(image))
	complete(t, src, dst, copy.Options{})
	assert.Equal(t, image.Digest.String(), dst.digestOf("v1"))
	referrers, err := dst.repo().Predecessors(context.Background(), image)
	require.NoError(t, err)
	require.Len(t, referrers, 1)
	assert.Equal(t, signature.Digest, referrers[0].Digest)
}

// TestFallbackTagThatIsTheIndexItself is a registry without the referrers API that answers the tag sha256-DIGEST with what
// has that digest (oras-project/oras#2174). Its children are no referrers of it, and it must not be lost under the tag.
func TestFallbackTagThatIsTheIndexItself(t *testing.T) {
	src, dst := start(t), start(t)
	child := src.push("", "child")
	index := src.index("multi", ocispec.MediaTypeImageIndex, child)
	signature := src.push("", "signature", subject(index))
	tag := "sha256-" + index.Digest.Encoded()
	lacks := without(http.StatusNotFound)
	var written atomic.Bool
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "/manifests/"+tag) {
			if r.Method == http.MethodPut {
				written.Store(true)
			} else if !written.Load() {
				r.URL.Path = strings.Replace(r.URL.Path, tag, index.Digest.String(), 1)
			}
		}
		return lacks(w, r)
	})
	complete(t, src, dst, copy.Options{})
	dst.meddle(nil)
	listed := dst.indexOf(tag)
	assert.Equal(t, []digest.Digest{signature.Digest}, listed, "not %s, which is its child", child.Digest)
}
