package copy

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(Limits{"PutImage": 10})
		began := time.Now()
		for range 17 {
			require.NoError(t, b["PutImage"].wait(t.Context(), "PutImage"))
		}
		assert.Equal(t, time.Second, time.Since(began), "17 at 10 a second, the first 7 at once")
		require.NoError(t, b["BatchGetImage"].wait(t.Context(), "BatchGetImage"), "what is not in it is not limited")
		assert.Equal(t, time.Second, time.Since(began))

		slow := newBuckets(Limits{"PutImage": 1})
		require.NoError(t, slow["PutImage"].wait(t.Context(), "PutImage"))
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, slow["PutImage"].wait(ctx, "PutImage"), context.DeadlineExceeded)
	})
}

func TestBucketLearns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(Limits{"PutImage": 16})["PutImage"]
		rate := func() float64 { return float64(b.limiter.Limit()) }
		for range 10 { // of requests that were under way together
			b.throttled()
		}
		assert.InDelta(t, 8, rate(), 0, "halved once")
		for range 10 {
			time.Sleep(settle)
			b.throttled()
		}
		assert.InDelta(t, 0.5, rate(), 0, "never nothing at all")
		for range 30 {
			time.Sleep(settle)
			b.went()
			b.went()
		}
		assert.InDelta(t, 16, rate(), 1e-9, "grows back, not beyond the quota")
	})
}

// A request that is throttled and gets through when it is repeated slows down those after it.
func TestThrottledSlowsDown(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	}))
	defer server.Close()
	m := &meter{inner: &http.Client{Transport: ecr.Retrying(http.DefaultTransport)}, limits: newBuckets(Limits{"PutImage": 16}), atOnce: semaphore.NewWeighted(1)}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.URL+"/v2/x/manifests/y", strings.NewReader("{}"))
	require.NoError(t, err)
	resp, err := m.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.EqualValues(t, 2, asked.Load())
	assert.InDelta(t, 8, float64(m.limits["PutImage"].limiter.Limit()), 0)
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	own, err := ParseQuotas(map[string]int{"PutImage": 50})
	require.NoError(t, err)
	assert.InDelta(t, 50, Options{Quotas: own}.limits(registry.Private, false)["PutImage"], 0)
	assert.InDelta(t, 100, Options{Quotas: own}.limits(registry.Private, false)["InitiateLayerUpload"], 0)
	assert.InDelta(t, 40, Options{Quotas: own}.limits(registry.Private, true)["PutImage"], 1e-9, "a share is hue's")
	assert.Nil(t, Options{Quotas: own}.limits(registry.Other, false), "Zot has no quotas")
	for name, wrong := range map[string]map[string]int{
		`reading the quota of "putimage": there is no such API call`: {"putimage": 50},
		`reading the quota of PutImage: 0 is not a rate`:             {"PutImage": 0},
	} {
		_, err := ParseQuotas(wrong)
		assert.EqualError(t, err, name)
	}
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

// TestShardsShareQuotas: all shards together may ask as often as one process alone.
func TestShardsShareQuotas(t *testing.T) {
	t.Parallel()
	part := Options{Shard: Shard{Index: 3, Of: 4}}
	assert.InDelta(t, 10.0/4, part.limits(registry.Private, false)["PutImage"], 1e-9)
	own := Options{Shard: Shard{Of: 4}, Limits: Limits{"PutImage": 8}}
	assert.InDelta(t, 2, own.limits(registry.Private, false)["PutImage"], 1e-9)
	assert.InDelta(t, 8, own.Limits["PutImage"], 1e-9, "what was given stays")
}
