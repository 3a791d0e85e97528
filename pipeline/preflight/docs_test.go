package preflight

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestCatalogue: IDs follow each other, every rule is whole, and each can be explained.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	var ids []string
	for _, r := range Catalogue() {
		ids = append(ids, r.ID)
		for what, text := range map[string]string{"title": r.Title, "why": r.Why, "source": r.Source, "fix": r.Fix} {
			assert.NotEmpty(t, text, "%s of %s", what, r.ID)
		}
		text, err := Explain(strings.ToLower(r.ID))
		require.NoError(t, err)
		assert.Contains(t, text, r.Title)
	}
	assert.True(t, slices.IsSorted(ids), ids)
	assert.Len(t, slices.Compact(ids), len(Catalogue()))
	for _, id := range liveRules {
		assert.True(t, slices.ContainsFunc(lint.Catalogue(), func(r report.Rule) bool { return r.ID == id }), id)
	}
	text, err := Explain("L07")
	require.NoError(t, err)
	assert.Contains(t, text, "L07")
	all, err := Explain("all")
	require.NoError(t, err)
	assert.Contains(t, all, "P01")
	assert.Contains(t, all, "L01")
	_, err = Explain("P99")
	require.ErrorContains(t, err, "there is no such rule")
}
