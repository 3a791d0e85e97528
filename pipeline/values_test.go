package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

const (
	before = "# ours\nglobal:\n  dns: {domain: palette.example.com}\n"
	role   = "arn:aws:iam::123456789012:role/palette-ecr"
)

// wanted is a cutover of the stand-in chart with these values in a file.
func wanted(t *testing.T, text string) target.Cutover {
	t.Helper()
	path := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return target.Cutover{
		Registry: target.Registry{Endpoint: "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"},
		Identity: target.Identity{RoleARN: role},
		Release:  target.Release{Values: path, Chart: filepath.Join("..", "fixtures", "charts", "mural")},
	}.WithDefaults()
}

// onZot is an installation whose live release is on Zot, with the chart's own values.
func onZot(t *testing.T, proofs []report.Proof) *installation {
	t.Helper()
	i := atNoon(t, proofs)
	i.Target = wanted(t, before)
	var err error
	i.given.File, err = readValues(t.Context(), &Options{Target: i.Target})
	require.NoError(t, err)
	i.Chart, err = chart.Load(t.Context(), i.Target.Release.Chart, "", chart.Options{})
	require.NoError(t, err)
	merged, err := chart.Defaults(i.Chart)
	require.NoError(t, err)
	i.State = state.New(&deploy.Release{Revision: 1, Values: map[string]any{}, Merged: merged}, i.Journal, i.Chart)
	return i
}

// TestValuesAreKeptAtTheEnd: a file that names ECR while the release is on Zot would undo the next upgrade.
func TestValuesAreKeptAtTheEnd(t *testing.T) {
	for name, test := range map[string]struct {
		inPlace bool
		only    []string
		fails   bool
		written bool
	}{
		"in place":                    {inPlace: true, written: true},
		"not asked for":               {},
		"in place, but a stage fails": {inPlace: true, fails: true},
		"in place, one stage only":    {inPlace: true, only: []string{"render"}},
		"in place, proven, Zot on":    {inPlace: true, only: []string{"render", "lint", "preflight", "copy", "deploy", "validate"}, written: true},
		"in place, not proven":        {inPlace: true, only: []string{"render", "lint", "preflight", "copy", "deploy"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := onZot(t, nil)
			o := Options{Target: s.Target, InPlace: test.inPlace, Only: test.only}.withDefaults()
			rendered, err := Render(t.Context(), s.World, s.State, s.given)
			require.NoError(t, err)
			require.NotEmpty(t, rendered.Edit.Changes)
			linted := Linted{Rendered: rendered}
			var broken error
			if test.fails {
				broken = fault.New(fault.Failed, "", "broken")
			}
			err = keepValues(o, linted, broken)
			assert.Equal(t, test.fails, err != nil)
			now, err := os.ReadFile(s.Target.ValuesPath())
			require.NoError(t, err)
			if test.written {
				assert.Equal(t, string(rendered.Edit.Output), string(now))
				assert.Contains(t, string(now), "endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
			} else {
				assert.Equal(t, before, string(now))
			}
		})
	}
}

func TestValuesThatChangedMeanwhileStay(t *testing.T) {
	s := onZot(t, nil)
	o := Options{Target: s.Target, InPlace: true}.withDefaults()
	rendered, err := s.given.rendered(s.World, s.State)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.Target.ValuesPath(), []byte("other: true\n"), 0o600))
	require.ErrorContains(t, keepValues(o, rendered, nil), "the file changed since it was read")
	now, err := os.ReadFile(s.Target.ValuesPath())
	require.NoError(t, err)
	assert.Equal(t, "other: true\n", string(now))
}

func TestNothingToKeep(t *testing.T) {
	s := onZot(t, nil)
	o := Options{Target: s.Target, InPlace: true}.withDefaults()
	require.NoError(t, keepValues(o, nil, nil), "nothing was run")
	s.given.AsIs = true
	got, err := Render(t.Context(), s.World, s.State, s.given)
	require.NoError(t, err)
	assert.Equal(t, "the values are taken as they are", got.Entry().Skip)
	assert.Same(t, s.given.File, got.Wanted)
	require.NoError(t, keepValues(o, got, nil), "nothing was rendered: the values are taken as they are")
}

