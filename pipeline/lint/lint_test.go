package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"

	"github.com/palette-ecr/palette-ecr/fixtures/charts"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

func parse(t *testing.T, text string) *values.File {
	t.Helper()
	f, err := values.Parse("values.yaml", []byte(text))
	require.NoError(t, err)
	return f
}

func parseAny(text string) (*values.File, error) { return values.Parse("values.yaml", []byte(text)) }

func mural(t *testing.T) *helmchart.Chart {
	t.Helper()
	c, err := charts.Load(charts.Mural)
	require.NoError(t, err)
	return c
}

// only keeps the findings of one rule.
func only(findings []report.Finding, rule string) []report.Finding {
	var kept []report.Finding
	for _, f := range findings {
		if f.Rule == rule {
			kept = append(kept, f)
		}
	}
	return kept
}

const hueOnECR = `hue:
  ociRegistry:
    enabled: true
    endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
    repository: mural-workloads
    insecure: false
    provider: aws
`

// TestGuide lints the guide's own example, in which the spokes' repository isn't hue's.
func TestGuide(t *testing.T) {
	f, err := values.Read("../../fixtures/values/guide-private.yaml")
	require.NoError(t, err)
	found := only(run(t, lint.Input{File: f}), "L07")
	require.Len(t, found, 1)
	assert.Equal(t, `spoke spoke-1 pulls from repository "mural-workloads", but hue pushes to "<ecr-repo-name>" (line 5)`, found[0].Message)
	assert.Equal(t, "fleetConfig.spokes[0].ociRegistry.repository", found[0].Place.Path)
	line, err := os.ReadFile("../../fixtures/values/guide-private.yaml")
	require.NoError(t, err)
	text := strings.Split(string(line), "\n")[found[0].Place.Line-1]
	assert.Equal(t, found[0].Place.Column-1, strings.Index(text, "'mural-workloads'"))
}

// TestMergeTrap takes basicAuth out of the file, where the chart's defaults bring it back.
func TestMergeTrap(t *testing.T) {
	in := lint.Input{File: parse(t, "# the hub\n"+hueOnECR), Chart: mural(t)}
	found := only(run(t, in), "L01")
	require.Len(t, found, 1)
	assert.Equal(t, "basicAuth of hue comes back from the chart's default values: Helm merges them under the file's", found[0].Message)
	assert.Equal(t, "values.yaml:3:3", found[0].Place.String(), "the nearest parent")
	assert.Equal(t, "hue.ociRegistry.basicAuth", found[0].Place.Path)
	in.File = parse(t, hueOnECR+"    basicAuth: null\n")
	assert.Empty(t, only(run(t, in), "L01"))
	in.File = parse(t, "fleetConfig: {}\n")
	assert.Empty(t, said(run(t, in)), "all of it is the chart's, which uses Zot")
}

// TestChartDefaults takes the spokes from the chart when the file has none: they still use Zot.
func TestChartDefaults(t *testing.T) {
	in := lint.Input{File: parse(t, hueOnECR+"    basicAuth: null\n"), Chart: mural(t)}
	found := only(run(t, in), "L06")
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Message, `spoke hub-as-spoke pulls from "oci://zot.`)
	assert.Equal(t, "values.yaml:1:1", found[0].Place.String())
	in.Chart = nil
	found = only(run(t, in), "L06")
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Message, "the chart's default spokes, which use Zot, stay")
}

// TestHelmRelease finds places inside a manifest, after another document.
func TestHelmRelease(t *testing.T) {
	manifest := "kind: ConfigMap\napiVersion: v1\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: apps}\nspec:\n  chartRef: {kind: OCIRepository, name: mural}\n  values:\n" +
		"    hue: {ociRegistry: {enabled: true, endpoint: 'oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette', repository: ä, provider: aws, basicAuth: {username: u, password: secret}}}\n"
	findings := run(t, lint.Input{File: parse(t, manifest)})
	found := only(findings, "L01")
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Message, "basicAuth")
	line := strings.Split(manifest, "\n")[9]
	at := utf8.RuneCountInString(line[:strings.Index(line, "basicAuth")]) + 1
	assert.Equal(t, 10, found[0].Place.Line)
	assert.Equal(t, at, found[0].Place.Column, "in characters")
	for _, f := range findings {
		assert.NotContains(t, f.Message+f.Snippet, "secret}", "no password is shown")
	}
	assert.Contains(t, said(findings), "error L26: the password of hue is in a manifest")
	assert.Contains(t, said(findings), "warning L27: the HelmRelease mural doesn't depend on mural-crds")
}

