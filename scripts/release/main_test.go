package main

import (
	"archive/tar"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// described is a folder of binaries for each platform, with its descriptions, and the authorities beside it.
func described(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	binary, err := os.ReadFile(self)
	require.NoError(t, err)
	for _, name := range []string{"palette-ecr_linux_amd64", "palette-ecr_linux_arm64", "palette-ecr_darwin_arm64"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), binary, 0o755))
	}
	authorities := filepath.Join(t.TempDir(), "authorities")
	require.NoError(t, os.WriteFile(authorities, []byte("believed"), 0o600))
	require.NoError(t, run(t.Context(), []string{"describe", folder, "v1.2.3", authorities}))
	return folder
}

// A release is the same twice, its image too.
func TestAReleaseIsTheSameTwice(t *testing.T) {
	one := described(t)
	time.Sleep(1100 * time.Millisecond) // times in archives are whole seconds
	other := described(t)
	var sums []string
	for _, folder := range []string{one, other} {
		data, err := os.ReadFile(filepath.Join(folder, "SHA256SUMS"))
		require.NoError(t, err)
		sums = append(sums, string(data))
		check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "SHA256SUMS")
		check.Dir = folder
		said, err := check.CombinedOutput()
		require.NoError(t, err, string(said))
	}
	assert.Equal(t, sums[0], sums[1])
	for _, file := range []string{imageName, "palette-ecr_linux_arm64", "palette-ecr_linux_arm64.cdx.json"} {
		assert.Contains(t, sums[0], "  "+file+"\n")
	}
}

// aRegistry starts a registry that lets in one user, and returns its address.
func aRegistry(t *testing.T) string {
	t.Helper()
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "somebody" || password != "let-me-in" {
			w.Header().Set("WWW-Authenticate", `Basic realm="here"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestTheImageArrivesAsItIsInItsFile(t *testing.T) {
	folder, address := described(t), aRegistry(t)+"/palette-ecr:v1.2.3"
	reference, err := push(t.Context(), filepath.Join(folder, imageName), "v1.2.3", address, "somebody", "let-me-in")
	require.NoError(t, err)
	parsed, err := name.NewDigest(strings.Replace(reference, ":v1.2.3@", "@", 1))
	require.NoError(t, err)
	index, err := remote.Index(parsed, remote.WithContext(t.Context()), remote.WithTransport(asSomebody{}))
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	assert.Equal(t, "1.2.3", manifest.Annotations["org.opencontainers.image.version"])
	var architectures []string
	for _, one := range manifest.Manifests {
		architectures = append(architectures, one.Platform.Architecture)
		image, err := index.Image(one.Digest)
		require.NoError(t, err)
		config, err := image.ConfigFile()
		require.NoError(t, err)
		assert.Equal(t, one.Platform.Architecture, config.Architecture)
		assert.Equal(t, "65532:65532", config.Config.User)
		assert.Equal(t, []string{"palette-ecr"}, config.Config.Entrypoint)
		assert.Equal(t, "1.2.3", config.Config.Labels["org.opencontainers.image.version"])
		files := modes(t, image)
		assert.Len(t, files, 9)
		assert.EqualValues(t, 0o755, files["usr/local/bin/palette-ecr"])
		assert.EqualValues(t, 0o644, files["etc/ssl/certs/ca-certificates.crt"])
		assert.EqualValues(t, 0o1777, files["tmp/"])
	}
	assert.Equal(t, []string{"amd64", "arm64"}, architectures)
}

// asSomebody asks a registry as the user whom it lets in.
type asSomebody struct{}

func (asSomebody) RoundTrip(r *http.Request) (*http.Response, error) {
	r.SetBasicAuth("somebody", "let-me-in")
	return http.DefaultTransport.RoundTrip(r)
}

// modes are the files of an image's one layer.
func modes(t *testing.T, image v1.Image) map[string]int64 {
	t.Helper()
	layers, err := image.Layers()
	require.NoError(t, err)
	require.Len(t, layers, 1)
	data, err := layers[0].Uncompressed()
	require.NoError(t, err)
	defer data.Close()
	found := map[string]int64{}
	for r := tar.NewReader(data); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		assert.Zero(t, header.ModTime.Unix())
		assert.Zero(t, header.Uid+header.Gid)
		found[header.Name] = header.Mode
	}
}

func TestWhatCannotBePublished(t *testing.T) {
	file, address := filepath.Join(described(t), imageName), aRegistry(t)
	for want, where := range map[string]string{
		"status code 401":             address + "/palette-ecr:v1.2.3",
		`reading the address "some `:  "some where:v1",
		"name a repository and a tag": address + "/palette-ecr",
	} {
		_, err := push(t.Context(), file, "v1.2.3", where, "somebody", "wrong-password")
		require.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, "\ntry:   ")
		assert.NotContains(t, err.Error(), "wrong-password")
	}
	assert.ErrorIs(t, run(t.Context(), []string{"describe", "."}), errUsage)
	assert.ErrorIs(t, run(t.Context(), []string{"publish", "a", "b", "c"}), errUsage)
}
