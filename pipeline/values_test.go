package pipeline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
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

// onZot is a session in front of a live release that is on Zot, with the chart's own values.
func onZot(t *testing.T, proofs []report.Proof) *session {
	t.Helper()
	s, _ := atNoon(t, proofs)
	s.Target = wanted(t, before)
	var err error
	s.file, err = s.readValues()
	require.NoError(t, err)
	s.chart, err = chart.Load(t.Context(), s.Target.Release.Chart, "", chart.Options{})
	require.NoError(t, err)
	merged, err := chart.Defaults(s.chart)
	require.NoError(t, err)
	s.live = &deploy.Release{Revision: 1, Values: map[string]any{}, Merged: merged}
	return s
}

// TestValuesAreKeptAtTheEnd: a file that names ECR while the release is on Zot would undo the next upgrade.
func TestValuesAreKeptAtTheEnd(t *testing.T) {
	rendering := Stage{Name: "render", run: render}
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
		"in place, proven, Zot on":    {inPlace: true, only: []string{"render", "lint", "copy", "deploy", "validate"}, written: true},
		"in place, not proven":        {inPlace: true, only: []string{"render", "lint", "copy", "deploy"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := onZot(t, nil)
			s.InPlace, s.Only = test.inPlace, test.only
			var p play
			stages := []Stage{rendering, p.stage("last", nil)}
			if test.fails {
				stages[1] = p.stage("last", fault.New(fault.Failed, "", "broken"))
			}
			err := s.runAll(t.Context(), stages)
			assert.Equal(t, test.fails, err != nil)
			now, err := os.ReadFile(s.Target.ValuesPath())
			require.NoError(t, err)
			require.NotEmpty(t, s.rendered.Changes)
			if test.written {
				assert.Equal(t, string(s.rendered.Output), string(now))
				assert.Contains(t, string(now), "endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
			} else {
				assert.Equal(t, before, string(now))
			}
		})
	}
}

func TestValuesThatChangedMeanwhileStay(t *testing.T) {
	s := onZot(t, nil)
	s.InPlace = true
	_, err := s.want()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.Target.ValuesPath(), []byte("other: true\n"), 0o600))
	require.ErrorContains(t, s.keepValues(), "the file changed since it was read")
	now, err := os.ReadFile(s.Target.ValuesPath())
	require.NoError(t, err)
	assert.Equal(t, "other: true\n", string(now))
}

func TestNothingToKeep(t *testing.T) {
	s := onZot(t, nil)
	s.InPlace = true
	require.NoError(t, s.keepValues(), "nothing was rendered: the values are taken as they are")
	s.AsIs = true
	got, err := render(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, "the values are taken as they are", got.skip)
	given, err := s.want()
	require.NoError(t, err)
	assert.Same(t, s.file, given)
}

