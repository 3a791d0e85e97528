package pipeline

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// planOf plans the stages of an installation between two registries.
func planOf(t *testing.T, s *installation, change func(*Given)) (Planned, error) {
	t.Helper()
	given := s.given
	given.Planned = []string{"copy"} // the release is looked at in package deploy
	if change != nil {
		change(&given)
	}
	ready, err := given.preflighted(s.World, s.State)
	require.NoError(t, err)
	return Plan(t.Context(), s.World, s.State, ready)
}

// pushTo puts an artifact into the source of an installation.
func pushTo(t *testing.T, s *installation, tag string) {
	t.Helper()
	image, err := random.Image(32, 1)
	require.NoError(t, err)
	reference, err := name.ParseReference(strings.TrimPrefix(s.source(t), "oci://") + ":" + tag)
	require.NoError(t, err)
	require.NoError(t, remote.Write(reference, image))
}

// TestPlanStage says beforehand what copy does, twice in the same bytes, and writes nothing.
func TestPlanStage(t *testing.T) {
	s, e := betweenRegistries(t)
	got, err := planOf(t, s, nil)
	require.NoError(t, err)
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "a plan writes nothing")
	assert.Equal(t, "2 to create, 0 to update, 0 to delete", got.Entry().Summary)
	assert.Equal(t, &report.Changes{Create: 2}, got.Entry().Changes, "which the format terraform shows")
	assert.Equal(t, fault.Pending, fault.CodeOf(pendingPlan(got.Document, "x")))
	again, err := planOf(t, s, nil)
	require.NoError(t, err)
	assert.Equal(t, string(got.Entry().Plan.Document), string(again.Entry().Plan.Document))

	copied, err := Copy(t.Context(), s.World, s.State, got)
	require.NoError(t, err)
	assert.Equal(t, copied.Entry().Counts["manifests copied"], got.Document.Copy.Manifests)
	assert.Equal(t, copied.Entry().Counts["bytes copied"], got.Document.Copy.Bytes)

	done, err := planOf(t, s, nil)
	require.NoError(t, err)
	assert.Equal(t, int64(0), done.Document.Copy.Manifests)
	assert.Equal(t, &report.Changes{}, done.Entry().Changes)
}

// TestPlanHoldsNoSecret: neither what the file has, nor what is live, in no form.
func TestPlanHoldsNoSecret(t *testing.T) {
	const marker = "marker-5Zt-of-canvas"
	s, _ := betweenRegistries(t)
	path := s.Target.ValuesPath()
	require.NoError(t, os.WriteFile(path, []byte("canvas:\n  sessionSecret: "+marker+"\nhue:\n  ociRegistry:\n    basicAuth: {username: admin, password: "+marker+"-zot}\n"), 0o600))
	file, err := readValues(t.Context(), &Options{Target: s.Target})
	require.NoError(t, err)
	s.given.File = file
	got, err := planOf(t, s, nil)
	require.NoError(t, err)
	assert.Contains(t, got.Document.Values, "basicAuth", "the diff shows that it goes")
	view := report.New("plan", "v1", noon)
	view.Plan, view.Changes = got.Entry().Plan, got.Entry().Changes
	for _, format := range report.Names() {
		var out strings.Builder
		require.NoError(t, report.Write(&out, format, view, report.Options{All: true}))
		assert.NotContains(t, out.String(), "marker-5Zt", format)
	}
}

func TestPlanAsks(t *testing.T) {
	s, _ := betweenRegistries(t)
	var shown Entry
	ask := func(_ context.Context, e Entry) error {
		shown = e
		return fault.New(fault.Refused, "", "no")
	}
	got, err := planOf(t, s, func(g *Given) { g.Ask = ask })
	require.EqualError(t, err, "no")
	assert.Equal(t, got.Entry().Plan, shown.Plan)
	assert.NotNil(t, shown.Changes)
	_, err = Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	shown = Entry{}
	_, err = planOf(t, s, func(g *Given) { g.Ask, g.AsIs = ask, true })
	if shown.Plan == nil {
		require.NoError(t, err, "where nothing would change nobody is asked")
	}
}

// TestPlanFile: what hue pushes meanwhile is copied too; what somebody else did to ECR, to the values or to a workload is
// another world.
func TestPlanFile(t *testing.T) {
	s, _ := betweenRegistries(t)
	made, err := planOf(t, s, nil)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "cutover.plan")
	require.NoError(t, os.WriteFile(path, made.Entry().Plan.Document, 0o600))
	document, err := plan.Read(path)
	require.NoError(t, err)
	from := func(g *Given) {
		g.Plan = FromFile{Name: path, Document: document}
		g.Ask = func(context.Context, Entry) error { return fault.New(fault.Failed, "", "with a plan nobody is asked") }
	}
	_, err = planOf(t, s, from)
	require.NoError(t, err)

	pushTo(t, s, "new-one")
	pushTo(t, s, "cart") // moved
	got, err := planOf(t, s, from)
	require.NoError(t, err)
	assert.Same(t, document, got.Document)
	assert.Equal(t, int64(3), got.Entry().Plan.Artifacts, "what is shown is what happens now")

	_, err = planOf(t, s, func(g *Given) { from(g); g.KeepCert = true })
	require.ErrorContains(t, err, "input flags: --keep-cert, the plan has none")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	_, err = planOf(t, s, func(g *Given) { from(g); g.Planned = []string{"copy", "validate"} })
	require.ErrorContains(t, err, "stage validate: it is new")
}

// TestWhatAPlanIsMadeOf: a plan of nothing would say that nothing changes.
func TestWhatAPlanIsMadeOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ only, planned, want string }{
		{"", "", "copy deploy validate soak disable-zot"},
		{"render lint plan", "", "copy deploy validate soak disable-zot"},
		{"render lint plan", "validate disable-zot", "validate disable-zot"},
		{"render lint plan copy deploy validate", "", "copy deploy validate"},
		{"plan disable-zot", "", "disable-zot"},
		{"render lint plan", "render lint", "copy deploy validate soak disable-zot"},
	} {
		o := Options{Only: strings.Fields(test.only), Planned: strings.Fields(test.planned)}
		assert.Equal(t, test.want, strings.Join(o.planned(), " "), test)
	}
}

// TestWhoIsAskedSeesAPlan, also when the run begins after it.
func TestWhoIsAskedSeesAPlan(t *testing.T) {
	t.Parallel()
	ask := func(context.Context, *report.Report) error { return nil }
	assert.Equal(t, []string{"plan", "disable-zot"}, Options{Only: []string{"disable-zot"}, Confirm: ask}.withDefaults().Only)
	assert.Equal(t, []string{"plan", "validate"}, Options{Only: []string{"validate"}, Plan: "cutover.plan"}.withDefaults().Only)
	assert.Equal(t, []string{"disable-zot"}, Options{Only: []string{"disable-zot"}}.withDefaults().Only)
	assert.Empty(t, Options{Confirm: ask}.withDefaults().Only)
}

// Seen: `run --until copy` said "nothing would change" above the diff of the file.
func TestNothingWouldChangeAboveADiff(t *testing.T) {
	t.Parallel()
	var e Entry
	require.NoError(t, e.show(plan.New(plan.Document{})))
	assert.Equal(t, "nothing would change", e.Skip)
	require.NoError(t, e.show(plan.New(plan.Document{Values: "--- a\n+++ b\n"})))
	assert.Equal(t, "nothing would change in the clusters or in ECR by these stages: the diff is of your values file", e.Skip)
}
