package copy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestABodyThatStandsStill: headers come, and some bytes, and then nothing, as from a source whose disk hangs or behind a
// connection that was dropped silently. It is read again.
func TestABodyThatStandsStill(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"/manifests/", "/blobs/", "/tags/list", "/referrers/"} {
		t.Run(strings.Trim(kind, "/"), func(t *testing.T) {
			t.Parallel()
			src, dst := start(t), start(t)
			src.push("big", strings.Repeat("a layer that streams ", 100_000))
			src.push("small", "a small layer")
			over := make(chan struct{})
			t.Cleanup(func() { close(over) }) // before the servers are closed, which waits
			var stood atomic.Int32
			src.meddle(firstTime("GET /v2/"+repository+kind, func(w http.ResponseWriter, r *http.Request) {
				answer := httptest.NewRecorder()
				src.real.ServeHTTP(answer, r)
				for name, values := range answer.Header() {
					w.Header()[name] = values
				}
				body := answer.Body.Bytes()
				_, _ = w.Write(body[:len(body)/2])
				w.(http.Flusher).Flush()
				stood.Add(1)
				select {
				case <-over:
				case <-r.Context().Done():
				}
			}))
			from, err := copy.OpenSource(src.address(), copy.Access{
				PlainHTTP: true, HTTPClient: &http.Client{Transport: ecr.GivingUp(nil, 300*time.Millisecond)},
			})
			require.NoError(t, err)
			_, p, err := copy.RunProven(t.Context(), from, dst.destination(), copy.Options{})
			require.NoError(t, err)
			assert.Equal(t, report.Held, p.Verdict, p.Cause)
			assert.Positive(t, stood.Load())
		})
	}
}
