package pipeline

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
)

// sayings keeps what is said.
type sayings struct {
	progress.Reporter
	all []string
}

func (s *sayings) Say(format string, args ...any) {
	s.all = append(s.all, fmt.Sprintf(format, args...))
}

// TestCancelledCopyClaimsNoArchive: a copy that was told to end says neither that the archive can't be seen, which is not true, nor
// that more can be pulled again than it has sent.
func TestCancelledCopyClaimsNoArchive(t *testing.T) {
	s, e := betweenRegistries(t)
	heard := &sayings{Reporter: progress.Discard}
	s.Progress = heard
	ctx, cancel := context.WithCancel(t.Context())
	o := copy.Options{BeforeWrite: func(ctx context.Context) error { return ctx.Err() }}
	a := archivedBefore(s.World, &o)
	cancel()
	require.ErrorIs(t, o.BeforeWrite(ctx), context.Canceled)
	assert.Empty(t, heard.all)
	var entry Entry
	a.tell(&entry, nil)
	assert.Empty(t, entry.Summary)

	a.images = []ecr.Image{{Digest: "sha256:a"}, {Digest: "sha256:b"}}
	entry.Counts = map[string]int64{}
	a.tell(&entry, []copy.Result{{Written: []string{"sha256:b"}}})
	assert.Equal(t, int64(1), entry.Counts["restored from ECR's archive"])
	assert.Contains(t, entry.Summary, "1 manifest, archived in ECR until now, can be pulled again")

	// The whole stage, told to end before its first write.
	began, end := context.WithCancel(t.Context())
	heard.Reporter = ending{progress.Discard, end}
	got, err := Copy(began, s.World, s.State, Planned{})
	require.ErrorIs(t, err, context.Canceled)
	assert.NotContains(t, got.Entry().Summary, "can be pulled again")
	assert.NotContains(t, got.Entry().Summary, "all there already")
	assert.Empty(t, got.Entry().Proofs)
	assert.Empty(t, got.Closure.Verdict)
	for _, said := range heard.all {
		assert.NotContains(t, said, "can't be seen")
	}
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.Writes["ecr:PutImage"])
}

// ending ends a run once it has read the source.
type ending struct {
	progress.Reporter
	end func()
}

func (e ending) Count(what string, done, total int) {
	if what == "manifests read" && done == total {
		e.end()
	}
}
