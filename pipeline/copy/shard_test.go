package copy_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestShards: every part is copied by exactly one shard, a lost shard is what is missing, and done again it sends only
// what is missing.
func TestShards(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	var used []copy.Reference
	for i := range 40 {
		name := fmt.Sprintf("workload-%02d", i)
		tagged := src.push(name, name)
		if i%4 == 0 {
			src.push("", "signature of "+name, subject(tagged))
		}
		before := src.push("", name+", before its tag moved")
		used = append(used, copy.Reference{Tag: name, Digest: before.Digest.String(), From: "OCIRepository mural-system/" + name + "@hub"})
	}
	const shards = 4
	run := func(i int) copy.Result {
		r, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{References: used, Shard: copy.Shard{Index: i, Of: shards}})
		require.NoError(t, err)
		return r
	}
	tags := 0
	for i := range shards - 1 {
		r := run(i)
		assert.NotEmpty(t, r.Tags, "shard %d has nothing to do", i)
		tags += len(r.Tags)
	}
	proof, err := copy.Verify(t.Context(), src.source(), dst.destination(), copy.Options{References: used})
	require.NoError(t, err)
	assert.Equal(t, report.Broken, proof.Verdict, "one shard is missing")

	tags += len(run(shards - 1).Tags)
	assert.Equal(t, 40, tags, "each tag is one shard's")
	proof, err = copy.Verify(t.Context(), src.source(), dst.destination(), copy.Options{References: used})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)

	puts := dst.asked("PUT", "/manifests/")
	assert.Equal(t, 40+10+40, puts, "each manifest is sent once: tags, signatures, digests")
	for i := range shards {
		assert.False(t, run(i).Changed(), "shard %d, done again", i)
	}
	assert.Equal(t, puts, dst.asked("PUT", "/manifests/"))
}

// TestShardsShareNothing: several tags of one manifest are one shard's, so nothing of it is sent twice, whichever shard comes
// first and though all of them find the destination empty. What several shards need is sent by each at most once, when
// they come at the same time, and once when they don't.
func TestShardsShareNothing(t *testing.T) {
	t.Parallel()
	const shards, artifacts, aliases = 4, 20, 5
	for name, atOnce := range map[string]bool{"side by side": true, "one after the other": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := start(t), start(t)
			var used []copy.Reference
			common := src.blob("application/vnd.cncf.flux.content.v1.tar+gzip", []byte("a layer of every artifact"))
			for i := range artifacts {
				for alias := range aliases {
					tag := fmt.Sprintf("v%02d-%d", i, alias)
					d := src.push(tag, fmt.Sprintf("artifact %d", i), func(m *ocispec.Manifest) { m.Layers = append(m.Layers, common) })
					used = append(used, copy.Reference{Tag: tag, Digest: d.Digest.String(), From: "OCIRepository mural-system/" + tag + "@hub"})
				}
			}
			var found sync.WaitGroup // all of them have found the destination empty
			found.Add(shards)
			dst.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
				if atOnce && strings.HasSuffix(r.URL.Path, "/tags/list") {
					found.Done()
					found.Wait()
				}
				return false
			})
			var group errgroup.Group
			tags := make([]int, shards)
			for i := range shards {
				run := func() error {
					r, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{References: used, Shard: copy.Shard{Index: i, Of: shards}})
					tags[i] = len(r.Tags)
					return err
				}
				if !atOnce {
					require.NoError(t, run())
					continue
				}
				group.Go(run)
			}
			require.NoError(t, group.Wait())
			dst.meddle(nil)
			assert.Equal(t, artifacts*aliases, tags[0]+tags[1]+tags[2]+tags[3], "each tag is one shard's")
			assert.Equal(t, artifacts*aliases, dst.asked("PUT", "/manifests/"), "each tag is written once, the first with its manifest")
			own, sharing := 2*artifacts, 1
			if atOnce {
				sharing = shards
			}
			blobs := dst.asked("PUT", "/blobs/uploads/")
			assert.GreaterOrEqual(t, blobs, own+1)
			assert.LessOrEqual(t, blobs, own+sharing, "config and layer of each once, the common layer by each shard at most")
			p, err := copy.Verify(t.Context(), src.source(), dst.destination(), copy.Options{References: used})
			require.NoError(t, err)
			assert.Equal(t, report.Held, p.Verdict, p.Cause)
		})
	}
}

// TestShardsReadOnlyTheirs: what clusters use is read by its own shard alone, and no other asks for it. Of tags that nobody uses
// each shard asks what they name, and says how far it is.
func TestShardsReadOnlyTheirs(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	const used, unused, shards = 40, 8, 4
	var references []copy.Reference
	for i := range used {
		tag := fmt.Sprintf("workload-%02d", i)
		references = append(references, copy.Reference{Tag: tag, Digest: src.push(tag, tag).Digest.String(), From: "OCIRepository mural-system/" + tag + "@hub"})
	}
	for i := range unused {
		src.push(fmt.Sprintf("old-%d", i), fmt.Sprint(i))
	}
	src.push("workload-00", "moved since") // what the cluster has goes by its digest
	src.forget()
	heard := &recorder{counts: map[string]int{}}
	tags := 0
	for i := range shards {
		r, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{References: references, Shard: copy.Shard{Index: i, Of: shards}, Progress: heard})
		require.NoError(t, err)
		tags += len(r.Tags)
	}
	assert.Equal(t, used+unused, tags, "each tag is one shard's")
	assert.Equal(t, shards*unused, src.asked("HEAD", "/manifests/"))
	assert.Equal(t, used+unused+1, src.asked("GET", "/manifests/"), "each manifest once: what a cluster has is mostly what its tag names")
	assert.Equal(t, unused, heard.counts["tags looked at"])
	assert.NotZero(t, heard.counts["manifests read"])
	p, err := copy.Verify(t.Context(), src.source(), dst.destination(), copy.Options{References: references})
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
}

// TestTagThatClustersHaveDifferently: of several digests that clusters have under one tag one is gone, which only the shard of
// the tag sees by itself.
func TestTagThatClustersHaveDifferently(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	before, after := src.push("v1", "before"), src.push("v1", "after")
	src.delete("manifests", before.Digest)
	references := []copy.Reference{{Tag: "v1", Digest: before.Digest.String(), From: "OCIRepository a/b@hub"}, {Tag: "v1", Digest: after.Digest.String(), From: "OCIRepository a/b@spoke"}}
	for i := range 8 {
		_, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{References: references, Shard: copy.Shard{Index: i, Of: 8}})
		require.NoError(t, err)
	}
	assert.Equal(t, after.Digest.String(), dst.digestOf("v1"))
}

func TestParseShard(t *testing.T) {
	t.Parallel()
	got, err := copy.ParseShard("2/4")
	require.NoError(t, err)
	assert.Equal(t, copy.Shard{Index: 1, Of: 4}, got)
	assert.Equal(t, "2/4", got.String())
	for _, wrong := range []string{"", "2", "0/4", "5/4", "a/b", "1/", "/4", "-1/4", "1/4/2"} {
		_, err := copy.ParseShard(wrong)
		assert.Equal(t, fault.Usage, fault.CodeOf(err), wrong)
	}
}
