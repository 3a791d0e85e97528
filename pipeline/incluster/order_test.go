package incluster

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestOrderTravels(t *testing.T) {
	t.Parallel()
	order := Order{Work: CopyShard, Shards: 4, Pairs: []Pair{{Source: "mural-workloads", References: []copy.Reference{{Tag: "a", From: "OCIRepository a/b@hub"}}}}}
	data, err := order.seal()
	require.NoError(t, err)
	got, err := unseal(data)
	require.NoError(t, err)
	order.Schema = schema
	assert.Equal(t, order, got)

	_, err = unseal([]byte("not packed"))
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

// TestOrderFits: what a Secret can't hold is refused before anything is made.
func TestOrderFits(t *testing.T) {
	t.Parallel()
	var many []copy.Reference
	for range 40_000 {
		digest := make([]byte, 32)
		_, err := rand.Read(digest)
		require.NoError(t, err)
		many = append(many, copy.Reference{Digest: "sha256:" + hex.EncodeToString(digest), From: "OCIRepository mural-system/workload@hub"})
	}
	_, err := Order{Pairs: []Pair{{References: many}}}.seal()
	require.ErrorContains(t, err, "40000 OCIRepositories")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	_, err = Order{Pairs: []Pair{{References: many[:10_000]}}}.seal()
	require.NoError(t, err)
}

// TestNotesOfShards: what several shards note alike is said once.
func TestNotesOfShards(t *testing.T) {
	t.Parallel()
	one := Outcome{Notes: []string{"images may not be listed", "tag a was b"}}
	assert.Equal(t, []string{"images may not be listed", "tag a was b", "tag c was d"}, one.and(Outcome{Notes: []string{"images may not be listed", "tag c was d"}}).Notes)
}

// TestOutcomeFits: a container may say 4096 bytes when it ends, and its code, cause and remedy come through.
func TestOutcomeFits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ö", 9000)
	var evidence []report.Evidence
	for range 500 {
		evidence = append(evidence, report.Evidence{Object: "sha256:" + strings.Repeat("0", 64), Seen: "read"})
	}
	for name, o := range map[string]Outcome{
		"short":    {Summary: "done", Counts: map[string]int64{"tags": 3}},
		"error":    failed(fault.New(fault.Refused, "grant ecr:PutImage "+long, "copying: %w", errors.New(long))),
		"notes":    {Summary: "done", Notes: slices.Repeat([]string{"tag a was b, now it is c"}, 1000)},
		"evidence": {Proof: &report.Proof{Name: report.ProofClosure, Verdict: report.Broken, Summary: long, Cause: long, Remedy: long, Evidence: evidence}},
	} {
		said := o.message()
		assert.LessOrEqual(t, len(said), mostMessage, name)
		var got Outcome
		require.NoError(t, json.Unmarshal(said, &got), name)
		assert.Equal(t, fault.CodeOf(o.Err()), fault.CodeOf(got.Err()), name)
		if o.Error != "" {
			require.ErrorContains(t, got.Err(), "copying: ö")
			assert.Contains(t, fault.RemedyOf(got.Err()), "grant ecr:PutImage")
		}
		if o.Proof != nil {
			assert.Equal(t, report.Broken, got.Proof.Verdict)
			assert.Len(t, o.Proof.Evidence, 500, "what was given stays")
		}
	}
}
