package copy_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// TestAllThatIsBrokenIsNamed: blobs that the source lacks or has damaged are named together, and what is whole is copied.
func TestAllThatIsBrokenIsNamed(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("whole", "whole")
	var lost, damaged []ocispec.Descriptor
	for i := range 14 {
		src.push(fmt.Sprintf("v%02d", i), strconv.Itoa(i), func(m *ocispec.Manifest) {
			if i < 12 {
				lost = append(lost, m.Layers[0])
			} else {
				damaged = append(damaged, m.Layers[0])
			}
		})
	}
	for _, d := range lost {
		src.delete("blobs", d.Digest)
	}
	src.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		for _, d := range damaged {
			if r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, d.Digest.String()) {
				_, _ = w.Write([]byte(strings.Repeat("?", int(d.Size))))
				return true
			}
		}
		return false
	})
	r, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.ErrorContains(t, err, "14 are missing there or not what their digests say")
	require.ErrorContains(t, err, "and 4 more")
	assert.Contains(t, fault.RemedyOf(err), "push the artifact again")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	var side *copy.Error
	require.ErrorAs(t, err, &side)
	assert.Equal(t, copy.FromSource, side.Side)
	assert.Equal(t, 1, r.Manifests.Copied)
	assert.NotEmpty(t, dst.digestOf("whole"))
	assert.Empty(t, dst.digestOf("v00"), "what is broken is not sent in part")
	assert.Empty(t, dst.digestOf("v13"))
}

// TestAllManifestsThatAreBrokenAreNamed, with the blobs that are missing besides, before anything is sent.
func TestAllManifestsThatAreBrokenAreNamed(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("v1", "one")
	src.push("v2", "two")
	child := src.push("", "child")
	src.index("multi", ocispec.MediaTypeImageIndex, child)
	src.delete("manifests", child.Digest)
	var lost ocispec.Descriptor
	src.push("v3", "three", func(m *ocispec.Manifest) { lost = m.Layers[0] })
	src.delete("blobs", lost.Digest)
	src.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		wrong := r.Method == http.MethodGet && (strings.HasSuffix(r.URL.Path, "/manifests/v1") || strings.HasSuffix(r.URL.Path, "/manifests/v2"))
		if wrong {
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
			_, _ = w.Write([]byte(`{"schemaVersion":2}`))
		}
		return wrong
	})
	_, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.ErrorContains(t, err, "4 faults")
	for _, each := range []string{`manifest v1`, `manifest v2`, child.Digest.String(), lost.Digest.String()} {
		require.ErrorContains(t, err, each)
	}
	assert.Zero(t, dst.asked("PUT"))
}

// TestBrokenRepositoryKeepsNoOtherBack: the next one is copied, and the error names both.
func TestBrokenRepositoryKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	var pairs []copy.Pair
	var lost []ocispec.Descriptor
	whole := start(t)
	for i := range 3 {
		src, dst := start(t), whole
		src.push("v1", strconv.Itoa(i), func(m *ocispec.Manifest) { lost = append(lost, m.Layers[0]) })
		if i < 2 {
			src.delete("blobs", lost[i].Digest)
			dst = start(t)
		}
		pairs = append(pairs, copy.Pair{Source: src.source(), Destination: dst.destination()})
	}
	results, _, err := copy.RunAll(t.Context(), pairs, copy.Options{})
	require.ErrorContains(t, err, lost[0].Digest.String())
	require.ErrorContains(t, err, lost[1].Digest.String())
	assert.Len(t, results, 3)
	assert.NotEmpty(t, whole.digestOf("v1"))
}

// TestLookFindsWhatIsIncomplete, though it sends nothing: of what the destination lacks, each blob is asked for in the source.
func TestLookFindsWhatIsIncomplete(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("v1", "one")
	var lost ocispec.Descriptor
	src.push("v2", "two", func(m *ocispec.Manifest) { lost = m.Layers[0] })
	src.delete("blobs", lost.Digest)
	src.forget()
	s, err := copy.Look(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"blob " + lost.Digest.String() + " (tag v2) is missing"}, s.Incomplete)
	assert.Zero(t, s.Unseen)
	assert.Equal(t, 4, src.asked("HEAD", "/blobs/"))
	assert.Zero(t, src.asked("GET", "/blobs/"))
}

// TestTagThatWasDeletedAtTheDestination since it was copied there is said when it comes again.
func TestTagThatWasDeletedAtTheDestination(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("stays", "stays")
	gone := src.push("gone", "gone")
	first, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Empty(t, first.Notes, "what is new is not worth a word")
	dst.delete("manifests", gone.Digest)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, dst.server.URL+"/v2/"+repository+"/manifests/gone", nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Empty(t, dst.digestOf("gone"))
	again, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{Keep: true, Base: first.Base()})
	require.NoError(t, err)
	assert.Equal(t, []string{"tag gone was deleted at the destination since it was copied there, and is copied again"}, again.Notes)
	assert.NotEmpty(t, dst.digestOf("gone"))
}
