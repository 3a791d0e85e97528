package deploy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func TestInstalledCharts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	got, err := w.helm.installed()
	require.NoError(t, err)
	assert.Equal(t, Installed{Version: "1.0.7", CRDs: "0.7.4"}, got)
	w.helm.options.Release.Name = "none"
	got, err = w.helm.installed()
	require.NoError(t, err)
	assert.Equal(t, Installed{CRDs: "0.7.4"}, got)
}

func TestWithLiveChangesNoChart(t *testing.T) {
	t.Parallel()
	live := Installed{Version: "1.2.0+0123456789ab", Chart: "oci://mirror.example.com/mural"}
	assert.Equal(t, target.Release{Chart: "oci://mirror.example.com/mural", Version: "1.2.0+0123456789ab"}, live.WithLive(target.Release{Chart: target.DefaultChart}))
	assert.Equal(t, target.Release{Chart: "oci://mirror.example.com/mural", Version: "1.3.0"}, live.WithLive(target.Release{Chart: target.DefaultChart, Version: "1.3.0"}))
	assert.Equal(t, target.Release{Chart: "./mural"}, live.WithLive(target.Release{Chart: "./mural"}), "a directory is of the version that it is")
	assert.Equal(t, target.Release{Chart: "oci://other/mural", Version: "1.2.0+0123456789ab"}, live.WithLive(target.Release{Chart: "oci://other/mural"}))
}

func TestTheChartOfAHelmReleaseIsFoundWhereFluxTakesIt(t *testing.T) {
	t.Parallel()
	ociRepository := objectOf("source.toolkit.fluxcd.io/v1", "OCIRepository", namespace, "mural", map[string]any{"spec": map[string]any{"url": "oci://mirror/mural"}})
	helmRepository := objectOf("source.toolkit.fluxcd.io/v1", "HelmRepository", "flux-system", "mirror", map[string]any{"spec": map[string]any{"url": "oci://mirror/charts/", "type": "oci"}})
	classic := objectOf("source.toolkit.fluxcd.io/v1", "HelmRepository", namespace, "classic", map[string]any{"spec": map[string]any{"url": "https://charts.example.com"}})
	c := lookingAt(t, nil, ociRepository, helmRepository, classic)
	template := func(ref map[string]any) map[string]any {
		return map[string]any{"chart": map[string]any{"spec": map[string]any{"chart": "mural", "sourceRef": ref}}}
	}
	for want, spec := range map[string]map[string]any{
		"oci://mirror/mural":        {"chartRef": map[string]any{"kind": "OCIRepository", "name": "mural"}},
		"oci://mirror/charts/mural": template(map[string]any{"kind": "HelmRepository", "name": "mirror", "namespace": "flux-system"}),
		"":                          template(map[string]any{"kind": "HelmRepository", "name": "classic"}),
	} {
		got, err := chartSource(t.Context(), c, helmReleaseOf(namespace, "mural", spec))
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for _, spec := range []map[string]any{{"chartRef": map[string]any{"kind": "OCIRepository", "name": "none"}}, {"chartRef": map[string]any{"kind": "HelmChart", "name": "mural"}}, {}} {
		got, err := chartSource(t.Context(), c, helmReleaseOf(namespace, "mural", spec))
		require.NoError(t, err)
		assert.Empty(t, got)
	}

	release := helmReleaseOf(namespace, "mural", nil)
	full := "sha256:0123456789ab" + strings.Repeat("c", 52)
	release.Object["status"] = map[string]any{"history": []any{
		map[string]any{"chartVersion": "1.3.0+ba9876543210", "ociDigest": "sha256:ba98"}, map[string]any{"chartVersion": "1.2.0+0123456789ab", "ociDigest": full},
	}}
	assert.Equal(t, full, digestOf(release, "1.2.0+0123456789ab"))
	assert.Empty(t, digestOf(release, "1.1.0+0123456789ab"))
	release.Object["status"] = map[string]any{"lastAttemptedRevisionDigest": full}
	assert.Equal(t, full, digestOf(release, "1.2.0+0123456789ab"))
	assert.Empty(t, digestOf(release, "1.2.0+aaaaaaaaaaaa"))
}
