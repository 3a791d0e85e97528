package ecr_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// TestGivingUp breaks off what stands still in either direction, and nothing that only is slow, or is read slowly.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	const after = 200 * time.Millisecond
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/stands", "/takes-none":
			w.WriteHeader(http.StatusOK)
			if r.URL.Path == "/stands" {
				w.(http.Flusher).Flush()
			}
			<-over
		case "/slow":
			for range 6 {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(after / 4)
			}
		default:
			_, _ = io.Copy(w, r.Body)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	client := &http.Client{Transport: ecr.GivingUp(&http.Transport{}, after)}

	resp, err := client.Get(server.URL + "/stands")
	require.NoError(t, err)
	_, err = io.ReadAll(resp.Body)
	require.ErrorIs(t, err, ecr.ErrStalled)
	assert.True(t, transient.Error(err), "it is worth a retry")
	require.NoError(t, resp.Body.Close())

	_, err = client.Post(server.URL+"/takes-none", "", io.LimitReader(endless{}, 1<<30))
	require.ErrorIs(t, err, ecr.ErrStalled)

	for path, want := range map[string]string{"/slow": "xxxxxx", "/echo": "hello"} {
		resp, err := client.Post(server.URL+path, "", strings.NewReader("hello"))
		require.NoError(t, err)
		time.Sleep(2 * after) // whoever reads may take its time
		got, err := io.ReadAll(resp.Body)
		require.NoError(t, err, path)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, want, string(got))
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestPatience: a registry that throttles need not say for how long (no Retry-After). What a copy waits is what retries says:
// about half a minute.
func TestPatience(t *testing.T) {
	t.Parallel()
	assert.Greater(t, ecr.Patience(), 20*time.Second)
	assert.Less(t, ecr.Patience(), 40*time.Second, "what is down for good must be said soon")
}
