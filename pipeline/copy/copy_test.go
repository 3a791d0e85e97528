package copy_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const dockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json"

// complete runs a copy that must work and be proven.
func complete(t *testing.T, src, dst *fake, o copy.Options) copy.Result {
	t.Helper()
	r, proof, err := copy.RunProven(context.Background(), src.source(), dst.destination(), o)
	require.NoError(t, err)
	require.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	return r
}

func TestEverythingIsCopied(t *testing.T) {
	src, dst := start(t), start(t)
	amd, arm := src.push("", "amd64"), src.push("", "arm64")
	inner := src.index("", ocispec.MediaTypeImageIndex, amd, arm)
	outer := src.index("multi", dockerIndex, inner, src.push("", "windows"))
	plain := src.push("v1", "plain")
	src.push("v1-again", "plain") // the same digest under a second tag
	pinned := src.push("", "pinned: no tag names it")
	signature := src.push("", "signature of v1", subject(plain))
	sbom := src.push("", "sbom of the signature", subject(signature))
	deep := src.push("", "signature of a child", subject(amd))
	cosign := src.push("sha256-"+plain.Digest.Encoded()+".sig", "cosign")
	artifact := src.put("orphan", "application/vnd.oci.artifact.manifest.v1+json", map[string]any{
		"mediaType": "application/vnd.oci.artifact.manifest.v1+json", "artifactType": "x/y", "blobs": []any{src.blob("x/z", []byte("an artifact's"))},
	})
	cache := src.index("cache", ocispec.MediaTypeImageIndex, src.blob("application/vnd.buildkit.layer", []byte("a blob in an index")))

	r := complete(t, src, dst, copy.Options{References: []copy.Reference{
		{Digest: pinned.Digest.String(), From: "OCIRepository mural-system/pinned@hub"},
		{Tag: "v1", Digest: plain.Digest.String(), From: "OCIRepository mural-system/plain@hub"},
	}})

	for tag, want := range map[string]ocispec.Descriptor{
		"multi": outer, "v1": plain, "v1-again": plain, "orphan": artifact, "cache": cache,
		"sha256-" + plain.Digest.Encoded() + ".sig": cosign,
	} {
		assert.Equal(t, want.Digest.String(), dst.digestOf(tag), tag)
	}
	for _, want := range []ocispec.Descriptor{amd, arm, inner, pinned, signature, sbom, deep} {
		assert.Equal(t, want.Digest.String(), dst.digestOf(want.Digest.String()))
	}
	referrers, err := dst.repo().Predecessors(context.Background(), plain)
	require.NoError(t, err)
	require.Len(t, referrers, 1)
	assert.Equal(t, signature.Digest, referrers[0].Digest)

	assert.Equal(t, copy.Tally{Total: 13, Copied: 13}, r.Manifests)
	assert.Equal(t, r.Blobs.Total, r.Blobs.Copied)
	assert.Len(t, r.Tags, 6)
	assert.Equal(t, copy.Tag{Name: "v1", Digest: plain.Digest.String(), Outcome: copy.Copied}, r.Tags[4])
}

func TestOrderOfWriting(t *testing.T) {
	src, dst := start(t), start(t)
	child := src.push("", "child")
	src.index("multi", ocispec.MediaTypeImageIndex, child)
	signed := src.push("signed", "signed")
	signature := src.push("", "signature", subject(signed))
	complete(t, src, dst, copy.Options{})

	at := map[string]int{}
	for i, line := range dst.lines() {
		if strings.HasPrefix(line, "PUT ") {
			at[line[strings.LastIndex(line, "/")+1:]] = i
		}
	}
	assert.Less(t, at[child.Digest.String()], at["multi"])
	assert.NotContains(t, at, signed.Digest.String(), "it is written once, under its tag: ECR limits PutImage most")
	assert.Equal(t, 4, dst.asked("PUT", "/manifests/"))
	assert.Less(t, at[signature.Digest.String()], at["signed"], "the tag comes when its signatures are there")
}

func TestSourceIsOnlyRead(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	src.forget()
	complete(t, src, dst, copy.Options{})
	for _, line := range src.lines() {
		assert.Regexp(t, "^(GET|HEAD) ", line)
	}
}

