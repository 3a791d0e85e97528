package copy_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func fallback(d ocispec.Descriptor) string { return strings.ReplaceAll(d.Digest.String(), ":", "-") }

// found are the referrers that a client of a registry without the API finds.
func (f *fake) found(of ocispec.Descriptor) []digest.Digest {
	repo, err := remote.NewRepository(f.repo().Reference.String())
	require.NoError(f.t, err)
	repo.PlainHTTP = true
	require.NoError(f.t, repo.SetReferrersCapability(false))
	all, err := repo.Predecessors(context.Background(), of)
	require.NoError(f.t, err)
	var digests []digest.Digest
	for _, d := range all {
		digests = append(digests, d.Digest)
		assert.Equal(f.t, "application/vnd.cncf.flux.config.v1+json", d.ArtifactType)
	}
	return digests
}

func TestReferrersByTagAtTheSource(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusMethodNotAllowed} {
		src, dst := start(t), start(t)
		signed := src.push("v1", "signed")
		signature := src.push("", "signature", subject(signed))
		index := src.index(fallback(signed), ocispec.MediaTypeImageIndex, signature)
		src.meddle(without(status))

		complete(t, src, dst, copy.Options{})
		assert.Equal(t, signature.Digest.String(), dst.digestOf(signature.Digest.String()))
		assert.Equal(t, index.Digest.String(), dst.digestOf(fallback(signed)), "the tag is copied as any other")
	}
}

func TestReferrersByTagAtTheDestination(t *testing.T) {
	src, dst := start(t), start(t)
	dst.meddle(without(http.StatusMethodNotAllowed)) // as ECR was seen to answer
	signed := src.push("v1", "signed")
	signature := src.push("", "signature", subject(signed))
	complete(t, src, dst, copy.Options{})
	assert.Equal(t, []digest.Digest{signature.Digest}, dst.found(signed))

	r, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.False(t, r.Changed(), "a second run writes nothing")

	sbom := src.push("", "sbom", subject(signed))
	theirs := dst.push("", "somebody's own", subject(signed))
	own := theirs
	own.ArtifactType = "application/vnd.cncf.flux.config.v1+json"
	signature.ArtifactType = own.ArtifactType
	dst.index(fallback(signed), ocispec.MediaTypeImageIndex, signature, own)
	complete(t, src, dst, copy.Options{})
	assert.ElementsMatch(t, []digest.Digest{signature.Digest, sbom.Digest, theirs.Digest}, dst.found(signed), "nobody's referrer is dropped")
	assert.Zero(t, dst.asked("DELETE"), "ECR answers a DELETE with 405")
}

func TestReferrersThatTheDestinationDoesNotList(t *testing.T) {
	src, dst := start(t), start(t)
	signed := src.push("v1", "signed")
	signature := src.push("", "signature", subject(signed))
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
		_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[]}`))
		return true
	})
	_, proof, err := copy.RunProven(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Cause, "referrer "+signature.Digest.String()+": not listed with tag v1")

	dst.meddle(without(http.StatusForbidden))
	proof, err = copy.Verify(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "that they may not be listed is no gap: they were read")
}