// TestApplication is a manifest too: a password in it is an error, not a warning as in a values file.
func TestApplication(t *testing.T) {
	manifest := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mural}\nspec:\n  source:\n    chart: mural\n    helm:\n      valuesObject:\n" +
		"        hue: {ociRegistry: {enabled: true, endpoint: 'oci://zot.mural-system.svc.cluster.local:5000', repository: mural-workloads, basicAuth: {username: u, password: secret}}}\n"
	assert.Contains(t, said(run(t, lint.Input{File: parse(t, manifest)})), "error L26: the password of hue is in a manifest")
}

// TestPlacesDoNotTellHowLongASecretIs: a finding about a whole entry is where the entry begins, whatever password is in it.
func TestPlacesDoNotTellHowLongASecretIs(t *testing.T) {
	manifest := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: mural}\nspec:\n  source:\n    chart: mural\n    helm:\n" +
		"      valuesObject: {fleetConfig: {spokes: []}}\n      parameters: [{name: hue.ociRegistry.basicAuth.password, value: PW, forceString: true}]\n"
	short := only(run(t, lint.Input{File: parse(t, strings.Replace(manifest, "PW", "ab", 1))}), "L26")
	long := only(run(t, lint.Input{File: parse(t, strings.Replace(manifest, "PW", strings.Repeat("ab", 20), 1))}), "L26")
	require.NotEmpty(t, short)
	assert.Equal(t, short, long)
}

// TestHostsRemedyNamesAHostOfTheRegion: the host that is named instead ends as those of the registry's own region do.
func TestHostsRemedyNamesAHostOfTheRegion(t *testing.T) {
	for host, domain := range map[string]string{
		"dkr-ecr.us-east-1.on.aws":                       "amazonaws.com,",
		"dkr-ecr.cn-north-1.on.amazonwebservices.com.cn": "amazonaws.com.cn,",
		"dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu": "amazonaws.eu,",
	} {
		text := strings.ReplaceAll(good, "dkr.ecr.us-east-1.amazonaws.com", host)
		in := lint.Input{File: parse(t, text)}
		in.Live.SourceControllers = []lint.SourceController{{Cluster: "hub", Namespace: "mural-system", Version: "v1.5.0"}}
		found := only(run(t, in), "L21")
		require.NotEmpty(t, found, host)
		assert.Contains(t, found[0].Remedy, "take the registry's host under "+domain, host)
	}
}

// TestAPatchNeedNotSayWhatItIsLaidOver doesn't ask a patch for what the manifest below it may have.
func TestAPatchNeedNotSayWhatItIsLaidOver(t *testing.T) {
	patch := "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural}\nspec: {values: {hue: {}}}\n"
	findings := run(t, lint.Input{File: parse(t, patch)})
	assert.Empty(t, only(findings, "L27"))
	assert.Contains(t, said(findings), "it is a patch")
}

// TestHiddenValuesAreNotWrong: of a variable of Flux, an encrypted value, and what a targetPath sets nobody knows what it
// is. A verdict that depends on one says so; nothing is called wrong, also not what Helm makes of its text.
func TestHiddenValuesAreNotWrong(t *testing.T) {
	const manifest = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural, namespace: mural-system}
spec:
  dependsOn: [{name: mural-crds}]
  chartRef: {kind: OCIRepository, name: mural}
  valuesFrom: [FROM]
  values:
    zot: {enabled: "HIDDEN"}
    hue:
      ociRegistry: {enabled: true, endpoint: "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", repository: mural-workloads, insecure: false, provider: "HIDDEN", basicAuth: null}
      serviceAccount: {create: "HIDDEN", annotations: {eks.amazonaws.com/role-arn: "HIDDEN"}}
    flux2: {sourceController: {serviceAccount: {annotations: {eks.amazonaws.com/role-arn: "HIDDEN"}}}}
    fleetConfig: {spokes: []}
`
	wanted := target.Cutover{Identity: target.Identity{Mode: target.IRSA, RoleARN: role}}
	for name, hidden := range map[string]string{"variable": "${HIDDEN}", "encrypted": "ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]"} {
		text := strings.NewReplacer("HIDDEN", hidden, "FROM", "").Replace(manifest)
		findings := run(t, lint.Input{File: parse(t, text), Chart: mural(t), Target: wanted})
		for _, f := range findings {
			assert.NotEqual(t, report.Error, f.Severity, "%s: %s", name, f.Message)
		}
		for _, setting := range []string{"zot.enabled", "provider of hue", "hue.serviceAccount.create", "hue.serviceAccount.annotations", "flux2.sourceController.serviceAccount.annotations"} {
			assert.Contains(t, said(only(findings, "L31")), setting, name)
		}
	}
	from := strings.NewReplacer(`"HIDDEN"`, "null", "FROM", `{kind: ConfigMap, name: role, valuesKey: arn, targetPath: 'hue.serviceAccount.annotations.eks\.amazonaws\.com/role-arn'}`).Replace(manifest)
	findings := run(t, lint.Input{File: parse(t, from), Target: wanted})
	assert.NotContains(t, said(findings), "role of service account hue is", "no stand-in is shown as the role")
	assert.Contains(t, said(only(findings, "L31")), "hue.serviceAccount.annotations")
}

// TestUnseenOnce: a targetPath into a spoke's registry is told of once, with the setting that it gives; another one by its name.
func TestUnseenOnce(t *testing.T) {
	manifest := `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural, namespace: mural-system}