func TestColdAndWarmRequests(t *testing.T) {
	const artifacts = 10
	src, dst := start(t), start(t)
	for i := range artifacts {
		src.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d", i))
	}
	dst.forget()
	r, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, 2*artifacts, dst.asked("POST", "/blobs/uploads/"), "one POST a blob")
	assert.Equal(t, 2*artifacts, dst.asked("PUT", "/blobs/uploads/"), "one PUT a blob")
	assert.Equal(t, artifacts, dst.asked("PUT", "/manifests/"), "one PUT a manifest, under its tag")
	assert.Equal(t, copy.Requests{Get: 1, Post: 2 * artifacts, Put: 3 * artifacts}, r.DestinationRequests, "nothing is asked for where no tag is")
	assert.Equal(t, int64(len(dst.lines())), r.DestinationRequests.Total())

	dst.forget()
	r, err = copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, copy.Requests{Get: 1, Head: artifacts}, r.DestinationRequests)
	assert.Equal(t, artifacts, dst.asked("HEAD", "/manifests/"), "a warm run asks whether there is a tag, for each, and for nothing else")
	assert.Len(t, dst.lines(), 1+artifacts)
	assert.False(t, r.Changed())
	assert.Equal(t, artifacts, r.Manifests.Present())
	assert.Contains(t, r.String(), "all there already")
}

// TestUntaggedIsFoundOnceThereIsATag is what a copy that was killed leaves: what it sent is not sent again.
func TestUntaggedIsFoundOnceThereIsATag(t *testing.T) {
	src, dst := start(t), start(t)
	signed := src.push("v1", "one")
	src.push("", "signature", subject(signed))
	complete(t, src, dst, copy.Options{})
	src.push("v2", "two")
	dst.forget()
	complete(t, src, dst, copy.Options{})
	assert.Equal(t, 1, dst.asked("PUT", "/manifests/"))
	assert.Equal(t, 2, dst.asked("PUT", "/blobs/"))
}

func TestListSavesQuestions(t *testing.T) {
	const artifacts = 10
	src, dst := start(t), start(t)
	there := map[string][]string{}
	for i := range artifacts {
		tag := fmt.Sprintf("v%d", i)
		there[src.push(tag, "artifact "+tag).Digest.String()] = []string{tag}
	}
	pinned := src.push("", "no tag names it").Digest.String()
	there[pinned] = nil
	o := copy.Options{References: []copy.Reference{{Digest: pinned, From: "OCIRepository a/pinned@hub"}}}
	to := dst.destination()
	to.Images = dst.images(nil)
	dst.forget()
	r, err := copy.Run(context.Background(), src.source(), to, o)
	require.NoError(t, err)
	assert.Equal(t, copy.Requests{Post: 2 * (artifacts + 1), Put: 3 * (artifacts + 1)}, r.DestinationRequests, "nothing is asked for where nothing is")

	to.Images = dst.images(there)
	r, err = copy.Run(context.Background(), src.source(), to, o)
	require.NoError(t, err)
	assert.Zero(t, r.DestinationRequests.Total(), "the list said everything")
}

func TestPresentIndexIsNotLookedInto(t *testing.T) {
	src, dst := start(t), start(t)
	child := src.push("", "child")
	src.index("multi", ocispec.MediaTypeImageIndex, child)
	complete(t, src, dst, copy.Options{})
	late := src.push("", "a signature that came later", subject(child))
	dst.forget()
	r, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, 1, r.Manifests.Copied, "the late signature")
	assert.Equal(t, late.Digest.String(), dst.digestOf(late.Digest.String()))
	assert.LessOrEqual(t, dst.asked("HEAD", "/manifests/"+child.Digest.String()), 1, "the child is asked for once, for its new referrer")
}

func TestTagThatNamesSomethingElse(t *testing.T) {
	src, dst := start(t), start(t)
	ours, theirs := src.push("v1", "ours"), dst.push("v1", "theirs")

	r, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{Keep: true})
	require.NoError(t, err)
	assert.Equal(t, []copy.Tag{{Name: "v1", Digest: ours.Digest.String(), Outcome: copy.Kept, Was: theirs.Digest.String()}}, r.Tags)
	assert.Equal(t, theirs.Digest.String(), dst.digestOf("v1"))
	assert.Contains(t, strings.Join(r.Notes, "\n"), "tag v1 stays "+theirs.Digest.String())
	assert.Equal(t, ours.Digest.String(), dst.digestOf(ours.Digest.String()), "kept or not, nothing of the source is lost")
	proof, err := copy.Verify(context.Background(), src.source(), dst.destination(), copy.Options{Keep: true})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict)

	r, err = copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	want := copy.Tag{Name: "v1", Digest: ours.Digest.String(), Outcome: copy.Overwritten, Was: theirs.Digest.String()}
	assert.Equal(t, []copy.Tag{want}, r.Tags)
	assert.Equal(t, []copy.Tag{want}, r.Overwritten())
	assert.Contains(t, strings.Join(r.Notes, "\n"), theirs.Digest.String(), "what was there is named, so that it can be found again")
	assert.Equal(t, ours.Digest.String(), dst.digestOf("v1"))
}

