package copy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// world is a source of artifacts, every tenth with a signature. Its registries list referrers from a map: the
// one in this process reads all of its manifests for each question.
type world struct {
	src       *fake
	referrers map[string][]ocispec.Descriptor
}

func filled(b *testing.B, artifacts int) world {
	b.Helper()
	w := world{src: start(b), referrers: map[string][]ocispec.Descriptor{}}
	for i := range artifacts {
		d := w.src.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d", i))
		if i%10 == 0 {
			w.referrers[d.Digest.String()] = []ocispec.Descriptor{w.src.push("", fmt.Sprintf("signature %d", i), subject(d))}
		}
	}
	w.src.meddle(w.answer(0))
	return w
}

// answer makes a registry answer as from afar, and about referrers from the map.
func (w world) answer(after time.Duration) func(http.ResponseWriter, *http.Request) bool {
	return func(rw http.ResponseWriter, r *http.Request) bool {
		time.Sleep(after)
		_, of, ok := strings.Cut(r.URL.Path, "/referrers/")
		if ok {
			rw.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
			_ = json.NewEncoder(rw).Encode(ocispec.Index{Manifests: w.referrers[of]})
		}
		return ok
	}
}

func note(b *testing.B, r copy.Result) {
	b.ReportMetric(float64(r.DestinationRequests.Total()), "dst-requests/op")
	b.ReportMetric(float64(r.DestinationRequests.Writes()), "dst-writes/op")
	b.ReportMetric(float64(r.SourceRequests.Total()), "src-requests/op")
}

// BenchmarkCold copies to an empty registry that is 5 ms away, every tenth artifact with a signature.
func BenchmarkCold(b *testing.B) {
	for _, artifacts := range []int{10, 100, 1000} {
		for _, listed := range []bool{true, false} {
			b.Run(fmt.Sprintf("artifacts=%d/listed=%t", artifacts, listed), func(b *testing.B) {
				w := filled(b, artifacts)
				var r copy.Result
				for b.Loop() {
					dst := start(b)
					dst.meddle(w.answer(5 * time.Millisecond))
					to := dst.destination()
					if listed {
						to.Images = dst.images(nil)
					}
					var err error
					r, err = copy.Run(context.Background(), w.src.source(), to, copy.Options{})
					require.NoError(b, err)
				}
				note(b, r)
			})
		}
	}
}

// BenchmarkWarm runs again where everything is there.
func BenchmarkWarm(b *testing.B) {
	for _, artifacts := range []int{100, 1000} {
		b.Run(fmt.Sprintf("artifacts=%d", artifacts), func(b *testing.B) {
			w, dst := filled(b, artifacts), start(b)
			_, err := copy.Run(context.Background(), w.src.source(), dst.destination(), copy.Options{})
			require.NoError(b, err)
			dst.meddle(w.answer(5 * time.Millisecond))
			var r copy.Result
			for b.Loop() {
				r, err = copy.Run(context.Background(), w.src.source(), dst.destination(), copy.Options{})
				require.NoError(b, err)
			}
			require.False(b, r.Changed())
			note(b, r)
		})
	}
}

// BenchmarkVerify proves the closure.
func BenchmarkVerify(b *testing.B) {
	for _, artifacts := range []int{100, 1000} {
		b.Run(fmt.Sprintf("artifacts=%d", artifacts), func(b *testing.B) {
			w, dst := filled(b, artifacts), start(b)
			_, err := copy.Run(context.Background(), w.src.source(), dst.destination(), copy.Options{})
			require.NoError(b, err)
			dst.meddle(w.answer(5 * time.Millisecond))
			dst.forget()
			n := 0
			for b.Loop() {
				n++
				proof, err := copy.Verify(context.Background(), w.src.source(), dst.destination(), copy.Options{})
				require.NoError(b, err)
				require.Equal(b, report.Held, proof.Verdict)
			}
			b.ReportMetric(float64(len(dst.lines()))/float64(n), "dst-requests/op")
		})
	}
}

// TestBigBlobsStream copies far more than it may hold. The registries of this test hold nothing either.
func TestBigBlobsStream(t *testing.T) {
	const size, blobs = 64 << 20, 8
	src, dst := start(t), start(t)
	zeros := &endless{}
	var layers []ocispec.Descriptor
	for i := range blobs {
		layers = append(layers, ocispec.Descriptor{MediaType: "x", Size: size + int64(i), Digest: zeros.digest(size + int64(i))})
	}
	src.push("big", "big", func(m *ocispec.Manifest) { m.Layers = layers })
	src.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		for _, l := range layers {
			if strings.HasSuffix(r.URL.Path, l.Digest.String()) {
				w.Header().Set("Content-Length", fmt.Sprint(l.Size))
				zeros.copy(w, l.Size)
				return true
			}
		}
		return false
	})
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.ContentLength >= size {
			zeros.swallow(r.Body)
			w.WriteHeader(http.StatusCreated)
			return true
		}
		return false
	})
	runtime.GC()
	var most uint64
	done := make(chan struct{})
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		for {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				most = max(most, m.HeapInuse)
			}
		}
	}()
	r, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{Concurrency: blobs})
	close(done)
	<-watching
	require.NoError(t, err)
	require.Greater(t, r.Bytes, int64(blobs*size))
	require.Less(t, most, uint64(64<<20), "512 MiB go through a bounded memory")
}
