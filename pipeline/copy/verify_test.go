package copy_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func verify(t *testing.T, src *fake, dst copy.Destination, o copy.Options) report.Proof {
	t.Helper()
	proof, err := copy.Verify(context.Background(), src.source(), dst, o)
	require.NoError(t, err)
	return proof
}

func TestProof(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	now := time.Unix(1_700_000_000, 0)
	_, proof, err := copy.RunProven(context.Background(), src.source(), dst.destination(), copy.Options{Now: func() time.Time { return now }, Lifetime: time.Minute})
	require.NoError(t, err)
	assert.Equal(t, report.ProofClosure, proof.Name)
	assert.Equal(t, now, proof.ObservedAt)
	assert.Equal(t, now.Add(time.Minute), proof.ExpiresAt)
	assert.Contains(t, proof.Summary, "1 tag, 1 manifest and 2 blobs read again, digests equal")
	require.Len(t, proof.Evidence, 2)
	assert.True(t, proof.Evidence[0].OK && proof.Evidence[1].OK)
}

func TestProofRereadsEverything(t *testing.T) {
	src, dst := start(t), start(t)
	amd := src.push("", "amd64")
	src.index("multi", ocispec.MediaTypeImageIndex, amd)
	src.push("v1", "one")
	src.push("v1-again", "one")
	complete(t, src, dst, copy.Options{})
	dst.forget()
	assert.Equal(t, report.Held, verify(t, src, dst.destination(), copy.Options{}).Verdict)
	assert.Equal(t, 3, dst.asked("GET", "/manifests/"), "each manifest is read")
	assert.Equal(t, 1, dst.asked("HEAD", "/manifests/"), "a second tag is asked for")
	assert.Equal(t, 4, dst.asked("HEAD", "/blobs/"), "each blob is asked for")
	assert.Zero(t, dst.asked("PUT")+dst.asked("POST")+dst.asked("PATCH"))
}

func TestWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct {
		breaks func(dst *fake, manifest, layer ocispec.Descriptor)
		cause  string
	}{
		"a blob under a manifest":    {func(dst *fake, _, layer ocispec.Descriptor) { dst.delete("blobs", layer.Digest) }, "missing (tag v1)"},
		"a manifest":                 {func(dst *fake, m, _ ocispec.Descriptor) { dst.delete("manifests", m.Digest) }, "missing (a referrer of tag v1)"},
		"another digest under a tag": {func(dst *fake, _, _ ocispec.Descriptor) { dst.push("v1", "newer") }, "tag v1: names sha256:"},
	} {
		t.Run(name, func(t *testing.T) {
			src, dst := start(t), start(t)
			signed := src.push("v1", "one")
			signature := src.push("", "signature", subject(signed))
			layer := src.blob("x", []byte("one"))
			complete(t, src, dst, copy.Options{})
			test.breaks(dst, signature, layer)

			proof := verify(t, src, dst.destination(), copy.Options{})
			assert.Equal(t, report.Broken, proof.Verdict)
			assert.Contains(t, proof.Cause, test.cause)
			assert.NotEmpty(t, proof.Remedy)
			assert.False(t, proof.Evidence[len(proof.Evidence)-1].OK)

			complete(t, src, dst, copy.Options{}) // repairs
			assert.Equal(t, report.Held, verify(t, src, dst.destination(), copy.Options{}).Verdict)
		})
	}
}

func TestRepairSendsOnlyWhatIsMissing(t *testing.T) {
	src, dst := start(t), start(t)
	for i := range 5 {
		src.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d", i))
	}
	complete(t, src, dst, copy.Options{})
	dst.delete("blobs", src.blob("x", []byte("artifact 3")).Digest)
	dst.forget()
	r := complete(t, src, dst, copy.Options{})
	assert.Equal(t, 1, r.Blobs.Copied)
	assert.Zero(t, r.Manifests.Copied)
	assert.Equal(t, int64(2), r.DestinationRequests.Writes(), "one POST and one PUT")
	assert.Contains(t, strings.Join(r.Notes, "\n"), "repairing")
}

func TestOnlyTheFirstTenAreNamed(t *testing.T) {
	src, dst := start(t), start(t)
	for i := range 15 {
		src.push(fmt.Sprintf("v%02d", i), fmt.Sprintf("artifact %d", i))
	}
	proof := verify(t, src, dst.destination(), copy.Options{})
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Len(t, proof.Evidence, 2+10+1)
	assert.Equal(t, "and 50 more", proof.Evidence[12].Seen) // 15 tags, 15 manifests, 30 blobs
}

