//go:build docker

package copy_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/testcontainers/testcontainers-go"

	"github.com/palette-ecr/palette-ecr/fixtures/containers"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestZotIsRestartedWhileItIsCopied kills Zot in the middle of a copy, as a node that is drained does, and starts it
// again: the copy waits for it, and is whole. It needs the image that scripts/images gets.
func TestZotIsRestartedWhileItIsCopied(t *testing.T) {
	zot, err := containers.Zot(t.Context())
	testcontainers.CleanupContainer(t, zot, testcontainers.StopTimeout(0))
	require.NoError(t, err)

	const artifacts = 200
	filled, dst := start(t), start(t)
	for i := range artifacts {
		filled.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d", i))
	}
	address, access := inContainer(t, zot)
	to, err := copy.OpenDestination(address, access)
	require.NoError(t, err)
	_, err = copy.Run(t.Context(), filled.source(), to, copy.Options{})
	require.NoError(t, err)

	var restart sync.Once
	dst.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			restart.Do(func() {
				now := time.Duration(0)
				require.NoError(t, zot.Stop(t.Context(), &now))
				time.AfterFunc(time.Second, func() { assert.NoError(t, zot.Start(context.WithoutCancel(t.Context()))) })
			})
		}
		return false
	})
	src, err := copy.OpenSource(address, access)
	require.NoError(t, err)
	r, proof, err := copy.RunProven(t.Context(), src, dst.destination(), copy.Options{Concurrency: 2})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	assert.Equal(t, copy.Tally{Total: artifacts, Copied: artifacts}, r.Manifests)
	assert.Equal(t, artifacts, dst.asked("PUT", "/manifests/"), "each once")
}

// inContainer is Zot's repository, looked up for each connection: a container that is started again gets another port.
func inContainer(t *testing.T, zot testcontainers.Container) (registry.Repository, copy.Access) {
	t.Helper()
	parsed, err := registry.Parse("oci://zot.test:5000")
	require.NoError(t, err)
	address, err := parsed.Repository(repository)
	require.NoError(t, err)
	var dialer net.Dialer
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		at, err := zot.PortEndpoint(ctx, "5000/tcp", "")
		if err != nil {
			return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED} // it has no port while it is stopped
		}
		return dialer.DialContext(ctx, network, at)
	}
	return address, copy.Access{PlainHTTP: true, HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}
