package deploy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
)

// pending is a release that a killed helm has left, that long ago.
func pending(t *testing.T, status release.Status, ago time.Duration) (*world, time.Time) {
	t.Helper()
	w := newWorld(t, printing())
	w.store(t, "mural", 2, status, toECR)
	last, err := w.helm.last("mural")
	require.NoError(t, err)
	now := last.Info.LastDeployed.Add(ago).Time
	w.options.Now = func() time.Time { return now }
	w.helm.options = w.options
	return w, last.Info.LastDeployed.Time
}

func TestRecoverNeedsEvidence(t *testing.T) {
	t.Parallel()
	w, since := pending(t, release.StatusPendingUpgrade, 4*time.Minute)
	_, err := repair{w.helm, nil}.recoverable()
	require.ErrorContains(t, err, "it is 4m0s old only")
	_, err = repair{w.helm, nil}.recover(t.Context())
	require.ErrorContains(t, err, "is pending-upgrade since "+since.UTC().Format(time.RFC3339)+": it is 4m0s old only")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "wait until "+since.Add(15*time.Minute).UTC().Format("15:04:05 MST")+" (660 seconds)")
	_, err = repair{w.helm, &lease.Holder{Run: "yesterday", Acquired: since.Add(-25 * time.Hour), Expires: since.Add(-24 * time.Hour)}}.recover(t.Context())
	require.Error(t, err, "a dead run of yesterday didn't begin it")
	last, err := w.helm.last("mural")
	require.NoError(t, err)
	assert.Equal(t, release.StatusPendingUpgrade, last.Info.Status)
}

func TestRecoverRepairsWhatADeadRunLeft(t *testing.T) {
	t.Parallel()
	for _, status := range []release.Status{release.StatusPendingUpgrade, release.StatusPendingInstall, release.StatusPendingRollback} {
		w, since := pending(t, status, time.Minute)
		can, err := repair{w.helm, &lease.Holder{Run: "one", Acquired: since, Expires: since.Add(time.Minute)}}.recoverable()
		require.NoError(t, err)
		assert.Len(t, can.Pending, 1)
		last, err := w.helm.last("mural")
		require.NoError(t, err)
		assert.Equal(t, status, last.Info.Status, "nothing is written")
		done, err := repair{w.helm, &lease.Holder{Run: "one", Owner: "ann@laptop", Acquired: since.Add(-time.Minute), Renewed: since, Expires: since.Add(time.Minute)}}.recover(t.Context())
		require.NoError(t, err)
		require.Len(t, done.Pending, 1)
		assert.Contains(t, done.Evidence[0], "it was begun by run one of ann@laptop, which is dead")
		again, err := repair{w.helm, nil}.recover(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Recovered{}, again)
		// The next run goes on.
		result, err := w.run(t, toECR)
		require.NoError(t, err)
		assert.Equal(t, 3, result.Revision)
		assert.Equal(t, 1, result.PreviousRevision)
	}
}

func TestRecoverRepairsWhatIsOld(t *testing.T) {
	t.Parallel()
	w, _ := pending(t, release.StatusPendingUpgrade, 16*time.Minute)
	done, err := repair{w.helm, nil}.recover(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"it is 16m0s old, and no other run holds the lease"}, done.Evidence)
	require.NoError(t, undo(t.Context(), w.cluster, w.helm, w.options, 1), "and so does a rollback")

	w, _ = pending(t, release.StatusPendingUpgrade, 16*time.Minute)
	w.options.Timeout, w.helm.options.Timeout = time.Hour, time.Hour
	_, err = repair{w.helm, nil}.recover(t.Context())
	require.Error(t, err, "who waits an hour waits longer")
}
