package lease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const namespace = "mural-system"

// clock is a time that tests move, and a sleep that moves it.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	during func() // what happens while somebody sleeps
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.advance(d)
	if c.during != nil {
		c.during()
	}
	return nil
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)} }

func (c *clock) options(run, member string) Options {
	return Options{Namespace: namespace, Run: run, Member: member, Owner: "ann@laptop", Command: "palette-ecr run", Now: c.time, Sleep: c.sleep}
}

// counting is a cluster that counts writes.
func counting(t *testing.T) (client.Client, *int) {
	t.Helper()
	writes := 0
	return fake.NewClientBuilder().WithScheme(scheme.Scheme).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			writes++
			return c.Create(ctx, o, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			writes++
			return c.Update(ctx, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			writes++
			return c.Delete(ctx, o, opts...)
		},
	}).Build(), &writes
}

func acquire(t *testing.T, c client.Client, o Options) *Lease {
	t.Helper()
	l, err := Acquire(t.Context(), c, o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Release(context.WithoutCancel(t.Context())) })
	return l
}

func holder(t *testing.T, c client.Client) *Holder {
	t.Helper()
	h, err := Read(t.Context(), c, namespace)
	require.NoError(t, err)
	return h
}

func TestTheSecondRunIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	c, writes := counting(t)
	clock := newClock()
	first := acquire(t, c, clock.options("one", ""))
	clock.advance(42 * time.Second)
	before := *writes
	_, err := Acquire(t.Context(), c, clock.options("two", ""))
	require.EqualError(t, err, "taking the Lease mural-system/palette-ecr: run one of ann@laptop (palette-ecr run) has held it for 42s and renewed it 42s ago: two runs at a time can't work on one release")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "02:01:00 UTC")
	assert.Equal(t, before, *writes)

	require.NoError(t, first.Release(t.Context()))
	assert.Nil(t, holder(t, c), "the last one deletes it")
	acquire(t, c, clock.options("two", ""))
	assert.Equal(t, "two", holder(t, c).Run)
}

func TestShardsOfOneRunShareIt(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	clock := newClock()
	zero, one := acquire(t, c, clock.options("run", "0")), acquire(t, c, clock.options("run", "1"))
	assert.Len(t, holder(t, c).Members, 2)
	require.NoError(t, zero.Release(t.Context()))
	require.NotNil(t, holder(t, c), "the other shard is still at work")
	_, err := Acquire(t.Context(), c, clock.options("other", ""))
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	require.NoError(t, one.Release(t.Context()))
	assert.Nil(t, holder(t, c))
	require.NoError(t, one.Release(t.Context()), "twice does no harm")

	// A shard that died doesn't keep the others from giving the lease back.
	acquire(t, c, clock.options("again", "dead"))
	clock.advance(10 * time.Minute)
	alive := acquire(t, c, clock.options("again", "alive"))
	require.NoError(t, alive.Release(t.Context()))
	assert.Nil(t, holder(t, c))
}

// elsewhere makes the holder a process of another machine, of which only time reports whether it lives.
func elsewhere(t *testing.T, c client.Client, o Options) {
	t.Helper()
	var object coordinationv1.Lease
	require.NoError(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: Name}, &object))
	h := holderOf(&object)
	h.Process = Process{Machine: "another", PID: 1, Started: "1"}
	o.complete()
	require.NoError(t, write(&object, h, o))
	require.NoError(t, c.Update(t.Context(), &object))
}

func TestADeadHolderIsReplaced(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	clock := newClock()
	acquire(t, c, clock.options("dead", ""))
	elsewhere(t, c, clock.options("dead", ""))
	clock.advance(2 * time.Minute)
	second := acquire(t, c, clock.options("two", ""))
	assert.Equal(t, "two", holder(t, c).Run)
	require.NotNil(t, second.TookOver())
	assert.Equal(t, "dead", second.TookOver().Run)
}

// Seen: seconds after a kill `run --recover` was refused, since the lease of the killed run had not ended.
func TestAwaitEnd(t *testing.T) {
	t.Parallel()
	now := newClock()
	c, writes := counting(t)
	var said []string
	say := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
	found, err := AwaitEnd(t.Context(), c, now.options("two", ""), say)
	require.NoError(t, err)
	assert.Nil(t, found, "nobody holds it")

	acquire(t, c, now.options("one", ""))
	elsewhere(t, c, now.options("one", ""))
	now.advance(13 * time.Second)
	before := *writes
	found, err = AwaitEnd(t.Context(), c, now.options("one", ""), say)
	require.NoError(t, err)
	assert.Nil(t, found, "it is our own")
	found, err = AwaitEnd(t.Context(), c, now.options("two", ""), say)
	require.NoError(t, err)
	require.NotNil(t, found)
	assert.Equal(t, "one", found.Run)
	assert.True(t, found.Dead(now.time()))
	assert.Equal(t, []string{"waiting until 02:01:00 UTC (47s) for the end of the lease of run one of ann@laptop (palette-ecr run), which may have been killed"}, said)
	assert.Equal(t, before, *writes, "waiting writes nothing")

	second := acquire(t, c, now.options("three", ""))
	elsewhere(t, c, now.options("three", ""))
	now.during = func() { _ = second.renew(t.Context()) }
	_, err = AwaitEnd(t.Context(), c, now.options("two", ""), say)
	require.ErrorContains(t, err, "run three of ann@laptop")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
}

