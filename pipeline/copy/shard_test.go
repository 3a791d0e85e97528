package copy_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