spec:
  chartRef: {kind: OCIRepository, name: mural}
  valuesFrom: [{kind: Secret, name: spoke, valuesKey: url, targetPath: "fleetConfig.spokes[0].KEY"}]
  values: {fleetConfig: {spokes: [{name: a, kubeconfig: {}, klusterlet: {}}]}}
`
	for key, want := range map[string]string{
		"ociRegistry.endpoint": "warning L31: endpoint of spoke a comes from Secret/spoke",
		"kubeconfig.context":   "warning L31: Secret/spoke gives further values",
	} {
		findings := only(run(t, lint.Input{File: parse(t, strings.Replace(manifest, "KEY", key, 1))}), "L31")
		require.Len(t, findings, 1, key)
		assert.Contains(t, said(findings), want)
	}
}

// TestValuesFrom doesn't call wrong what may be set where it can't be seen.
func TestValuesFrom(t *testing.T) {
	manifest := `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural, namespace: apps}
spec:
  dependsOn: [{name: mural-crds}]
  valuesFrom: [{kind: Secret, name: more}]
  values:
    hue: {ociRegistry: {endpoint: 'oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette'}}
`
	for _, f := range run(t, lint.Input{File: parse(t, manifest)}) {
		if f.Rule == "L31" { // says just that
			continue
		}
		assert.Equal(t, report.Warning, f.Severity, f.Message)
		assert.Contains(t, f.Message, "unless Secret/more sets it")
	}
}

// TestKeysOfWhatIsMerged are near misses in an object that valuesFrom names, in the path of its targetPath, and in another
// file: only those of the file itself were seen.
func TestKeysOfWhatIsMerged(t *testing.T) {
	manifest := `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural, namespace: mural-system}
spec:
  chartRef: {kind: OCIRepository, name: mural}
  valuesFrom:
    - {kind: ConfigMap, name: base}
    - {kind: Secret, name: login, valuesKey: url, targetPath: hue.ociRegisty.endpoint}
  values: {fleetConfig: {spokes: []}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: base, namespace: mural-system}
data:
  values.yaml: |
    hue: {ociRegistry: {endPoint: y, basicAuth: {Password: hunter2, username: a}}, other: 1}
    fleetConfig: {spoke: [], spokes: [{kubeconfg: {}, ociRegistry: {provder: aws}}]}
    zot: {enable: false}