// immutable answers as ECR does: a tag that is taken can't be written, not even with the same digest.
func immutable(f *fake) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") || strings.Contains(r.URL.Path, "sha256:") {
			return false
		}
		tag := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		head, _ := http.NewRequest(http.MethodHead, f.server.URL+r.URL.Path, nil)
		probe := &headOnly{header: http.Header{}}
		if f.real.ServeHTTP(probe, head); probe.status != http.StatusOK {
			return false
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errors":[{"code":"TAG_INVALID","message":"The image tag '%s' already exists in the 'x' repository and cannot be overwritten because the tag is immutable."}]}`, tag)
		return true
	}
}

type headOnly struct {
	header http.Header
	status int
}

func (h *headOnly) Header() http.Header         { return h.header }
func (h *headOnly) Write(p []byte) (int, error) { return len(p), nil }
func (h *headOnly) WriteHeader(status int)      { h.status = status }

func TestImmutableTags(t *testing.T) {
	src, dst := start(t), start(t)
	dst.meddle(immutable(dst))
	src.push("v1", "one")
	complete(t, src, dst, copy.Options{})
	r := complete(t, src, dst, copy.Options{})
	assert.False(t, r.Changed(), "the same digest under the tag is no reason to write")

	ours, theirs := src.push("v2", "ours"), dst.push("v2", "theirs")
	src.push("v0", "not sent, since v2 can't be")
	for name, known := range map[string]bool{"known": true, "found out": false} {
		t.Run(name, func(t *testing.T) {
			to := dst.destination()
			to.Immutable = known
			r, err := copy.Run(context.Background(), src.source(), to, copy.Options{})
			require.ErrorContains(t, err, ours.Digest.String())
			require.ErrorContains(t, err, theirs.Digest.String())
			assert.Contains(t, fault.RemedyOf(err), "mutable")
			if known {
				assert.Zero(t, r.DestinationRequests.Writes(), "found before anything was sent")
			}
		})
	}
}

func TestReferences(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	only := dst.push("", "only at the destination")
	const from = "OCIRepository mural-system/checkout@spoke-1"

	_, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{References: []copy.Reference{{Tag: "v9", From: from}}})
	require.ErrorContains(t, err, from+" uses v9")
	assert.NotEmpty(t, fault.RemedyOf(err))

	gone := "sha256:" + strings.Repeat("0", 64)
	_, err = copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{References: []copy.Reference{{Digest: gone, From: from}}})
	require.ErrorContains(t, err, from+" uses "+gone)

	r := complete(t, src, dst, copy.Options{References: []copy.Reference{
		{Digest: only.Digest.String(), From: from},      // only there
		{Tag: "v1", Digest: gone, From: from + "-late"}, // its tag has moved on
	}})
	assert.Contains(t, strings.Join(r.Notes, "\n"), from+"-late still has "+gone)

	_, err = copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{References: []copy.Reference{{Digest: "sha256:nonsense", From: from}}})
	require.ErrorContains(t, err, "sha256:nonsense")
}

func TestEmptySource(t *testing.T) {
	src, dst := start(t), start(t)
	r := complete(t, src, dst, copy.Options{})
	assert.Equal(t, "the source is empty", r.String())
	assert.Empty(t, r.Tags)
}

func TestReferrerOfNothing(t *testing.T) {
	src, dst := start(t), start(t)
	nothing := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromString("never pushed"), Size: 12}
	orphan := src.push("sbom", "what it is of was deleted, which is allowed", subject(nothing))
	complete(t, src, dst, copy.Options{})
	assert.Equal(t, orphan.Digest.String(), dst.digestOf("sbom"))
}

func TestIncompleteSource(t *testing.T) {
	src, dst := start(t), start(t)
	child := src.push("", "child")
	src.index("multi", ocispec.MediaTypeImageIndex, child)
	src.delete("manifests", child.Digest)
	_, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	require.ErrorContains(t, err, child.Digest.String()+" (a child of tag multi) is missing")

	src = start(t)
	broken := src.push("v1", "its layer will go")
	layer := src.blob("x", []byte("its layer will go"))
	src.delete("blobs", layer.Digest)
	_, err = copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
	var side *copy.Error
	require.ErrorAs(t, err, &side)
	assert.Equal(t, copy.FromSource, side.Side)
	require.ErrorContains(t, err, "tag v1 needs it")
	assert.Contains(t, fault.RemedyOf(err), "push the artifact again")
	assert.Empty(t, dst.digestOf(broken.Digest.String()), "a manifest without its blobs must not be written")
}
