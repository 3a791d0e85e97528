// Package lease keeps two operators from working on one release at a time. Whoever is about to write takes a
// coordination.k8s.io Lease in the release's namespace for the whole run; shards of one run share it; another run is
// refused with the owner's name, and takes it over once its holder is dead.
package lease

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
)

const (
	// Name of the Lease.
	Name = "palette-ecr"

	record = "palette-ecr/run" // annotation: who holds it

	// duration is how long a holder that doesn't renew counts as alive; a third of it is the time between renewals.
	duration = 60 * time.Second
)

// Options say who wants the lease.
type Options struct {
	Namespace string
	Run       string // ID of the run; all its shards have the same one
	Member    string // this process among the run's shards; empty is one without shards
	Owner     string // who started it, for people: user@host
	Command   string // what it does, for people: palette-ecr run

	Duration time.Duration // zero is a minute
	Now      func() time.Time
	// Sleep waits between two looks at a Lease that has expired; nil really waits.
	Sleep func(context.Context, time.Duration) error
}

func (o *Options) complete() {
	if o.Member == "" {
		o.Member = "main"
	}
	if o.Duration == 0 {
		o.Duration = duration
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
}

// Holder is who holds the lease, as the Lease says.
type Holder struct {
	Run      string               `json:"run"`
	Owner    string               `json:"owner,omitempty"`
	Command  string               `json:"command,omitempty"`
	Members  map[string]time.Time `json:"members,omitempty"` // each shard, and when it renewed last
	Process  Process              `json:"process,omitzero"`  // the one that took it
	Acquired time.Time            `json:"acquired"`
	Renewed  time.Time            `json:"-"`
	Expires  time.Time            `json:"-"`
}

// Expired reports whether nobody has renewed the lease in time.
func (h *Holder) Expired(now time.Time) bool { return !now.Before(h.Expires) }

// Dead reports whether the holder can't be at work any more: it hasn't renewed in time, or it was a process of this
// machine that has ended.
func (h *Holder) Dead(now time.Time) bool {
	return h.Expired(now) || h.Process.Ended() && len(h.Members) <= 1
}

// String names the holder for people.
func (h *Holder) String() string {
	text := "run " + h.Run
	if h.Owner != "" {
		text += " of " + h.Owner
	}
	if h.Command != "" {
		text += fmt.Sprintf(" (%s)", h.Command)
	}
	return text
}

// Read returns who holds the lease of a namespace, or nil when nobody does. It writes nothing.
func Read(ctx context.Context, c client.Client, namespace string) (*Holder, error) {
	var object coordinationv1.Lease
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: Name}, &object)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(namespace, "reading", err)
	}
	return holderOf(&object), nil
}

// look is how long AwaitEnd waits between two looks.
const look = 5 * time.Second

// AwaitEnd waits until a lease ends that its holder, who may have been killed, does not renew; it says so, and until when.
// It returns the dead holder, or nil when nobody holds the lease or the run itself does. A holder that renews is at work:
// the error has code Refused.
func AwaitEnd(ctx context.Context, c client.Client, o Options, say func(format string, args ...any)) (*Holder, error) {
	o.complete()
	first, err := Read(ctx, c, o.Namespace)
	if err != nil || first == nil || first.Run == o.Run {
		return nil, err
	}
	now := first
	if left := first.Expires.Sub(o.Now()).Round(time.Second); !first.Dead(o.Now()) {
		say("waiting until %s (%s) for the end of the lease of %s, which may have been killed", first.Expires.UTC().Format("15:04:05 MST"), left, first)
	}
	for !now.Dead(o.Now()) {
		if err := o.Sleep(ctx, min(look, max(now.Expires.Sub(o.Now()), time.Second))); err != nil {
			return nil, failed(o.Namespace, "waiting for the end of", err)
		}
		if now, err = Read(ctx, c, o.Namespace); err != nil || now == nil {
			return nil, err
		}
		if now.Run != first.Run || !now.Renewed.Equal(first.Renewed) {
			return nil, refused(o.Namespace, now, o.Now())
		}
	}
	return now, nil
}

// holderOf reads a Lease. One that another tool wrote has no record of ours: its holderIdentity stands for it.
func holderOf(object *coordinationv1.Lease) *Holder {
	if object.Spec.HolderIdentity == nil || *object.Spec.HolderIdentity == "" {
		return nil
	}
	h := &Holder{}
	if json.Unmarshal([]byte(object.Annotations[record]), h) != nil || h.Run == "" {
		*h = Holder{Run: *object.Spec.HolderIdentity}
	}
	if object.Spec.AcquireTime != nil && h.Acquired.IsZero() {
		h.Acquired = object.Spec.AcquireTime.Time
	}
	if object.Spec.RenewTime != nil {
		h.Renewed = object.Spec.RenewTime.Time
	}
	valid := duration
	if object.Spec.LeaseDurationSeconds != nil {
		valid = time.Duration(*object.Spec.LeaseDurationSeconds) * time.Second
	}
	h.Expires = h.Renewed.Add(valid)
	return h
}

// write puts a holder into the Lease.
func write(object *coordinationv1.Lease, h *Holder, o Options) error {
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encoding the Lease %s/%s: %w", o.Namespace, Name, err)
	}
	seconds := int32(min(o.Duration, time.Hour).Seconds())
	object.Namespace, object.Name = o.Namespace, Name
	if object.Labels == nil {
		object.Labels = map[string]string{}
	}
	object.Labels[own.Label] = own.Name
	if object.Annotations == nil {
		object.Annotations = map[string]string{}
	}
	object.Annotations[record] = string(data)
	object.Spec.HolderIdentity = &h.Run
	object.Spec.LeaseDurationSeconds = &seconds
	object.Spec.AcquireTime = micro(h.Acquired)
	object.Spec.RenewTime = micro(h.Renewed)
	return nil
}

func micro(t time.Time) *metav1.MicroTime {
	at := metav1.NewMicroTime(t.UTC())
	return &at
}

func failed(namespace, doing string, err error) error {
	return fault.New(fault.Failed, fmt.Sprintf("make sure that you may get, create, update and delete Leases (coordination.k8s.io) in namespace %s", namespace),
		"%s the Lease %s/%s: %w", doing, namespace, Name, err)
}

// refused is the error for a run that is not the first.
func refused(namespace string, h *Holder, now time.Time) error {
	return fault.New(fault.Refused, fmt.Sprintf("wait until it has ended; a holder that is dead is replaced when the lease ends, at %s", h.Expires.UTC().Format("15:04:05 MST")),
		"taking the Lease %s/%s: %s has held it for %s and renewed it %s ago: two runs at a time can't work on one release",
		namespace, Name, h, age(now, h.Acquired), age(now, h.Renewed))
}

func age(now, then time.Time) time.Duration { return max(now.Sub(then), 0).Round(time.Second) }

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// ErrLost is why nothing more is written: another run has taken the lease.
var ErrLost = errors.New("another run has taken the lease")

func lostFault(namespace string, cause error) error {
	return fault.New(fault.Refused, "wait until the other run has ended, then run again: it goes on where it stopped",
		"holding the Lease %s/%s: %w", namespace, Name, cause)
}