func TestReadValues(t *testing.T) {
	const manifest = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec: {values: {}}\n"
	const application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mural}\nspec: {source: {chart: mural, helm: {valuesObject: {}}}}\n"
	for name, test := range map[string]struct {
		text    string
		change  func(*Options)
		says    string
		remedy  string
		succeed bool
		flux    bool // applies it
	}{
		"a file":          {text: before, succeed: true},
		"standard input":  {change: func(o *Options) { o.Target.Release.Values, o.In = "-", strings.NewReader(before) }, succeed: true},
		"malformed input": {change: func(o *Options) { o.Target.Release.Values, o.In = "-", strings.NewReader("a: b: c\n") }, says: `parsing "<stdin>": line 1, column `, remedy: "correct the YAML"},
		"no input":        {change: func(o *Options) { o.Target.Release.Values = "-" }, says: "there is none", remedy: "name a file"},
		"input, in place": {change: func(o *Options) { o.Target.Release.Values, o.In, o.InPlace = "-", strings.NewReader(before), true }, says: "can't be written", remedy: "leave --in-place out"},
		"a manifest": {text: manifest, change: func(o *Options) {
			o.Target.Release.HelmRelease, o.Target.Release.Values, o.Target.Release.ManagedBy = o.Target.Release.Values, "", target.Flux
		}, succeed: true, flux: true},
		"a manifest as values":   {text: manifest, succeed: true, flux: true},
		"an Application":         {text: application, says: "which only Argo CD applies", remedy: "Argo CD"},
		"values as the manifest": {text: before, change: func(o *Options) { o.Target.Release.HelmRelease, o.Target.Release.Values = o.Target.Release.Values, "" }, says: "no HelmRelease is in it", remedy: "--values"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Target: wanted(t, test.text)}
			if test.change != nil {
				test.change(&o)
			}
			_, err := readValues(t.Context(), &o)
			if test.succeed {
				require.NoError(t, err)
				assert.Equal(t, test.flux, o.Target.Release.ManagedBy == target.Flux)
				return
			}
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
		})
	}
}

// TestProofsOfEarlierStages: validate makes what copy and deploy, run alone before it, did not leave behind.
func TestProofsOfEarlierStages(t *testing.T) {
	s := onZot(t, nil)
	v := Validation{Deployment: s.deployment(t)}
	made, err := v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(all("hub")...))
	require.NoError(t, err)
	assert.False(t, made)
	assert.Empty(t, v.Entry().Proofs)

	made, err = v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofClosure, "")))
	require.NoError(t, err)
	assert.True(t, made)
	require.Len(t, v.Entry().Proofs, 1)
	assert.Equal(t, report.ProofRendered, v.Entry().Proofs[0].Name)
	assert.Equal(t, report.Held, v.Entry().Proofs[0].Verdict)

	made, err = v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofClosure, "")))
	require.NoError(t, err)
	assert.False(t, made, "this run has made it")
}

// TestOldPasswordIsLookedForAfterTheSwitch: the live release does not know it any more, the journal does.
func TestOldPasswordIsLookedForAfterTheSwitch(t *testing.T) {
	const password = "of-the-old-zot"
	s := onZot(t, nil)
	hue := map[string]any{"ociRegistry": map[string]any{
		"endpoint": "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "repository": "mural-workloads",
	}}
	s.Live.Merged = map[string]any{"hue": hue, "zot": map[string]any{"enabled": true}}
	s.Journal.Begin(s.Destination.URL(), zotURL, 1, map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": map[string]any{"password": password}}}})
	on, err := s.OnECR(s.Destination)
	require.NoError(t, err)
	require.True(t, on)
	settings, ok, err := s.Source(s.Destination)
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, password, settings.BasicAuth.Password)
	assert.Equal(t, zotURL, s.source(t))

	hidden, err := values.Parse("values.yaml", []byte("hue: {serviceAccount: {annotations: {note: "+password+"}}}\n"))
	require.NoError(t, err)
	s.given.File = hidden
	rendered, err := s.given.rendered(s.World, s.State)
	require.NoError(t, err)
	p, err := proveRendered(s.World, s.State, rendered.Values)
	require.NoError(t, err)
	assert.Equal(t, report.Broken, p.Verdict, "the password is in a manifest of the new values: %s", p.Summary)
	assert.NotContains(t, p.Cause, password)
}

