package lease

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Lease is one that this process holds, alone or with other shards of its run.
type Lease struct {
	client  client.Client
	options Options

	lost     context.Context
	lose     context.CancelCauseFunc
	stop     context.CancelFunc
	stopped  chan struct{}
	released sync.Once
	took     *Holder
}

// Acquire takes the lease, joins the one of the same run, or takes over one whose holder is dead. It is renewed until
// Release. The error for a lease that another run holds has code Refused; then nothing was written.
func Acquire(ctx context.Context, c client.Client, o Options) (*Lease, error) {
	o.complete()
	l := &Lease{client: c, options: o, stopped: make(chan struct{})}
	if err := l.take(ctx); err != nil {
		return nil, err
	}
	l.lost, l.lose = context.WithCancelCause(context.WithoutCancel(ctx))
	// It lives until Release: who interrupts a run still writes while it ends.
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	go l.keep(renewing)
	return l, nil
}

// TookOver returns the dead holder whose lease this was, or nil.
func (l *Lease) TookOver() *Holder { return l.took }

// tries is how often a write is repeated that another one came before.
const tries = 10

func (l *Lease) take(ctx context.Context) error {
	for range tries {
		err := l.tryTake(ctx)
		if !again(err) {
			return err
		}
	}
	return failed(l.options.Namespace, "taking", errors.New("it changes all the time"))
}

// again reports whether another write came before ours.
func again(err error) bool {
	return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err)
}

// tryTake writes at most once. An error that again knows is returned as it is.
func (l *Lease) tryTake(ctx context.Context) error {
	o := l.options
	object, err := l.get(ctx)
	if err != nil {
		return err
	}
	now := o.Now().UTC()
	fresh := &Holder{Run: o.Run, Owner: o.Owner, Command: o.Command, Process: thisProcess(), Acquired: now}
	if object == nil {
		return l.put(ctx, &coordinationv1.Lease{}, fresh)
	}
	held := holderOf(object)
	switch {
	case held == nil:
		return l.put(ctx, object, fresh)
	case held.Run == o.Run:
		return l.put(ctx, object, l.joined(held, now))
	case !held.Dead(now):
		return refused(o.Namespace, held, now)
	case !held.Process.Ended():
		// Clocks differ. A holder that is alive renews, and that is seen whatever its clock says.
		if err := o.Sleep(ctx, o.Duration/2); err != nil {
			return failed(o.Namespace, "taking over", err)
		}
		later, err := l.get(ctx)
		if err != nil {
			return err
		}
		if later == nil || later.ResourceVersion != object.ResourceVersion {
			if later = nonNil(later); holderOf(later) != nil {
				return refused(o.Namespace, holderOf(later), o.Now())
			}
			return apierrors.NewConflict(coordinationv1.Resource("leases"), Name, errors.New("it was released"))
		}
	}
	fresh.Acquired = o.Now().UTC()
	if err := l.put(ctx, object, fresh); err != nil {
		return err
	}
	l.took = held
	return nil
}

func nonNil(object *coordinationv1.Lease) *coordinationv1.Lease {
	if object == nil {
		return &coordinationv1.Lease{}
	}
	return object
}

// joined is the holder with this process among its members, and without those that have died.
func (l *Lease) joined(held *Holder, now time.Time) *Holder {
	h := *held
	h.Members = maps.Clone(held.Members)
	maps.DeleteFunc(h.Members, func(_ string, renewed time.Time) bool { return now.Sub(renewed) > l.options.Duration })
	if len(h.Members) == 0 {
		h.Process = thisProcess()
	}
	return &h
}

func (l *Lease) get(ctx context.Context) (*coordinationv1.Lease, error) {
	var object coordinationv1.Lease
	err := l.client.Get(ctx, client.ObjectKey{Namespace: l.options.Namespace, Name: Name}, &object)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(l.options.Namespace, "reading", err)
	}
	return &object, nil
}

// put writes a holder with this process among its members, over exactly the version that was read.
func (l *Lease) put(ctx context.Context, object *coordinationv1.Lease, h *Holder) error {
	h.Renewed = l.options.Now().UTC()
	if h.Members == nil {
		h.Members = map[string]time.Time{}
	}
	h.Members[l.options.Member] = h.Renewed
	return l.save(ctx, object, h)
}

func (l *Lease) save(ctx context.Context, object *coordinationv1.Lease, h *Holder) error {
	if err := write(object, h, l.options); err != nil {
		return err
	}
	var err error
	if object.ResourceVersion == "" {
		err = l.client.Create(ctx, object)
	} else {
		err = l.client.Update(ctx, object)
	}
	if err != nil && !again(err) {
		return failed(l.options.Namespace, "writing", err)
	}
	return err
}

// keep renews the lease until it is released or lost. That the API server doesn't answer is no loss: nobody else can
// take the lease then either.
func (l *Lease) keep(ctx context.Context) {
	defer close(l.stopped)
	for {
		if sleep(ctx, l.options.Duration/3) != nil {
			return
		}
		if err := l.renew(ctx); errors.Is(err, ErrLost) {
			l.lose(err)
			return
		}
	}
}

// renew returns ErrLost once another run holds the lease. A Lease that somebody deleted is made again.
func (l *Lease) renew(ctx context.Context) error {
	for range tries {
		object, err := l.get(ctx)
		if err != nil {
			return err
		}
		held := &Holder{Run: l.options.Run, Owner: l.options.Owner, Command: l.options.Command, Process: thisProcess(), Acquired: l.options.Now().UTC()}
		if object = nonNil(object); holderOf(object) != nil {
			held = holderOf(object)
		}
		if held.Run != l.options.Run {
			return ErrLost
		}
		if err = l.put(ctx, object, held); !again(err) {
			return err
		}
	}
	return nil // the next renewal is soon
}

// Release ends the hold: the last shard deletes it, the others leave it. A second call does nothing.
func (l *Lease) Release(ctx context.Context) (err error) {
	l.released.Do(func() {
		l.stop()
		<-l.stopped
		for range tries {
			if err = l.leave(ctx); !again(err) {
				return
			}
		}
		err = nil // it expires by itself
	})
	return err
}

func (l *Lease) leave(ctx context.Context) error {
	object, err := l.get(ctx)
	if err != nil || object == nil {
		return err
	}
	held := holderOf(object)
	if held == nil || held.Run != l.options.Run {
		return nil // another run's by now
	}
	now := l.options.Now().UTC()
	delete(held.Members, l.options.Member)
	maps.DeleteFunc(held.Members, func(_ string, renewed time.Time) bool { return now.Sub(renewed) > l.options.Duration })
	if len(held.Members) > 0 {
		return l.save(ctx, object, held)
	}
	err = l.client.Delete(ctx, object, client.Preconditions{UID: &object.UID, ResourceVersion: &object.ResourceVersion})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil && !again(err) {
		return failed(l.options.Namespace, "deleting", err)
	}
	return err
}
