package chart_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ocilayout "github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chartutil"
	helmregistry "helm.sh/helm/v3/pkg/registry"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string][2]string{
		"1.0.7":                            {"1.0.7", ""},
		"1.0.7+0123456789ab":               {"1.0.7", "0123456789ab"},
		"1.1.0-rc.3+0123456789ab":          {"1.1.0-rc.3", "0123456789ab"},
		"1.0.7+build.5":                    {"1.0.7+build.5", ""},
		"1.0.7+0123":                       {"1.0.7+0123", ""},
		"1.0.7+0123456789AB":               {"1.0.7+0123456789AB", ""},
		"":                                 {"", ""},
		"1.0.7+" + strings.Repeat("a", 64): {"1.0.7", strings.Repeat("a", 64)},
	} {
		plain, mark := chart.SplitVersion(version)
		assert.Equal(t, want, [2]string{plain, mark}, version)
	}
	assert.True(t, chart.SameVersion("1.0.7", "1.0.7+0123456789ab"))
	assert.True(t, chart.SameVersion("1.0.7+0123456789ab", "1.0.7+0123456789abcdef"))
	assert.False(t, chart.SameVersion("1.0.7+0123456789ab", "1.0.7+ba9876543210"))
	assert.False(t, chart.SameVersion("1.0.7", "1.0.8"))

	for _, test := range []struct {
		a, b      string
		older, ok bool
	}{
		{"1.0.7", "1.2.0", true, true}, {"1.2.0", "1.0.7", false, true}, {"1.0.7+0123456789ab", "1.0.7", false, true},
		{"1.0.7", "1.0.7+0123456789ab", false, true}, {"1.1.0-rc.3", "1.1.0", true, true}, {"0.7.4", "0.7.10", true, true}, {"main", "1.0.7", false, false}, {"1.0.7", "", false, false},
	} {
		older, ok := chart.Older(test.a, test.b)
		assert.Equal(t, test.older, older, "%s %s", test.a, test.b)
		assert.Equal(t, test.ok, ok, "%s %s", test.a, test.b)
	}
}

// pushed is a registry with the chart under a tag, and what changes in it makes another manifest.
func pushed(t *testing.T, host, tag, description string) string {
	t.Helper()
	dir := write(t)
	path := filepath.Join(dir, "Chart.yaml")
	require.NoError(t, os.WriteFile(path, []byte(files["Chart.yaml"]+"description: "+description+"\n"), 0o600))
	c, err := chart.Load(t.Context(), dir, "", chart.Options{})
	require.NoError(t, err)
	archive, err := chartutil.Save(c, t.TempDir())
	require.NoError(t, err)
	data, err := os.ReadFile(archive)
	require.NoError(t, err)
	client, err := helmregistry.NewClient(helmregistry.ClientOptPlainHTTP(), helmregistry.ClientOptWriter(io.Discard))
	require.NoError(t, err)
	result, err := client.Push(data, host+"/charts/mural:"+tag, helmregistry.PushOptStrictMode(false))
	require.NoError(t, err)
	return result.Manifest.Digest
}

func TestAChartThatFluxHasMarkedIsFoundByItsDigest(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(ocilayout.New(ocilayout.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	ref, o := "oci://"+host+"/charts/mural", chart.Options{PlainHTTP: true}

	old := pushed(t, host, "1.0.7", "old")
	mark := func(digest string) string { return "1.0.7+" + strings.TrimPrefix(digest, "sha256:")[:12] }
	c, err := chart.Load(t.Context(), ref, mark(old), o)
	require.NoError(t, err)
	assert.Equal(t, "old", c.Metadata.Description)

	// The tag goes to another chart: then the mark is not enough, but the whole digest is.
	current := pushed(t, host, "1.0.7", "new")
	require.NotEqual(t, old, current)
	_, err = chart.Load(t.Context(), ref, mark(old), o)
	require.ErrorContains(t, err, "tag 1.0.7 is on another manifest now")
	assert.Contains(t, fault.RemedyOf(err), "--chart")
	c, err = chart.Load(t.Context(), ref, mark(current), o)
	require.NoError(t, err)
	assert.Equal(t, "new", c.Metadata.Description)
	o.Digest = old
	c, err = chart.Load(t.Context(), ref, mark(old), o)
	require.NoError(t, err)
	assert.Equal(t, "old", c.Metadata.Description)
	_, err = chart.Load(t.Context(), ref, "1.0.8", o)
	require.ErrorContains(t, err, "it is version 1.0.7, not 1.0.8")
}
