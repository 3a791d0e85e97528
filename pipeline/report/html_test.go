package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xhtml "golang.org/x/net/html"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestHTML(t *testing.T) {
	t.Parallel()
	golden(t, "failed.html", written(t, "html", failedRun(), report.Options{}))
}

// attribute is an element's attribute, or "".
func attribute(n *xhtml.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestHTMLStandsAlone(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*report.Report{
		"failed": failedRun(), "many": manyFindings(1000), "empty": {}, "clean": {Command: "lint", Rules: sampleRules(), ExitCode: fault.Done},
	} {
		t.Run(name, func(t *testing.T) {
			document := written(t, "html", r, report.Options{})
			node, err := xhtml.Parse(bytes.NewReader(document))
			require.NoError(t, err)
			ids := make(map[string]bool)
			var links []string
			for n := range node.Descendants() {
				if n.Type != xhtml.ElementNode {
					continue
				}
				assert.NotContains(t, []string{"script", "img", "iframe", "object", "embed", "base", "form", "video", "audio"}, n.Data)
				for _, a := range n.Attr {
					assert.False(t, strings.HasPrefix(a.Key, "on"), "%s has a script", n.Data)
					if a.Key == "href" || a.Key == "src" {
						assert.True(t, strings.HasPrefix(a.Val, "#") || a.Val == "data:,", "%s goes to %s", n.Data, a.Val)
					}
				}
				if id := attribute(n, "id"); id != "" {
					assert.False(t, ids[id], "id %s is there twice", id)
					ids[id] = true
				}
				if n.Data == "a" {
					links = append(links, strings.TrimPrefix(attribute(n, "href"), "#"))
				}
				if n.Data == "section" {
					links = append(links, attribute(n, "aria-labelledby"))
				}
				if role := attribute(n, "role"); role == "img" {
					assert.NotEmpty(t, attribute(n, "aria-label"), "a mark says what it means")
				}
			}
			for _, link := range links {
				assert.True(t, ids[link], "#%s leads nowhere", link)
			}
			assert.Equal(t, "en", attribute(node.FirstChild.NextSibling, "lang"))
			assert.Len(t, texts(node, "h1"), 1)
			assert.NotContains(t, texts(node, "style")[0], "url(")
			assert.NotContains(t, texts(node, "style")[0], "@import")
		})
	}
}

func TestHTMLShowsWhatIsMeant(t *testing.T) {
	t.Parallel()
	node, err := xhtml.Parse(bytes.NewReader(written(t, "html", failedRun(), report.Options{})))
	require.NoError(t, err)
	assert.Equal(t, []string{"'mural-workloads'", "'oci://<account-id>.dkr.ecr.<region>.amazonaws.com/東京'", `"Statement": [{`}, texts(node, "mark"))
	assert.Contains(t, texts(node, "p"), "<account-id> & <region> are still in the endpoint, 100%\nsure: copied from the guide")
}

// TestCommandsAreCode: what stands between backticks is code, and nothing that somebody wrote becomes markup.
func TestCommandsAreCode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"run `palette-ecr plan`, then `a && b`": "run <code>palette-ecr plan</code>, then <code>a &amp;&amp; b</code>",
		"<script>` is no pair":                  "&lt;script&gt;` is no pair",
		"plain & simple":                        "plain &amp; simple",
	} {
		r := report.New("plan", "v1", time.Time{})
		r.Error, r.Remedy = text, text
		var out strings.Builder
		require.NoError(t, report.Write(&out, "html", r, report.Options{}))
		assert.Equal(t, 2, strings.Count(out.String(), ">"+want+"</p>"), text)
	}
}

// TestOnePictureWhereNothingChanged.
func TestOnePictureWhereNothingChanged(t *testing.T) {
	t.Parallel()
	on := func(from report.Registry) *report.Standing {
		return &report.Standing{Zot: report.ZotRuns, Push: from, Pulls: []report.Pull{{Cluster: "hub", From: from, Workloads: 2}}}
	}
	for now, pictures := range map[report.Registry]int{report.Zot: 1, report.ECR: 2} {
		r := report.New("plan", "v1", time.Time{})
		r.Before, r.Now = on(report.Zot), on(now)
		var out strings.Builder
		require.NoError(t, report.Write(&out, "html", r, report.Options{}))
		assert.Equal(t, pictures, strings.Count(out.String(), "<figure"), now)
	}
}
