package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	xhtml "golang.org/x/net/html"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestFleet: at 40 spokes what does not hold is still seen at once, in each format for people.
func TestFleet(t *testing.T) {
	t.Parallel()
	r := fleet(40)
	r.Rules = nil
	node, err := xhtml.Parse(bytes.NewReader(written(t, "html", r, report.Options{})))
	require.NoError(t, err)
	assert.Equal(t, []string{"✗PaletteAI pulls from ECR in 39 of 41 clusters; Zot runs"}, texts(node, "h1"))
	summaries := texts(node, "summary")
	assert.Contains(t, summaries, "34 more clusters where every proof holds")
	assert.Contains(t, summaries, "82 proofs held")
	assert.Len(t, texts(node, "tr"), 1+1+42, "two heads, the installation, hub and spokes")

	markdown := string(written(t, "markdown", r, report.Options{}))
	golden(t, "fleet.md", []byte(markdown))
	assert.Less(t, strings.Index(markdown, "| plant-06-line-2 |"), strings.Index(markdown, "| plant-01-line-1 |"))
	golden(t, "fleet.txt", written(t, "text", r, report.Options{}))
	assert.Len(t, strings.Split(string(written(t, "text", r, report.Options{All: true})), "plant-"), 1+2*40-1, "each proof, when all are asked for")
}

// TestHeadline: without knowledge of where things stand, the headline is how the command ended.
func TestHeadline(t *testing.T) {
	t.Parallel()
	r := failedRun()
	assert.Contains(t, string(written(t, "html", r, report.Options{})), "<title>PaletteAI pulls from ECR; Zot still runs – palette-ecr run</title>")
	assert.Contains(t, string(written(t, "text", r, report.Options{})), "\n  now    PaletteAI pulls from ECR; Zot still runs\n")
	r.Now = nil
	assert.Contains(t, string(written(t, "html", r, report.Options{})), "<title>Failed after 1m13s – palette-ecr run</title>")
	assert.NotContains(t, string(written(t, "text", r, report.Options{})), "now    ")
}

// TestPlanMasksDiffs is the second lock: whoever makes a diff masks it, and what was forgotten is masked here.
func TestPlanMasksDiffs(t *testing.T) {
	t.Parallel()
	for _, format := range report.Names() {
		r := failedRun()
		r.Plan.Values = " hue:\n-    password: correct-horse\n+    basicAuth: {username: admin, password: correct-horse}\n     token: correct-horse\n"
		r.Plan.Manifests = "-  password: correct-horse\n"
		assert.NotContains(t, string(written(t, format, r, report.Options{All: true})), "correct-horse", format)
	}
}

func TestCounted(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "1 error", report.Counted(1, "error"))
	assert.Equal(t, "0 errors", report.Counted(0, "error"))
	assert.Equal(t, "2 policies", report.Counted(2, "policy", "policies"))
}
