package copy_test

import (
	"context"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
)

// TestForesee says beforehand just what Run does then, and writes nothing.
func TestForesee(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(src, dst *fake){
		"an empty destination": func(*fake, *fake) {},
		"some of it is there": func(_, dst *fake) {
			dst.push("cart", "cart")
			dst.push("", "amd64")
		},
		"the index is there, and with it what is below": func(_, dst *fake) {
			dst.index("multi", ocispec.MediaTypeImageIndex, dst.push("", "amd64"), dst.push("", "arm64"))
		},
		"a tag names something else": func(_, dst *fake) { dst.push("orders", "older orders") },
		"a second tag":               func(src, _ *fake) { src.push("cart-again", "cart") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src, dst := start(t), start(t)
			o := copy.Options{References: fill(src)}
			prepare(src, dst)
			dst.quiet()
			dst.forget()

			f, err := copy.Foresee(context.Background(), src.source(), dst.destination(), o)
			require.NoError(t, err)
			dst.quiet()
			assert.Zero(t, dst.asked("POST")+dst.asked("PUT")+dst.asked("PATCH")+dst.asked("DELETE"), "%v", dst.lines())

			r := complete(t, src, dst, o)
			assert.Equal(t, r.Manifests, f.Manifests)
			assert.Equal(t, r.Blobs, f.Blobs)
			assert.Equal(t, r.Bytes, f.Bytes)
			assert.Equal(t, r.Tags, f.Tags)

			f, err = copy.Foresee(context.Background(), src.source(), dst.destination(), o)
			require.NoError(t, err)
			assert.Zero(t, f.Manifests.Copied+f.Blobs.Copied)
			assert.Zero(t, f.Bytes)
			assert.Zero(t, f.Seconds)
		})
	}
}

// TestForeseeTime: within ECR's quotas what is sent takes its time, and where there are none it takes none.
func TestForeseeTime(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	fill(src)
	src.push("again", "cart") // a request of its own
	f, err := copy.Foresee(context.Background(), src.source(), dst.destination(), copy.Options{Limits: copy.Limits{"PutImage": 2}})
	require.NoError(t, err)
	assert.InDelta(t, 4.5, f.Seconds, 0.01, "9 manifests and a further tag at 2 a second, of which the first goes at once")
	f, err = copy.Foresee(context.Background(), src.source(), dst.destination(), copy.Options{Limits: copy.Limits{}})
	require.NoError(t, err)
	assert.Zero(t, f.Seconds)
}

func TestForeseeRefusesWhatRunRefuses(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("v1", "new")
	dst.push("v1", "old")
	to := dst.destination()
	to.Immutable = true
	_, err := copy.Foresee(context.Background(), src.source(), to, copy.Options{})
	require.ErrorContains(t, err, "they can't be moved")
	require.ErrorContains(t, err, "finding out what to copy from")
}
