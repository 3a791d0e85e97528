package journal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestRevoked: what held and fails now is remembered as revoked, over a write and a read, until it holds again. What never
// held is not revoked by failing, and what nobody could see revokes nothing.
func TestRevoked(t *testing.T) {
	c, _ := counting(t)
	j := load(t, c)
	j.Begin(destination, source, 1, values)
	failed := func(name string) report.Proof {
		p := held(name, "hub")
		p.Verdict, p.Cause = report.Broken, "The role may not."
		return p
	}
	unproven := held("ready", "hub")
	unproven.Verdict = report.Unproven

	j.Prove([]report.Proof{failed("push")})
	assert.Nil(t, j.RevokedOf("push", "hub"), "it never held")
	j.Prove([]report.Proof{held("pull", "hub"), held("ready", "hub")})
	j.Prove([]report.Proof{failed("pull"), unproven})
	require.NoError(t, j.Save(t.Context()))

	j = load(t, c)
	require.NotNil(t, j.RevokedOf("pull", "hub"))
	assert.Equal(t, "The role may not.", j.RevokedOf("pull", "").Cause)
	assert.Nil(t, j.RevokedOf("pull", "spoke-1"))
	assert.Nil(t, j.RevokedOf("ready", "hub"))
	assert.Empty(t, j.Fresh(now, destination), "neither counts any more")

	j.Prove([]report.Proof{failed("pull")})
	assert.Len(t, j.Revoked, 1, "failing again is the same")
	j.Prove([]report.Proof{held("pull", "hub")})
	assert.Empty(t, j.Revoked)
	assert.Len(t, j.Fresh(now, destination), 1)
}
