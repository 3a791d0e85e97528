package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	xhtml "golang.org/x/net/html"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var commonMark = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))

// rendered is what a reader of the Markdown sees, as a document.
func rendered(t *testing.T, markdown []byte) *xhtml.Node {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, commonMark.Convert(markdown, &out))
	node, err := xhtml.Parse(&out)
	require.NoError(t, err)
	return node
}

// texts gathers what each element of a name says.
func texts(node *xhtml.Node, name string) []string {
	var all []string
	for n := range node.Descendants() {
		if n.Type == xhtml.ElementNode && n.Data == name {
			var s strings.Builder
			for d := range n.Descendants() {
				if d.Type == xhtml.TextNode {
					s.WriteString(d.Data)
				}
			}
			all = append(all, s.String())
		}
	}
	return all
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	document := written(t, "markdown", failedRun(), report.Options{})
	golden(t, "failed.md", document)
	cells := texts(rendered(t, document), "td")
	assert.Contains(t, cells, `spoke-1 pulls from "mural-workloads", but Hue pushes to "plattform-müsli"`)
	assert.Contains(t, cells, "<account-id> & <region> are still in the endpoint, 100% sure: copied from the guide")
	assert.Contains(t, cells, "disable-zot")
}

func TestMarkdownMeansNothingElse(t *testing.T) {
	t.Parallel()
	nasty := "a|b <script>x</script> [l](https://x) ![i](y) *e* _e_ `c` ~~s~~ $m$ \\ &amp; <!-- # | --> ```"
	r := &report.Report{
		Command: "lint", ExitCode: fault.Refused, Error: nasty, Remedy: nasty,
		Findings: []report.Finding{{Rule: "L01", Severity: report.Error, Message: nasty, Remedy: nasty, Place: report.Place{File: nasty, Path: nasty}}},
		Stages:   []report.Stage{{Name: nasty, Outcome: report.Failed, Reason: nasty}},
		Proofs:   []report.Proof{{Name: nasty, Verdict: report.Broken, Cluster: nasty, Summary: nasty, Evidence: []report.Evidence{{Object: nasty, Seen: nasty}}}},
		Waivers:  []report.Waiver{{Flag: nasty, Name: nasty, Effect: nasty}},
		Baseline: &report.Baseline{Broken: []report.Broke{{Cluster: nasty, Object: nasty, Seen: nasty}}},
		Plan:     &report.Plan{Hash: nasty, Final: []string{nasty}, Restarts: []string{nasty}, Values: "+" + nasty + "\n```\n</details><script>x</script>\n"},
		Now:      &report.Standing{Zot: report.ZotState(nasty), Push: report.Registry(nasty), Pulls: []report.Pull{{Cluster: nasty, From: report.Registry(nasty)}}},
	}
	node := rendered(t, written(t, "markdown", r, report.Options{}))
	cells := texts(node, "td")
	for _, i := range []int{2, 5, 6, 9, 10, 11, 13, 14, 15, 17, 19, 23, 24} {
		assert.Equal(t, nasty, cells[i], i)
	}
	assert.Len(t, cells, 2+2+5+3+4+4+5, "now, matrix, proof, waiver, baseline, stage, finding")
	assert.Equal(t, "+"+nasty+"\n```\n</details><script>x</script>\n", texts(node, "pre")[0])
	for _, element := range []string{"script", "img", "em", "del"} {
		assert.Empty(t, texts(node, element), element)
	}
	assert.Equal(t, nasty, texts(node, "code")[0])
}

func TestMarkdownStaysBelowTheLimit(t *testing.T) {
	t.Parallel()
	r := manyFindings(1000)
	document := written(t, "markdown", r, report.Options{})
	assert.Less(t, len(document), 1<<20)
	rows := 0
	require.NoError(t, ast.Walk(commonMark.Parser().Parse(text.NewReader(document)), func(n ast.Node, in bool) (ast.WalkStatus, error) {
		if _, ok := n.(*tables.TableRow); ok && in {
			rows++
		}
		return ast.WalkContinue, nil
	}))
	assert.Equal(t, 1000, rows)
	assert.Contains(t, string(document), "<summary>950 more</summary>")

	for i := range r.Findings {
		r.Findings[i].Message = strings.Repeat("ü|", 1500)
	}
	document = written(t, "markdown", r, report.Options{})
	assert.LessOrEqual(t, len(document), 1<<20)
	assert.Greater(t, len(document), 1<<20-32<<10, "as much as fits is shown")
	assert.Contains(t, string(document), "more rows would not fit")
	assert.Contains(t, string(document), "</details>")
}
