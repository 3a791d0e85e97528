package lint_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

var update = flag.Bool("update", false, "write golden files")

// judged is what judged-by.yaml of an example holds.
type judged struct {
	AllowPublic          bool
	Identity             target.IdentityMode
	RoleARN              string
	Version, CRDsVersion string
	Region               string
	Principal            iam.Principal
	Issuers              []string
	Live                 lint.Live
}

// input makes a lint of an example's files.
func input(t *testing.T, files []lint.ExampleFile) lint.Input {
	t.Helper()
	var in lint.Input
	var parts []*loader.BufferedFile
	for _, f := range files {
		var err error
		switch {
		case f.Name == "values.yaml" || f.Name == "helmrelease.yaml":
			in.File, err = values.Parse(f.Name, []byte(f.Text))
		case f.Name == "trust.json" || f.Name == "policy.json":
			var d document.Document
			d, err = document.Parse(f.Name, []byte(f.Text))
			if f.Name == "trust.json" {
				in.Access.Trust = &d
			} else {
				in.Access.Policies = append(in.Access.Policies, d)
			}
		case strings.HasPrefix(f.Name, "chart/"):
			parts = append(parts, &loader.BufferedFile{Name: strings.TrimPrefix(f.Name, "chart/"), Data: []byte(f.Text)})
		case f.Name == "judged-by.yaml":
			var j judged
			err = yaml.UnmarshalStrict([]byte(f.Text), &j)
			in.Target.Registry.AllowPublic = j.AllowPublic
			in.Target.Identity = target.Identity{Mode: j.Identity, RoleARN: j.RoleARN}
			in.Target.Release.Version, in.Target.Release.CRDs.Version = j.Version, j.CRDsVersion
			in.Access.Region, in.Access.Principal, in.Access.Issuers = j.Region, j.Principal, j.Issuers
			in.Live = j.Live
		default:
			t.Fatalf("nobody reads %s", f.Name)
		}
		require.NoError(t, err)
	}
	if parts != nil {
		in.Chart = load(t, parts)
	}
	return in
}

func load(t *testing.T, parts []*loader.BufferedFile) *helmchart.Chart {
	t.Helper()
	c, err := loader.LoadFiles(parts)
	require.NoError(t, err)
	return c
}

func run(t *testing.T, in lint.Input) []report.Finding {
	t.Helper()
	findings, err := lint.Run(in)
	require.NoError(t, err)
	return findings
}

// said writes findings as the examples have them, without those that are ignored.
func said(findings []report.Finding) string {
	var out strings.Builder
	for _, f := range findings {
		if f.Ignored != "" {
			continue
		}
		place := f.Place.String()
		if f.Place.File == "" {
			place = "(" + place + ")"
		}
		fmt.Fprintf(&out, "%s %s %s: %s\n", place, f.Severity, f.Rule, f.Message)
	}
	return out.String()
}

// TestExamples runs every rule on its failing and its passing example.
func TestExamples(t *testing.T) {
	for _, rule := range lint.Catalogue() {
		t.Run(rule.ID, func(t *testing.T) {
			example, err := lint.ExampleOf(rule.ID)
			require.NoError(t, err)
			findings := run(t, input(t, example.Fails))
			if *update {
				updateFindings(t, rule.ID, said(findings))
			} else {
				assert.Equal(t, example.Findings, said(findings))
			}
			found := false
			for _, f := range findings {
				found = found || f.Rule == rule.ID
				assert.NotEmpty(t, f.Remedy, f.Message)
				assert.NotEmpty(t, f.Title, f.Message)
			}
			assert.True(t, found, "the failing example passes")
			assert.Empty(t, said(run(t, input(t, example.Passes))), "the passing example fails")
		})
	}
}

func updateFindings(t *testing.T, id, text string) {
	t.Helper()
	path := "examples/" + id + ".txtar"
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	for i, f := range archive.Files {
		if f.Name == "fails/findings.txt" {
			archive.Files[i].Data = []byte(text)
		}
	}
	require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
}

// TestFixable corrects every failing example that is said to be correctable.
func TestFixable(t *testing.T) {
	for _, rule := range lint.Catalogue() {
		example, err := lint.ExampleOf(rule.ID)
		require.NoError(t, err)
		in := input(t, example.Fails)
		if !lint.Fixable(rule.ID) {
			continue
		}
		t.Run(rule.ID, func(t *testing.T) {
			endpoint(t, &in)
			rendered, err := lint.Fix(in, run(t, in))
			require.NoError(t, err)
			require.NotNil(t, rendered)
			in.File, err = values.Parse(in.File.Name(), rendered.Output)
			require.NoError(t, err)
			for _, f := range run(t, in) {
				assert.NotEqual(t, rule.ID, f.Rule, f.Message)
			}
		})
	}
}

// endpoint says where to, as --endpoint does: a broken address can't be corrected without.
func endpoint(t *testing.T, in *lint.Input) {
	t.Helper()
	in.Target = in.Target.WithDefaults()
	in.Target.Registry.Endpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	if in.Target.Identity.Mode == target.IRSA {
		in.Target.Identity.RoleARN = "arn:aws:iam::123456789012:role/palette-ecr"
	}
	var err error
	in.Destination, err = in.Target.Destination()
	require.NoError(t, err)
}

// TestDocs keeps docs/lint.md as the catalogue says.
func TestDocs(t *testing.T) {
	page, err := lint.Markdown()
	require.NoError(t, err)
	const path = "../../docs/lint.md"
	if *update {
		require.NoError(t, os.MkdirAll("../../docs", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Empty(t, cmp.Diff(string(golden), page), "run twice: go test ./pipeline/lint -update")
}
