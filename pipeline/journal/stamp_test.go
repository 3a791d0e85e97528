package journal_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
)

// TestStamp: whoever changes something is noted, and whoever changes nothing writes nothing.
func TestStamp(t *testing.T) {
	t.Parallel()
	c, writes := counting(t)
	j := load(t, c)
	assert.False(t, j.Exists())
	j.Writer = journal.Stamp{Run: "one", By: "ada@laptop", Command: "palette-ecr run", Stage: "deploy"}
	j.Begin(destination, source, 3, values)
	require.NoError(t, j.Save(t.Context()))
	assert.True(t, j.Exists())
	again := load(t, c)
	assert.Equal(t, "ada@laptop", again.Last.By)
	assert.Equal(t, "deploy", again.Last.Stage)
	assert.False(t, again.Last.At.IsZero())

	again.Writer = journal.Stamp{Run: "two", By: "bob@laptop"}
	require.NoError(t, again.Save(t.Context()))
	assert.Equal(t, 1, *writes)
	assert.Equal(t, "one", load(t, c).Last.Run)
	again.Back()
	require.NoError(t, again.Save(t.Context()))
	assert.Equal(t, "two", load(t, c).Last.Run)
}

// TestDelete takes the password with it, and nothing that another run has written meanwhile.
func TestDelete(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	j := load(t, c)
	require.NoError(t, j.Delete(t.Context()), "there is none")
	j.Begin(destination, source, 3, values)
	require.NoError(t, j.Save(t.Context()))
	other := load(t, c)
	other.Back()
	require.NoError(t, other.Save(t.Context()))
	err := j.Delete(t.Context())
	require.ErrorContains(t, err, "another run has written it meanwhile")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	require.NoError(t, other.Delete(t.Context()))
	assert.False(t, other.Exists())
	assert.Nil(t, other.Original)
	assert.False(t, load(t, c).Exists())
	require.NoError(t, other.Delete(t.Context()))
}
