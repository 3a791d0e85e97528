package copy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(Limits{"PutImage": 4})
		began := time.Now()
		for range 8 {
			require.NoError(t, b.wait(t.Context(), "PutImage"))
		}
		assert.Equal(t, time.Second, time.Since(began), "8 at 4 a second, the first 4 at once")
		require.NoError(t, b.wait(t.Context(), "BatchGetImage"), "what is not in it is not limited")
		assert.Equal(t, time.Second, time.Since(began))

		slow := newBuckets(Limits{"PutImage": 1})
		require.NoError(t, slow.wait(t.Context(), "PutImage"))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, slow.wait(ctx, "PutImage"), context.DeadlineExceeded)
	})
}

// The numbers are those of AWS's pages of service quotas.
func TestDefaultLimits(t *testing.T) {
	t.Parallel()
	assert.Equal(t, Limits{
		"PutImage": 10, "InitiateLayerUpload": 100, "CompleteLayerUpload": 100, "UploadLayerPart": 500,
		"BatchCheckLayerAvailability": 1000, "BatchGetImage": 2000, "GetDownloadUrlForLayer": 3000,
	}, DefaultLimits(registry.Private))
	assert.Equal(t, Limits{
		"PutImage": 10, "InitiateLayerUpload": 10, "CompleteLayerUpload": 10, "UploadLayerPart": 260,
		"BatchCheckLayerAvailability": 200, "BatchGetImage": 10,
	}, DefaultLimits(registry.Public))
	assert.Nil(t, DefaultLimits(registry.Other))
}

func TestUnknownField(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`{"schemaVersion":2,"mediaType":"m","config":{"mediaType":"m","digest":"d","size":1,"data":"e30="},"layers":[{"size":1,"annotations":{"any":"thing"}}],"annotations":{"any":"thing"},"artifactType":"a","subject":{"digest":"d"}}`: "",
		`{"manifests":[{"platform":{"architecture":"amd64","os":"windows","os.version":"10","os.features":["win32k"],"variant":"v8"}}]}`:                                                                                                   "",
		`{"manifests":[{},{"platform":{"architecture":"amd64","os":"linux","features":["sse4"]}}]}`:                                                                                                                                        "manifests[1].platform.features",
		`{"layers":[{"from":"x"}]}`: "layers[0].from",
		`{"blobs":[]}`:              "blobs",
		`not JSON`:                  "",
	} {
		assert.Equal(t, want, unknownField([]byte(raw)), raw)
	}
}

func FuzzUnknownField(f *testing.F) {
	f.Add([]byte(`{"manifests":[{"platform":{"features":[]}}]}`))
	f.Add([]byte(`{"layers":{"a":[[[{}]]]}}`))
	f.Fuzz(func(_ *testing.T, raw []byte) { unknownField(raw) })
}