`
	findings := said(only(run(t, lint.Input{File: parse(t, manifest)}), "L30"))
	for _, key := range []string{"endPoint", "Password", "spoke", "kubeconfg", "provder", "enable"} {
		assert.Contains(t, findings, fmt.Sprintf("7:7 warning L30: %q of ConfigMap/base is not a key that the chart reads", key))
	}
	assert.Contains(t, findings, `8:7 warning L30: "ociRegisty" of Secret/login is not a key that the chart reads: ociRegistry is`)
	assert.Equal(t, 7, strings.Count(findings, "L30"))
	assert.NotContains(t, findings, "hunter2")

	known := mural(t)
	known.Values["hue"].(map[string]any)["ociRegistry"].(map[string]any)["endPoint"] = "" // a chart that has such a key reads it
	findings = said(only(run(t, lint.Input{File: parse(t, manifest), Chart: known}), "L30"))
	assert.NotContains(t, findings, "endPoint")
	assert.Contains(t, findings, "Password")

	base, err := values.Parse("base.yaml", []byte("hue: {ociRegistries: {}}\n"))
	require.NoError(t, err)
	joined, err := values.Join([]*values.File{base, parse(t, "hue: {ociRegistry: {}}\n")}, "")
	require.NoError(t, err)
	found := only(run(t, lint.Input{File: joined}), "L30")
	require.Len(t, found, 1)
	assert.Equal(t, "base.yaml", found[0].Place.File)
}

func TestIgnore(t *testing.T) {
	const registry = "hue:\n  ociRegistry:\n"
	tests := map[string]struct{ text, reason, says string }{
		"behind the line":    {"    interval: 5s # palette-ecr:ignore L15 it is a test\n", "it is a test", ""},
		"above":              {"    # palette-ecr:ignore L15: it is a test\n    # and that is fine\n\n    interval: 5s\n", "it is a test", ""},
		"several":            {"    interval: 5s #palette-ecr:ignore L01, L15 a test\n", "a test", ""},
		"another rule":       {"    interval: 5s # palette-ecr:ignore L16 a test\n", "", ""},
		"another line":       {"    timeout: 5s # palette-ecr:ignore L15 a test\n    interval: 5s\n", "", ""},
		"no reason":          {"    interval: 5s # palette-ecr:ignore L15\n", "", "values.yaml:3:18 error L00: the comment ignores nothing: it gives no reason"},
		"only a colon":       {"    interval: 5s # palette-ecr:ignore L15 :  \n", "", "values.yaml:3:18 error L00: the comment ignores nothing: it gives no reason"},
		"no rule":            {"    interval: 5s # palette-ecr:ignore\n", "", "values.yaml:3:18 error L00: the comment ignores nothing: it names no rule"},
		"unknown rule":       {"    interval: 5s # palette-ecr:ignore L99 a test\n", "", "values.yaml:3:18 error L00: the comment ignores L99, which is no rule that can be ignored"},
		"itself":             {"    interval: 5s # palette-ecr:ignore L00 a test\n", "", "values.yaml:3:18 error L00: the comment ignores L00, which is no rule that can be ignored"},
		"not a comment":      {"    interval: 5s\n    name: '# palette-ecr:ignore L15 a test'\n", "", ""},
		"at the end of file": {"    interval: 5s\n# palette-ecr:ignore L15 a test", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			findings := run(t, lint.Input{File: parse(t, registry+test.text)})
			found := only(findings, "L15")
			require.Len(t, found, 1)
			assert.Equal(t, test.reason, found[0].Ignored)
			assert.Equal(t, test.says, strings.TrimSpace(said(only(findings, "L00"))))
		})
	}
}

func TestDisableAndSeverity(t *testing.T) {
	text := "hue:\n  ociRegistry: {interval: 5s, timeout: 1h}\n"
	assert.Len(t, run(t, lint.Input{File: parse(t, text)}), 2)
	assert.Empty(t, run(t, lint.Input{File: parse(t, text), Disable: []string{"L15"}}))
	assert.Len(t, run(t, lint.Input{File: parse(t, text), MinSeverity: report.Error}), 1)
	assert.Len(t, run(t, lint.Input{File: parse(t, text), MinSeverity: report.Warning}), 2)
	_, err := lint.Run(lint.Input{File: parse(t, text), Disable: []string{"L1"}})
	require.ErrorContains(t, err, `disabling rule "L1": there is no such rule`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	_, err = lint.Explain("L99")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

// TestRenderedIsClean lints what render makes of every file of the corpus: it may not find anything that render
// is there to correct.
func TestRenderedIsClean(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/values/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	rendered, stand := 0, mural(t)
	for _, path := range files {
		f, err := values.Read(path)
		if err != nil {
			continue // the corpus holds what is not YAML, too
		}
		in := lint.Input{File: f}
		if rendered < 12 { // rendering the chart for all of them would take long
			in.Chart = stand
		}
		endpoint(t, &in)
		options, ok := lint.Wanted(in)
		require.True(t, ok)
		options.Chart = stand
		edited, err := render.Run(f, options)
		if err != nil {
			continue
		}
		rendered++
		in.Before = f
		in.File, err = values.Parse(f.Name(), edited.Output)
		require.NoError(t, err)
		for _, finding := range run(t, in) {
			if elsewhere := finding.Place.Object != "" || strings.Contains(finding.Message, "no registry's settings use it"); elsewhere && finding.Rule == "L26" { // in another object of the file, or under a key of its author's own: render leaves them alone
				continue
			}
			assert.False(t, lint.Fixable(finding.Rule), "%s: %s %s", finding.Place, finding.Rule, finding.Message)
		}
	}
	assert.Greater(t, rendered, 30)
}

// TestPlaces looks at every finding of the corpus: its place must exist, and no secret may be shown.
func TestPlaces(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/values/*.yaml")
	require.NoError(t, err)
	for _, path := range files {
		f, err := values.Read(path)
		if err != nil {
			continue
		}
		in := lint.Input{File: f}
		endpoint(t, &in)
		for _, finding := range run(t, in) {
			p := finding.Place
			assert.NotEmpty(t, finding.Message)
			if p.File == "" {
				continue
			}
			assert.Equal(t, path, p.File)
			if assert.GreaterOrEqual(t, p.Line, 1) && p.Line <= f.Lines() {
				assert.LessOrEqual(t, p.Column, utf8.RuneCountInString(f.Line(p.Line))+1, "%s %s", p, finding.Message)
			}
			if p.EndLine == p.Line {
				assert.Greater(t, p.EndColumn, p.Column, "%s %s", p, finding.Message)
			}
			if password, ok := f.Lookup("hue", "ociRegistry", "basicAuth", "password"); ok && password.Text() != "" && password.Text()[0] != '<' {
				assert.NotContains(t, finding.Snippet+finding.Message, password.Text())
			}
		}
	}
}
