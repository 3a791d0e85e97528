package lease

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestAProcessOfThisMachineThatEndedIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	assert.False(t, thisProcess().Ended())
	ended := exec.Command("true")
	require.NoError(t, ended.Run())
	dead := thisProcess()
	dead.PID = ended.Process.Pid
	assert.True(t, dead.Ended())
	dead.Machine = "another"
	assert.False(t, dead.Ended(), "a PID of another machine says nothing")
	reused := thisProcess()
	reused.Started = "0"
	assert.True(t, reused.Ended(), "a PID that came again")
	assert.False(t, Process{}.Ended())

	c, _ := counting(t)
	clock := newClock()
	clock.during = func() { t.Error("there is nothing to wait for") }
	acquire(t, c, clock.options("killed", ""))
	var object coordinationv1.Lease
	require.NoError(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: Name}, &object))
	h := holderOf(&object)
	h.Process.PID, h.Process.Started = ended.Process.Pid, "0"
	o := clock.options("killed", "")
	o.complete()
	require.NoError(t, write(&object, h, o))
	require.NoError(t, c.Update(t.Context(), &object))
	acquire(t, c, clock.options("two", ""))
	assert.Equal(t, "two", holder(t, c).Run)
}
