package values_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/fixtures/fleet"
	fixtures "github.com/palette-ecr/palette-ecr/fixtures/values"
	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

func TestChangesNameEverySettingAndNoSecret(t *testing.T) {
	t.Parallel()
	s := settings(t)
	f := parse(t, "hue:\n  ociRegistry:\n    endpoint: oci://zot:5000\n    basicAuth: {username: admin, password: hunter2}\nfleetConfig:\n  spokes:\n    - name: a\n      ociRegistry: {basicAuth: {username: admin, password: hunter2}}\n")
	r, err := f.Render(s)
	require.NoError(t, err)
	var said []string
	for _, c := range r.Changes {
		said = append(said, c.String())
		assert.NotZero(t, c.Place.Line)
	}
	text := strings.Join(said, "\n")
	assert.NotContains(t, text, "hunter2")
	assert.Contains(t, text, "hue.ociRegistry.endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette, was oci://zot:5000")
	assert.Contains(t, text, "hue.ociRegistry.basicAuth: null, was "+values.Mask)
	assert.Contains(t, text, "fleetConfig.spokes[0].ociRegistry.basicAuth: removed")
	assert.Contains(t, text, "fleetConfig.spokes[0].ociRegistry.repository: added mural-workloads")
	assert.Contains(t, text, `flux2.sourceController.serviceAccount.annotations["eks.amazonaws.com/role-arn"]: added arn:aws:iam::123456789012:role/palette-ecr`)
	assert.Contains(t, string(f.Data()), "hunter2", "the input stays as it is")
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*values.Settings)
		says   string
	}{
		"Zot":            {func(s *values.Settings) { s.Destination = endpoint(t, "oci://zot:5000") }, "isn't Amazon ECR"},
		"no repository":  {func(s *values.Settings) { s.Repository = "" }, "the name is empty"},
		"bad repository": {func(s *values.Settings) { s.Repository = "A b" }, "naming repository"},
		"no role":        {func(s *values.Settings) { s.Identity = target.Identity{Mode: target.IRSA} }, "needs a role ARN"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settings(t)
			test.change(&s)
			_, err := parse(t, "fleetConfig: {spokes: []}\n").Render(s)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		})
	}
}

func TestNotesTellWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	s := settings(t)
	f := parse(t, "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec:\n  dependsOn: [{name: mural-crds}, {name: x, namespace: y}]\n  suspend: true\n  chartRef: {kind: OCIRepository, name: mural}\n  valuesFrom:\n  - {kind: Secret, name: more}\n  values: {fleetConfig: {spokes: []}}\n")
	release := f.HelmRelease()
	require.NotNil(t, release)
	assert.Equal(t, []string{"mural-crds", "y/x"}, release.DependsOn)
	assert.Equal(t, values.ChartRef{Kind: "OCIRepository", Name: "mural"}, release.ChartRef)
	assert.True(t, release.Suspend)
	assert.Equal(t, "Secret/more", release.ValuesFrom[0].String())
	r, err := f.Render(s)
	require.NoError(t, err)
	assert.Empty(t, r.Notes)
	assert.Equal(t, []string{"Secret/more (line 9) gives further values, which can't be seen here: give it with --values-from Secret/more=FILE, or have it read from the hub with --values-from-hub"}, r.Unseen)
	s.ChartDefaults = nil
	r, err = f.Render(s)
	require.NoError(t, err)
	assert.Contains(t, r.Notes[0], "no chart was given")
}

// TestFleet renders a thousand spokes.
func TestFleet(t *testing.T) {
	t.Parallel()
	const spokes = 1_000
	source := fleet.Values(spokes)
	r, ok := checkRender(t, source, settings(t))
	require.True(t, ok)
	var before, after map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(source), &before))
	require.NoError(t, yaml.Unmarshal(r.Output, &after))
	assert.Equal(t, wanted(before, settings(t)), after)
	assert.Equal(t, 4*spokes+11, len(r.Changes), "three settings and basicAuth of every spoke, and the hub's")
}

// TestLinear holds the cost of a spoke, which allocations tell more steadily than time does (the times are
// in BenchmarkRender).
func TestLinear(t *testing.T) {
	s := settings(t)
	perSpoke := func(spokes int) float64 {
		data := []byte(fleet.Values(spokes))
		return testing.AllocsPerRun(1, func() {
			f, err := values.Parse("values.yaml", data)
			require.NoError(t, err)
			_, err = f.Render(s)
			require.NoError(t, err)
		}) / float64(spokes)
	}
	assert.InEpsilon(t, perSpoke(500), perSpoke(5_000), 0.1)
}

// TestRehearsalSuitsTheChart renders the chart with the values that the rehearsal installs, before and after.
func TestRehearsalSuitsTheChart(t *testing.T) {
	t.Parallel()
	c, err := chart.Load(t.Context(), chartDir, "", chart.Options{HTTPClient: http.DefaultClient})
	require.NoError(t, err)
	manifests := func(f *values.File) string {
		all, err := chart.Render(c, f.Values(), chart.Release{Name: "mural", Namespace: "mural-system"})
		require.NoError(t, err)
		var text strings.Builder
		for _, m := range all {
			data, err := yaml.Marshal(m.Object.Object)
			require.NoError(t, err)
			text.Write(data)
		}
		return text.String()
	}
	f, err := values.Parse("rehearsal.yaml", fixtures.Rehearsal)
	require.NoError(t, err)
	r, err := f.Render(settings(t))
	require.NoError(t, err)
	after, err := values.Parse("rehearsal.yaml", r.Output)
	require.NoError(t, err)

	assert.Contains(t, manifests(f), "endpoint: oci://zot.mural-system.svc.cluster.local:5000")
	now := manifests(after)
	assert.NotContains(t, now, "endpoint: oci://zot")
	assert.NotContains(t, now, "zot-default-password")
	assert.Equal(t, 2, strings.Count(now, "endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"), "hue's and the spoke's")
	assert.Equal(t, 2, strings.Count(now, "eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/palette-ecr"))

	byHand, err := values.Parse("by-hand.yaml", fixtures.ByHand)
	require.NoError(t, err)
	auth, ok := byHand.Lookup("fleetConfig", "spokes", 0, "ociRegistry", "basicAuth")
	assert.True(t, ok && auth.IsMapping())
	_, ok = byHand.Lookup("hue", "ociRegistry", "basicAuth")
	assert.False(t, ok)
	assert.Contains(t, manifests(byHand), "hue-oci-registry-auth", "the chart's default brings basicAuth back")
}
