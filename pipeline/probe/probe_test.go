package probe_test

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote"

	"github.com/palette-ecr/palette-ecr/pipeline/probe"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	repository, err := remote.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/palette/mural-workloads")
	require.NoError(t, err)
	repository.PlainHTTP = true

	pushed, err := probe.Push(t.Context(), repository)
	require.NoError(t, err)
	there, err := repository.Resolve(t.Context(), probe.Tag)
	require.NoError(t, err)
	assert.Equal(t, pushed.Digest, there.Digest)
	again, err := probe.Push(t.Context(), repository)
	require.NoError(t, err)
	assert.Equal(t, pushed, again, "its bytes are always the same")

	require.NoError(t, probe.Remove(t.Context(), repository, pushed))
	_, err = repository.Resolve(t.Context(), pushed.Digest.String())
	require.Error(t, err)
	require.NoError(t, probe.Remove(t.Context(), repository, pushed), "it is gone already")
}
