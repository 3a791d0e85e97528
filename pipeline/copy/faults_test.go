package copy_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
)

// firstTime returns true once for each request.
func firstTime(kind string, then func(http.ResponseWriter, *http.Request)) func(http.ResponseWriter, *http.Request) bool {
	var seen sync.Map
	return func(w http.ResponseWriter, r *http.Request) bool {
		if _, again := seen.LoadOrStore(r.Method+r.URL.Path, true); again || !strings.Contains(r.Method+" "+r.URL.Path, kind) {
			return false
		}
		then(w, r)
		return true
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

func status(code int) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestPassingFaultsAreRepeated(t *testing.T) {
	for name, then := range map[string]func(http.ResponseWriter, *http.Request){
		"throttled": status(http.StatusTooManyRequests),
		"failed":    status(http.StatusInternalServerError),
		"cut":       cut,
	} {
		for _, side := range []string{"source", "destination"} {
			t.Run(name+" "+side, func(t *testing.T) {
				t.Parallel()
				src, dst := start(t), start(t)
				signed := src.push("v1", "one")
				src.push("", "signature", subject(signed))
				broken := dst
				if side == "source" {
					broken = src
				}
				broken.meddle(firstTime("", then))
				complete(t, src, dst, copy.Options{})
			})
		}
	}
}

// half sends the beginning of what the registry would send, and cuts the connection.
func (f *fake) half(w http.ResponseWriter, r *http.Request) {
	whole := httptest.NewRecorder()
	f.real.ServeHTTP(whole, r)
	for name, values := range whole.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(whole.Code)
	_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
	w.(http.Flusher).Flush()
	cut(w, r)
}

func TestBodiesThatAreCutAreReadAgain(t *testing.T) {
	src, dst := start(t), start(t)
	big := make([]byte, 3<<20)
	_, _ = rand.Read(big)
	src.push("v1", "one", func(m *ocispec.Manifest) { m.Layers = append(m.Layers, src.blob("x", big)) })
	src.meddle(firstTime("GET ", src.half))
	r := complete(t, src, dst, copy.Options{})
	assert.Equal(t, int64(3<<20), r.Bytes-int64(len(`{"for":"one"}`)+len("one")))
}

func TestBigUploadThatIsCutIsSentAgain(t *testing.T) {
	src, dst := start(t), start(t)
	big := make([]byte, 3<<20)
	_, _ = rand.Read(big)
	src.push("v1", "one", func(m *ocispec.Manifest) { m.Layers = append(m.Layers, src.blob("x", big)) })
	var once atomic.Bool
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.ContentLength == int64(len(big)) && once.CompareAndSwap(false, true) {
			cut(w, r)
			return true
		}
		return false
	})
	complete(t, src, dst, copy.Options{})
	assert.True(t, once.Load())
}

func TestWrongContentFromTheSource(t *testing.T) {
	small, big := []byte("one"), bytes.Repeat([]byte("x"), 3<<20)
	other := func(data []byte) []byte {
		wrong := bytes.Clone(data)
		wrong[0] ^= 1
		return wrong
	}
	shorter := func(data []byte) []byte { return data[:len(data)-1] }
	for name, test := range map[string]struct {
		data  []byte
		serve func([]byte) []byte
	}{"small": {small, other}, "big": {big, other}, "small and truncated": {small, shorter}, "big and truncated": {big, shorter}} {
		data := test.data
		t.Run(name, func(t *testing.T) {
			src, dst := start(t), start(t)
			var layer ocispec.Descriptor
			src.push("v1", "y", func(m *ocispec.Manifest) {
				layer = src.blob("x", data)
				m.Layers = []ocispec.Descriptor{layer}
			})
			src.meddle(func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, layer.Digest.String()) {
					return false
				}
				served := test.serve(data)
				w.Header().Set("Content-Length", strconv.Itoa(len(served)))
				_, _ = w.Write(served)
				return true
			})
			r, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
			assert.Contains(t, r.String(), "before it failed")
			var side *copy.Error
			require.ErrorAs(t, err, &side)
			assert.Equal(t, copy.FromSource, side.Side, err)
			require.ErrorContains(t, err, "wrong content")
			require.ErrorContains(t, err, "tag v1 needs it")
			assert.Contains(t, fault.RemedyOf(err), "push the artifact again")
			assert.Empty(t, dst.digestOf("v1"))
		})
	}
	t.Run("manifest", func(t *testing.T) {
		src, dst := start(t), start(t)
		src.push("v1", "one")
		src.meddle(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, "/manifests/v1") {
				return false
			}
			w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
			w.Header().Set("Docker-Content-Digest", "sha256:"+strings.Repeat("0", 64))
			_, _ = w.Write([]byte(`{"schemaVersion":2}`))
			return true
		})
		_, err := copy.Run(context.Background(), src.source(), dst.destination(), copy.Options{})
		require.ErrorContains(t, err, `reading manifest "v1" from the source`)
		require.ErrorContains(t, err, "wrong content")
	})
}