func TestReadValues(t *testing.T) {
	const manifest = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\nspec: {values: {}}\n"
	for name, test := range map[string]struct {
		text    string
		change  func(*Options)
		says    string
		remedy  string
		succeed bool
	}{
		"a file":                 {text: before, succeed: true},
		"standard input":         {change: func(o *Options) { o.Target.Release.Values, o.In = "-", strings.NewReader(before) }, succeed: true},
		"malformed input":        {change: func(o *Options) { o.Target.Release.Values, o.In = "-", strings.NewReader("a: b: c\n") }, says: `parsing "<stdin>": line 1, column `, remedy: "correct the YAML"},
		"no input":               {change: func(o *Options) { o.Target.Release.Values = "-" }, says: "there is none", remedy: "name a file"},
		"input, in place":        {change: func(o *Options) { o.Target.Release.Values, o.In, o.InPlace = "-", strings.NewReader(before), true }, says: "can't be written", remedy: "leave --in-place out"},
		"a manifest":             {text: manifest, change: func(o *Options) { o.Target.Release.HelmRelease, o.Target.Release.Values = o.Target.Release.Values, "" }, succeed: true},
		"a manifest as values":   {text: manifest, says: "it is the manifest of a HelmRelease", remedy: "--helm-release"},
		"values as the manifest": {text: before, change: func(o *Options) { o.Target.Release.HelmRelease, o.Target.Release.Values = o.Target.Release.Values, "" }, says: "no HelmRelease is in it", remedy: "--values"},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Target: wanted(t, test.text)}
			if test.change != nil {
				test.change(&o)
			}
			_, err := newSession(o).readValues()
			if test.succeed {
				require.NoError(t, err)
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
	made, err := s.proveRest(t.Context(), all("hub"))
	require.NoError(t, err)
	assert.False(t, made)
	assert.Empty(t, s.report.Proofs)

	made, err = s.proveRest(t.Context(), []report.Proof{held(report.ProofClosure, "")})
	require.NoError(t, err)
	assert.True(t, made)
	require.Len(t, s.report.Proofs, 1)
	assert.Equal(t, report.ProofRendered, s.report.Proofs[0].Name)
	assert.Equal(t, report.Held, s.report.Proofs[0].Verdict)

	made, err = s.proveRest(t.Context(), []report.Proof{held(report.ProofClosure, "")})
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
	s.live.Merged = map[string]any{"hue": hue, "zot": map[string]any{"enabled": true}}
	s.journal.Begin(s.destination.URL(), zotURL, 1, map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{"basicAuth": map[string]any{"password": password}}}})
	require.True(t, s.switched())
	settings, ok, err := s.sourceSettings()
	require.NoError(t, err)
	require.True(t, ok)
	assert.Equal(t, password, settings.BasicAuth.Password)
	assert.Equal(t, zotURL, s.sourceURL())

	hidden, err := values.Parse("values.yaml", []byte("hue: {serviceAccount: {annotations: {note: "+password+"}}}\n"))
	require.NoError(t, err)
	s.file = hidden
	given, err := s.want()
	require.NoError(t, err)
	p, err := s.judgeRendered(given)
	require.NoError(t, err)
	assert.Equal(t, report.Broken, p.Verdict, "the password is in a manifest of the new values: %s", p.Summary)
	assert.NotContains(t, p.Cause, password)
}

func TestSourceIsUnknownOnceZotIsOff(t *testing.T) {
	s := onZot(t, nil)
	assert.False(t, s.switched())
	assert.False(t, s.zotIsOff())
	s.live.Merged = map[string]any{"hue": map[string]any{"ociRegistry": map[string]any{
		"endpoint": "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "repository": "mural-workloads",
	}}}
	assert.True(t, s.zotIsOff())
	_, ok, err := s.sourceSettings()
	require.NoError(t, err)
	assert.False(t, ok)
	assert.Equal(t, zotURL, s.sourceURL(), "the journal remembers it")

	got, err := disableZot(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, "Zot is off already", got.skip)
	got, err = render(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, got.skip)
	assert.Contains(t, string(s.wanted.Data()), "enabled: false", "turning Zot on again would be a step back")
}

// TestDisableZotRefusesWithoutProofs: nothing is rendered, and nothing applied.
func TestDisableZotRefusesWithoutProofs(t *testing.T) {
	s := onZot(t, []report.Proof{held(report.ProofReady, "hub")})
	s.hub = nil
	_, err := disableZot(t.Context(), s)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Nil(t, s.wanted)
}

func TestValidateRefusesBeforeTheSwitch(t *testing.T) {
	s := onZot(t, nil)
	_, err := validateCutover(t.Context(), s)
	require.ErrorContains(t, err, "hue does not push to oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads yet")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "palette-ecr deploy")
}

// TestUndoOfNothing: a release that this run left alone is not put back.
func TestUndoOfNothing(t *testing.T) {
	for _, result := range []*deploy.Result{nil, {}, {Changed: true}, {PreviousRevision: 3}} {
		s := onZot(t, nil)
		s.hub, s.deployed = nil, result
		got, err := undoDeploy(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, "this run has not changed the release", got.skip)
	}
}