func TestAHolderWithASlowClockIsNotReplaced(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	clock := newClock()
	first := acquire(t, c, clock.options("slow", ""))
	elsewhere(t, c, clock.options("slow", ""))
	clock.advance(2 * time.Minute)
	clock.during = func() { assert.NoError(t, first.renew(context.Background())) }
	_, err := Acquire(t.Context(), c, clock.options("two", ""))
	require.ErrorContains(t, err, "run slow of ann@laptop")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
}

func TestALostLeaseEndsTheWork(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	clock := newClock()
	o := clock.options("one", "")
	o.Duration = 3 * time.Millisecond // renewed every millisecond
	l := acquire(t, c, o)
	for {
		var object coordinationv1.Lease
		require.NoError(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: Name}, &object))
		thief := o
		thief.complete()
		require.NoError(t, write(&object, &Holder{Run: "thief", Acquired: clock.time(), Renewed: clock.time()}, thief))
		if c.Update(t.Context(), &object) == nil {
			break
		}
	}
	<-l.lost.Done()
	require.ErrorIs(t, context.Cause(l.lost), ErrLost)
	require.NoError(t, l.Release(t.Context()))
	assert.Equal(t, "thief", holder(t, c).Run, "what another run holds is not deleted")
}

func TestARenewalThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	down := true
	c := fake.NewClientBuilder().WithScheme(scheme.Scheme).Build()
	clock := newClock()
	l := acquire(t, c, clock.options("one", ""))
	l.client = interceptor.NewClient(c, interceptor.Funcs{Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
		if down {
			return errors.New("connection refused")
		}
		return c.Update(ctx, o, opts...)
	}})
	require.ErrorContains(t, l.renew(t.Context()), "connection refused")
	require.NoError(t, context.Cause(l.lost))
	down = false
	clock.advance(time.Hour)
	require.NoError(t, l.renew(t.Context()), "nobody took it meanwhile")
	assert.True(t, clock.time().Equal(holder(t, c).Renewed))
	require.NoError(t, c.Delete(t.Context(), &coordinationv1.Lease{ObjectMeta: metaOf()}))
	require.NoError(t, l.renew(t.Context()), "one that somebody deleted is made again")
	assert.Equal(t, "one", holder(t, c).Run)
}

func TestGuardTakesTheLeaseAtTheFirstWriteOnly(t *testing.T) {
	t.Parallel()
	c, writes := counting(t)
	clock := newClock()
	g := NewGuard(c, clock.options("one", ""))
	require.NoError(t, g.Release(t.Context()))
	assert.Zero(t, *writes, "a run with nothing to do writes nothing")
	require.NoError(t, g.Hold(t.Context()))
	require.NoError(t, g.Hold(t.Context()))
	assert.Equal(t, 1, *writes)
	assert.Nil(t, g.TookOver())
	assert.Equal(t, fault.Refused, fault.CodeOf(NewGuard(c, clock.options("two", "")).Hold(t.Context())))
	g.held.lose(ErrLost)
	assert.Equal(t, fault.Refused, fault.CodeOf(g.Hold(t.Context())))
	require.NoError(t, g.Release(t.Context()))
	assert.Nil(t, holder(t, c))
}

func TestALeaseOfAnotherToolIsRespected(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	clock := newClock()
	who, seconds := "somebody", int32(60)
	require.NoError(t, c.Create(t.Context(), &coordinationv1.Lease{ObjectMeta: metaOf(), Spec: coordinationv1.LeaseSpec{
		HolderIdentity: &who, LeaseDurationSeconds: &seconds, RenewTime: micro(clock.time()), AcquireTime: micro(clock.time()),
	}}))
	_, err := Acquire(t.Context(), c, clock.options("two", ""))
	require.ErrorContains(t, err, "run somebody has held it")
}

func TestWithoutTheRightTheErrorNamesIt(t *testing.T) {
	t.Parallel()
	c := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
			return errors.New("forbidden")
		},
	}).Build()
	_, err := Acquire(t.Context(), c, newClock().options("one", ""))
	require.ErrorContains(t, err, "writing the Lease mural-system/palette-ecr: forbidden")
	assert.Contains(t, fault.RemedyOf(err), "Leases (coordination.k8s.io) in namespace mural-system")
}