func TestSidesAndRemedies(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	_, err := copy.Run(context.Background(), src.source(), ecrAddress(t, dst), copy.Options{})
	var side *copy.Error
	require.ErrorAs(t, err, &side)
	assert.Equal(t, copy.ToDestination, side.Side)
	require.ErrorContains(t, err, `to the destination "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads"`)
	assert.Contains(t, fault.RemedyOf(err), "allow ecr:InitiateLayerUpload on arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads")

	src.meddle(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("WWW-Authenticate", `Basic realm="zot"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	from, err := copy.OpenSource(src.address(), copy.Access{PlainHTTP: true, Username: "admin", Password: "hunter2"})
	require.NoError(t, err)
	_, err = copy.Run(context.Background(), from, dst.destination(), copy.Options{})
	require.ErrorAs(t, err, &side)
	assert.Equal(t, copy.FromSource, side.Side)
	assert.Contains(t, fault.RemedyOf(err), "user name and password")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestCancelled(t *testing.T) {
	src, dst := start(t), start(t)
	for _, tag := range []string{"v1", "v2", "v3"} {
		src.push(tag, tag)
	}
	ctx, cancel := context.WithCancel(context.Background())
	release := make(chan struct{})
	defer close(release)
	dst.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		cancel()
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return true
	})
	began := time.Now()
	_, err := copy.Run(ctx, src.source(), dst.destination(), copy.Options{})
	require.ErrorIs(t, err, context.Canceled)
	assert.Less(t, time.Since(began), 20*time.Second)
	assert.Empty(t, dst.digestOf("v1"))
	_, err = copy.Verify(ctx, src.source(), dst.destination(), copy.Options{})
	require.ErrorIs(t, err, context.Canceled, "a proof that was interrupted is not a proof")
	dst.quiet() // what was on the wire arrives
	asked := len(dst.lines())
	dst.quiet()
	assert.Len(t, dst.lines(), asked, "nothing goes on")

	dst.meddle(nil)
	complete(t, src, dst, copy.Options{}) // and what was begun can be ended
}

// recorder hears the progress.
type recorder struct {
	progress.Reporter
	mu     sync.Mutex
	counts map[string]int
	said   []string
	left   []string
}

func (r *recorder) Count(what string, done, _ int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[what] = max(r.counts[what], done)
}

func (r *recorder) Left(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = append(r.left, text)
}

func (r *recorder) Say(format string, _ ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, format)
}

func TestProgress(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	dst.push("v1", "another")
	heard := &recorder{counts: map[string]int{}}
	complete(t, src, dst, copy.Options{Progress: heard})
	assert.Equal(t, map[string]int{"manifests read": 1, "tags looked at": 1, "manifests": 1, "manifests and blobs read again": 3}, heard.counts)
	assert.Len(t, heard.said, 1)
}

func TestDialThroughAPortForward(t *testing.T) {
	src, dst := start(t), start(t)
	src.push("v1", "one")
	var hosts sync.Map
	src.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		hosts.Store(r.Host, true)
		return false
	})
	address := src.address()
	address.Registry.Host = "zot.mural-system.svc.cluster.local:5000"
	from, err := copy.OpenSource(address, copy.Access{PlainHTTP: true, Dial: src.server.Listener.Addr().String()})
	require.NoError(t, err)
	assert.Equal(t, "oci://zot.mural-system.svc.cluster.local:5000/"+repository, from.URL)
	_, err = copy.Run(context.Background(), from, dst.destination(), copy.Options{})
	require.NoError(t, err)
	_, asked := hosts.Load("zot.mural-system.svc.cluster.local:5000")
	assert.True(t, asked)
}
