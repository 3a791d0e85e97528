package deploy

import (
	"context"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// away is a storage whose API server refuses connections when the end of a revision is written.
type away struct {
	driver.Driver
	times int
}

func (a *away) Update(key string, r *release.Release) error {
	if a.times > 0 {
		a.times--
		return syscall.ECONNREFUSED
	}
	return a.Driver.Update(key, r)
}

// TestRunWritesHelmsRecordWhereTheServerIsAwayForAMoment: Helm writes the end of a revision once; one that could not be
// written then stayed pending, and the rollback was refused for that.
func TestRunWritesHelmsRecordWhereTheServerIsAwayForAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	server := &away{Driver: w.helm.config.Releases.Driver, times: 2}
	w.helm.config.Releases.Driver = lasting{server}
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	server.times = 2
	require.NoError(t, undo(t.Context(), w.cluster, w.helm, w.options, result.PreviousRevision))
	for revision, status := range map[int]release.Status{2: release.StatusSuperseded, 3: release.StatusDeployed} {
		stored, err := w.helm.config.Releases.Get("mural", revision)
		require.NoError(t, err)
		assert.Equal(t, status, stored.Info.Status, "revision %d", revision)
	}
	assert.Zero(t, server.times)
}

// unbuilt is a cluster whose API can't be discovered: Helm ends a rollback there without an end of its record.
type unbuilt struct {
	kubefake.PrintingKubeClient
	broken bool
}

func (u *unbuilt) Build(r io.Reader, validate bool) (kube.ResourceList, error) {
	if u.broken {
		return nil, syscall.ECONNRESET
	}
	return u.PrintingKubeClient.Build(r, validate)
}

// TestUndoLeavesNothingPending: what Helm begins and gives up can be begun again.
func TestUndoLeavesNothingPending(t *testing.T) {
	t.Parallel()
	server := &unbuilt{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard}}
	w := newWorld(t, server)
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	server.broken = true
	require.ErrorContains(t, undo(t.Context(), w.cluster, w.helm, w.options, result.PreviousRevision), "connection reset by peer")
	last, err := w.helm.last("mural")
	require.NoError(t, err)
	assert.Equal(t, release.StatusFailed, last.Info.Status)
	assert.Contains(t, last.Info.Description, "connection reset by peer")

	server.broken = false
	require.NoError(t, undo(t.Context(), w.cluster, w.helm, w.options, result.PreviousRevision))
}

// slow is a cluster whose pods are never ready.
type slow struct{ kubefake.PrintingKubeClient }

func (*slow) Wait(kube.ResourceList, time.Duration) error { select {} }

// TestUndoThatIsToldToStopLeavesNothingPending: Helm's rollback takes no context.
func TestUndoThatIsToldToStopLeavesNothingPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	w.helm.config.KubeClient = &slow{kubefake.PrintingKubeClient{Out: io.Discard}}
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	require.ErrorIs(t, undo(ctx, w.cluster, w.helm, w.options, result.PreviousRevision), context.DeadlineExceeded)
	last, err := w.helm.last("mural")
	require.NoError(t, err)
	assert.Equal(t, release.StatusFailed, last.Info.Status)
}
