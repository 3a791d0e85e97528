package deploy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// withSub is a chart with a subchart, which Helm doesn't store.
func withSub(version, hue string) *helmchart.Chart {
	c := muralChart(version)
	sub := &helmchart.Chart{
		Metadata:  &helmchart.Metadata{APIVersion: "v2", Name: "hue", Version: "0.1.0"},
		Templates: []*helmchart.File{{Name: "templates/hue.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: hue}\ndata: {is: " + hue + "}\n")}},
	}
	c.Metadata.Dependencies = []*helmchart.Dependency{{Name: "hue", Version: "0.1.0"}}
	c.AddDependency(sub)
	return c
}

// cutOver is a world whose release was made with the chart before, and moved to ECR with the chart after.
func cutOver(t *testing.T, before, after *helmchart.Chart) (*world, map[string]any) {
	t.Helper()
	w := newWorld(t, printing())
	original := map[string]any{"basicAuth": map[string]any{"password": "zot-secret"}}
	require.NoError(t, w.helm.config.Releases.Create(&release.Release{
		Name: "second", Namespace: namespace, Version: 1, Config: original, Manifest: rendered(t, before, original), Info: &release.Info{Status: release.StatusDeployed},
		// As it comes back from Helm's storage: without subcharts.
		Chart: &helmchart.Chart{Metadata: before.Metadata, Templates: before.Templates, Values: before.Values},
	}))
	w.options.Release.Name, w.helm.options.Release.Name = "second", "second"
	w.options.CRDs = nil
	w.options.AllowDowngrade, w.helm.options.AllowDowngrade = true, true
	w.options.Chart = after
	_, err := w.run(t, toECR)
	require.NoError(t, err)
	w.options.Chart = nil
	return w, original
}

func (w *world) back(t *testing.T, values map[string]any) (*Result, error) {
	t.Helper()
	w.options.Values = values
	return back(t.Context(), w.cluster, w.helm, w.options, 1)
}

func TestBackAppliesTheManifestsOfBefore(t *testing.T) {
	t.Parallel()
	w, original := cutOver(t, withSub("1.2.0", "changed-locally"), withSub("1.2.0", "as-published"))
	result, err := w.back(t, original)
	require.NoError(t, err)
	assert.True(t, result.Changed)
	assert.Equal(t, 3, result.Revision)
	last, err := w.helm.last("second")
	require.NoError(t, err)
	assert.Contains(t, last.Manifest, "changed-locally", "no chart had to be fetched, which would have lost the change")
	again, err := w.back(t, original)
	require.NoError(t, err)
	assert.False(t, again.Changed)
}

func TestBackWithOtherValuesNeedsTheSameChart(t *testing.T) {
	t.Parallel()
	since := map[string]any{"basicAuth": map[string]any{"password": "zot-secret"}, "replicas": 3}
	for name, test := range map[string]struct {
		before, given *helmchart.Chart
		refused       string
	}{
		"the same":         {withSub("1.2.0", "as-published"), withSub("1.2.0", "as-published"), ""},
		"another version":  {withSub("1.2.0", "as-published"), withSub("1.0.7", "as-published"), "the version was 1.2.0"},
		"marked by Flux":   {withSub("1.2.0+0123456789ab", "as-published"), withSub("1.2.0", "as-published"), ""},
		"changed subchart": {withSub("1.2.0", "changed-locally"), withSub("1.2.0", "as-published"), "it makes another ConfigMap"},
		"changed templates": {func() *helmchart.Chart {
			c := withSub("1.2.0", "x")
			c.Templates[0].Data = append(c.Templates[0].Data, '#')
			return c
		}(), withSub("1.2.0", "x"), "its templates or schema"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := cutOver(t, test.before, withSub("1.2.0", "as-published"))
			w.options.Chart = test.given
			result, err := w.back(t, since)
			if test.refused != "" {
				require.ErrorContains(t, err, test.refused)
				assert.Equal(t, fault.Refused, fault.CodeOf(err))
				assert.Contains(t, fault.RemedyOf(err), "--chart")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, 3, result.Revision)
		})
	}
}

func TestBackTakesTheStoredChartWhereItIsWhole(t *testing.T) {
	t.Parallel()
	changed := muralChart("1.2.0")
	changed.Templates = append(changed.Templates, &helmchart.File{Name: "templates/mine.yaml", Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: mine}\n")})
	w, _ := cutOver(t, changed, muralChart("1.2.0"))
	_, err := w.back(t, map[string]any{"replicas": 3})
	require.NoError(t, err)
	last, err := w.helm.last("second")
	require.NoError(t, err)
	assert.Contains(t, last.Manifest, "name: mine")
	_, err = back(t.Context(), w.cluster, w.helm, w.options, 9)
	require.ErrorContains(t, err, "Helm does not have it any more")
}

// TestBackToOlderCharts is the rollback of a cutover that upgraded both charts.
func TestBackToOlderCharts(t *testing.T) {
	t.Parallel()
	w, original := cutOver(t, muralChart("1.0.7"), muralChart("1.2.0"))
	for revision, want := range map[int]bool{1: true, 2: false, 9: false} {
		has, err := w.helm.hasRevision(revision, original)
		require.NoError(t, err)
		assert.Equal(t, want, has, "revision %d", revision)
	}
	way, err := w.helm.wayBack(t.Context(), w.options, 1)
	require.NoError(t, err)
	assert.Equal(t, "1.0.7", way.chart.Metadata.Version, "no revision has these values")
	_, err = w.back(t, original)
	require.NoError(t, err)
	last, err := w.helm.last("second")
	require.NoError(t, err)
	assert.Equal(t, "1.0.7", last.Chart.Metadata.Version)
}

func TestBackCRDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	w.options.CRDs = crds("0.8.0")
	_, err := w.run(t, toECR)
	require.NoError(t, err)
	w.helm.options.Release.Name = CRDsRelease
	require.NoError(t, backCRDs(t.Context(), w.cluster, w.helm, 1))
	last, err := w.helm.last(CRDsRelease)
	require.NoError(t, err)
	assert.Equal(t, 3, last.Version)
	assert.Equal(t, "0.7.4", last.Chart.Metadata.Version)
	require.NoError(t, backCRDs(t.Context(), w.cluster, w.helm, 3))
	again, err := w.helm.last(CRDsRelease)
	require.NoError(t, err)
	assert.Equal(t, 3, again.Version, "it is there already")
	require.ErrorContains(t, backCRDs(t.Context(), w.cluster, w.helm, 9), "going back to revision 9 of release mural-system/mural-crds")
}