func TestSourceIsUnknownOnceZotIsOff(t *testing.T) {
	s := onZot(t, nil)
	on, err := s.OnECR(s.Destination)
	require.NoError(t, err)
	assert.False(t, on)
	off, err := s.CutOver(s.Destination)
	require.NoError(t, err)
	assert.False(t, off)
	s.Live.Merged = map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{
		"endpoint": "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "repository": "mural-workloads",
	}}}
	off, err = s.CutOver(s.Destination)
	require.NoError(t, err)
	assert.True(t, off)
	_, ok, err := s.Source(s.Destination)
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, zotURL, s.source(t), "the journal remembers it")

	got, err := DisableZot(t.Context(), s.World, s.State, Validation{})
	require.NoError(t, err)
	assert.Equal(t, "Zot is off already", got.Entry().Skip)
	rendered, err := Render(t.Context(), s.World, s.State, s.given)
	require.NoError(t, err)
	require.Empty(t, rendered.Entry().Skip)
	assert.Contains(t, string(rendered.Wanted.Data()), "enabled: false", "turning Zot on again would be a step back")
}

// TestDisableZotRefusesWithoutProofs: nothing is rendered, and nothing applied.
func TestDisableZotRefusesWithoutProofs(t *testing.T) {
	s := onZot(t, []report.Proof{held(report.ProofReady, "hub")})
	s.Hub = &cluster.Cluster{Name: "hub"} // no client: nothing can be applied
	got, err := DisableZot(t.Context(), s.World, s.State, Validation{Deployment: s.deployment(t)})
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.False(t, got.Entry().Changed)
}

func TestValidateRefusesBeforeTheSwitch(t *testing.T) {
	s := onZot(t, nil)
	_, err := Validate(t.Context(), s.World, s.State, s.deployment(t))
	require.ErrorContains(t, err, "hue does not push to oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads yet")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "palette-ecr deploy")
}

// TestUnreadableSettingsAreAnError: where hue points must be known, and what can't be read is not "elsewhere".
func TestUnreadableSettingsAreAnError(t *testing.T) {
	s := onZot(t, nil)
	s.Live.Merged = map[string]any{"hue": map[string]any{"ociRegistry": "oci://zot"}}
	_, err := Render(t.Context(), s.World, s.State, s.given)
	require.ErrorContains(t, err, "reading the registry settings of the release")
	_, err = Deploy(t.Context(), s.World, s.State, Copied{Planned: Planned{Linted: Linted{Rendered: Rendered{Given: s.given, Wanted: s.given.File}}}})
	require.ErrorContains(t, err, "reading the registry settings of the release")
	_, err = DisableZot(t.Context(), s.World, s.State, Validation{})
	require.ErrorContains(t, err, "reading the registry settings of the release")
	_, err = CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	require.ErrorContains(t, err, "reading the registry settings of the release")
}

// TestUndoOfNothing: a release that this run left alone is not put back.
func TestUndoOfNothing(t *testing.T) {
	const alone = "this run has not changed the release"
	for result, want := range map[*deploy.Result]string{
		nil: alone, {}: alone, {PreviousRevision: 3}: alone,
		{Changed: true}: "there was no release before: what was installed stays",
	} {
		s := onZot(t, nil)
		s.Hub = nil
		got, err := UndoDeploy(t.Context(), s.World, s.State, Deployment{Result: result})
		require.NoError(t, err)
		assert.Equal(t, want, got.Skip)
	}
}
