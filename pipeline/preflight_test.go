package pipeline

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

var update = flag.Bool("update", false, "write docs/preflight.md")

// TestPreflightPage: the page is made from preflight's catalogue, and from the rights of the stages.
func TestPreflightPage(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "docs", "preflight.md")
	want := preflight.Markdown(Rights())
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
	}
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(page), "run go test ./pipeline -run TestPreflightPage -update")
}

// TestTheLastLineIsShort: a user who may nothing lacks 88 rights. The finding names them all, the error the first ones.
func TestTheLastLineIsShort(t *testing.T) {
	t.Parallel()
	message := "5 rights are missing: get a; get b; get c; get d; get e"
	found := preflight.Result{Findings: []report.Finding{{Rule: "P01", Severity: report.Error, Message: message}}}
	e, err := preflightEntry(found, report.Info)
	require.EqualError(t, err, "looking before anything is touched: 5 rights are missing: get a; get b; get c; and 2 more (P01, 1 error in all)")
	assert.Equal(t, message, e.Findings[0].Message)
	assert.Equal(t, "get a; get b; get c; get d", few("get a; get b; get c; get d"), "one more is as short as saying so")
}

// TestTheLastLineSaysWhereTheManifestIs: what is to be applied stands with the finding, and the line after which a run ends
// says so instead of ending with a colon.
func TestTheLastLineSaysWhereTheManifestIs(t *testing.T) {
	t.Parallel()
	found := preflight.Result{Findings: []report.Finding{{
		Rule: "P01", Severity: report.Error, Message: "1 right is missing", Place: report.Place{Cluster: "edge-1"},
		Remedy: "ask whoever administers the cluster to apply this, or use another user:\napiVersion: v1",
	}}}
	_, err := preflightEntry(found, report.Info)
	assert.Equal(t, "ask whoever administers the cluster to apply this, or use another user; what to apply stands with finding P01 of cluster edge-1", fault.RemedyOf(err))

	found.Findings[0].Remedy = "install Flux there"
	_, err = preflightEntry(found, report.Info)
	assert.Equal(t, "install Flux there", fault.RemedyOf(err))
}
