package lint_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestRendered looks at what the stand-in chart makes of values that are in order by themselves.
func TestRendered(t *testing.T) {
	in := lint.Input{File: parse(t, strings.Replace(good, "provider: aws\nfleet", "provider: aws\n    basicAuth: null\nfleet", 1)), Chart: mural(t)}
	assert.Empty(t, said(run(t, in)))
	base := string(in.File.Data())
	for name, test := range map[string]struct{ more, want string }{
		"null":               {"defects: {nullSecretNames: true}\n", "values.yaml:2:3 error L23: Secret mural-system/hue-oci-registry gets null under stringData.basicAuthSecretName (mural/templates/registries.yaml)"},
		"null of a spoke":    {"defects: {nullSecretNames: true}\n", "values.yaml:14:7 error L23: Secret mural-system/a-oci-registry gets null under stringData.basicAuthSecretName (mural/templates/registries.yaml)"},
		"no serviceName":     {"zot: {omitServiceName: true}\n", "values.yaml:19:1 warning L23: StatefulSet mural-system/zot has no serviceName (mural/charts/zot/templates/statefulset.yaml)"},
		"can't be merged":    {"dex: no\n", "values.yaml:1:1 error L23: the chart can't be rendered: "},
		"can't be made":      {"canvas: {ingress: {paths: 5}, enableHTTP: true}\nfleetConfigs: 1\nglobal: {dns: 5}\n", "L23: the chart can't be rendered: "},
		"images from Zot":    {"zot: {enabled: false}\nhue2: {}\nflux2: {sourceController: {image: zot.local:5000/source-controller}}\n", `warning L28: image "zot.local:5000/source-controller:v1.9.6" comes from Zot`},
		"no Flux of its own": {"flux2: {enabled: false}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in.File = parse(t, base+test.more)
			assert.Contains(t, said(run(t, in)), test.want)
		})
	}
}

// TestRenderedCredentials finds credentials that come from a key which only the chart knows.
func TestRenderedCredentials(t *testing.T) {
	c := load(t, []*loader.BufferedFile{
		{Name: "Chart.yaml", Data: []byte("apiVersion: v2\nname: mural\nversion: 1.0.8\n")},
		{Name: "values.yaml", Data: []byte("hue: {}\nlogins: {default: old-login}\n")},
		{Name: "templates/secret.yaml", Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: hue-oci-registry}\nstringData: {provider: aws, basicAuthSecretName: '{{ .Values.logins.default }}'}\n")},
	})
	in := lint.Input{File: parse(t, good), Chart: c}
	assert.Equal(t, `values.yaml:2:3 error L01: Secret hue-oci-registry still gets basicAuthSecretName "old-login" (mural/templates/secret.yaml): Flux uses that Secret and ignores provider aws`,
		strings.TrimSpace(said(run(t, in))))
	in.File = parse(t, good+"logins: {default: ''}\n")
	assert.Empty(t, said(run(t, in)))
}

// TestSpokeAgainstChart calls half an entry wrong when the chart's own spokes have what it lacks.
func TestSpokeAgainstChart(t *testing.T) {
	in := lint.Input{File: parse(t, strings.Replace(good, "      klusterlet: {}\n", "", 1))}
	assert.Equal(t, report.Warning, only(run(t, in), "L24")[0].Severity)
	in.Chart = mural(t)
	assert.Equal(t, report.Error, only(run(t, in), "L24")[0].Severity)
}

// TestBefore compares spokes with what they were before an edit.
func TestBefore(t *testing.T) {
	before := strings.Replace(good, "      klusterlet: {}\n", "      klusterlet: {}\n      proxyUrl: x\n      'a.b': 1\n", 1)
	in := lint.Input{Before: parse(t, before), File: parse(t, good)}
	assert.Equal(t, "values.yaml:10:7 error L24: spoke a lost proxyUrl, a.b, which it had before", strings.TrimSpace(said(run(t, in))))
	in.File = parse(t, before)
	assert.Empty(t, said(run(t, in)))
}

func TestReview(t *testing.T) {
	now := func() time.Time { return time.Unix(0, 0) }
	r, err := lint.Review{Input: lint.Input{File: parse(t, good)}, Version: "1", Now: now}.Report()
	require.NoError(t, err)
	assert.Equal(t, fault.Done, r.ExitCode)
	assert.Len(t, r.Rules, len(lint.Catalogue()))
	bad := parse(t, strings.ReplaceAll(good, "insecure: false", "insecure: true"))
	r, err = lint.Review{Input: lint.Input{File: bad}, Version: "1", Now: now}.Report()
	require.ErrorContains(t, err, `linting "values.yaml": 2 errors`)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Equal(t, fault.Refused, r.ExitCode)
	assert.Equal(t, 2, r.Errors())
	assert.Contains(t, r.Remedy, "--fix")
	assert.Len(t, r.Findings, 2)
}

// TestReviewHidesSecrets: what the file holds is hidden in whatever the report is told, also by others.
func TestReviewHidesSecrets(t *testing.T) {
	file := parse(t, good+"zot:\n  password: correct-horse\n")
	r, err := lint.Review{Input: lint.Input{File: file}, Version: "1", Now: time.Now}.Report()
	require.NoError(t, err)
	assert.Equal(t, "Helm said ********", r.Clean("Helm said correct-horse"))
}

func TestExplain(t *testing.T) {
	for _, rule := range lint.Catalogue() {
		text, err := lint.Explain(strings.ToLower(rule.ID))
		require.NoError(t, err)
		assert.Contains(t, text, rule.ID+" ("+string(rule.Severity)+"): "+rule.Title)
		assert.Contains(t, text, "Passes with:")
		for _, part := range []string{rule.Title, rule.Why, rule.Fix, rule.Source} {
			assert.NotEmpty(t, part, rule.ID)
		}
	}
	all, err := lint.Explain("all")
	require.NoError(t, err)
	assert.Equal(t, len(lint.Catalogue()), strings.Count(all, "\n"))
}

// FuzzRun finds no file that the rules can't take.
func FuzzRun(f *testing.F) {
	f.Add(good)
	f.Add("hue: &a {ociRegistry: {basicAuth: {password: x}}}\nfleetConfig: {spokes: [*a, {<<: *a}]} # palette-ecr:ignore L01")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := parseAny(text)
		if err != nil {
			return
		}
		in := lint.Input{File: file}
		endpoint(t, &in)
		for _, finding := range run(t, in) {
			if finding.Place.Line > file.Lines()+1 {
				t.Errorf("%s is outside of the file", finding.Place)
			}
		}
	})
}