// ecrAddress makes the destination look like ECR to whoever explains its answers.
func ecrAddress(t *testing.T, f *fake) copy.Destination {
	t.Helper()
	parsed, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	d := f.destination()
	d.Address, err = parsed.Repository("mural-workloads")
	require.NoError(t, err)
	return d
}

func TestUnproven(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	complete(t, src, dst, copy.Options{})
	for name, test := range map[string]struct{ method, path, action string }{
		"manifests": {http.MethodGet, "/manifests/", "ecr:BatchGetImage"},
		"blobs":     {http.MethodHead, "/blobs/", "ecr:BatchCheckLayerAvailability"},
	} {
		t.Run(name, func(t *testing.T) {
			dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == test.method && strings.Contains(r.URL.Path, test.path) {
					w.WriteHeader(http.StatusForbidden)
					return true
				}
				return false
			})
			for _, used := range []bool{false, true} {
				proof := verify(t, src, ecrAddress(t, dst), copy.Options{})
				if used {
					var err error
					proof, err = copy.Complete(context.Background(), ecrAddress(t, dst), copy.Options{References: []copy.Reference{{Tag: "v1", From: "x"}}})
					require.NoError(t, err)
				}
				assert.Equal(t, report.Unproven, proof.Verdict, "unknown is never success")
				assert.Contains(t, proof.Cause, test.action)
				assert.Contains(t, proof.Remedy, "allow "+test.action+" on arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads")
			}
		})
	}
}

func TestMissingRepositoryIsNotUnknown(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	to := ecrAddress(t, dst)
	to.Images = func(context.Context) ([]ecr.Image, error) { return nil, ecr.NoRepository(to.Address) }
	proof := verify(t, src, to, copy.Options{})
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Remedy, "aws ecr create-repository --repository-name palette/mural-workloads --region us-east-1")

	_, err := copy.Run(context.Background(), src.source(), to, copy.Options{})
	require.ErrorContains(t, err, "does not exist")
	assert.Contains(t, fault.RemedyOf(err), "aws ecr create-repository")
}

func TestLostReferenceFailsTheProof(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	complete(t, src, dst, copy.Options{})
	proof := verify(t, src, dst.destination(), copy.Options{References: []copy.Reference{{Tag: "lost", From: "OCIRepository a/b@hub"}}})
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Cause, "OCIRepository a/b@hub uses lost")
}

func TestWhatOnlyTheDestinationHasIsReadToo(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	only := dst.push("newer", "pushed by hue after the switch")
	used := copy.Options{References: []copy.Reference{{Tag: "newer", Digest: only.Digest.String(), From: "OCIRepository a/b@hub"}}}
	complete(t, src, dst, used)
	dst.delete("blobs", dst.blob("x", []byte("pushed by hue after the switch")).Digest)
	proof := verify(t, src, dst.destination(), used)
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Cause, "OCIRepository a/b@hub")
}

func TestVerifyWithoutASource(t *testing.T) {
	dst := start(t)
	one := dst.push("v1", "one")
	multi := dst.index("multi", ocispec.MediaTypeImageIndex, one)
	used := []copy.Reference{
		{Tag: "v1", Digest: one.Digest.String(), From: "OCIRepository a/one@hub"},
		{Digest: multi.Digest.String(), From: "OCIRepository a/multi@hub"},
		{Tag: "v1", From: "OCIRepository a/other@spoke"},
	}
	without := func(references ...copy.Reference) report.Proof {
		proof, err := copy.Complete(context.Background(), dst.destination(), copy.Options{References: references})
		require.NoError(t, err)
		return proof
	}
	dst.forget()
	proof := without(used...)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	assert.Contains(t, proof.Summary, "3 OCIRepositories")
	assert.Zero(t, dst.asked("PUT")+dst.asked("POST"))

	assert.Equal(t, report.Unproven, without().Verdict, "nothing looked for is nothing proven")
	proof = without(append(used, copy.Reference{From: "OCIRepository a/new@hub"})...)
	assert.Equal(t, report.Unproven, proof.Verdict)
	assert.Contains(t, proof.Cause, "OCIRepository a/new@hub has no revision yet")

	proof = without(copy.Reference{Tag: "gone", Digest: one.Digest.String(), From: "OCIRepository a/x@hub"})
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Cause, "tag gone: missing (used by OCIRepository a/x@hub)")

	dst.delete("blobs", dst.blob("x", []byte("one")).Digest)
	proof = without(used...)
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Cause, "used by OCIRepository a/")

	dst.delete("manifests", multi.Digest)
	proof = without(used[1])
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, proof.Cause, "missing (used by OCIRepository a/multi@hub)")
}
