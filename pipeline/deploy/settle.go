package deploy

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// patience is how long an API server may be away, as in an upgrade of the control plane, before a record of Helm's
// counts as not written.
const patience = time.Minute

// lasting is a storage of Helm's whose records are written also where the API server is away for a moment. Helm writes
// the end of an upgrade or rollback once, and of some it only logs that it failed: the release would stay pending, and
// Helm refuses whatever comes next. What begins a revision is not repeated: nothing is lost when it fails.
type lasting struct{ driver.Driver }

// Update implements driver.Updator.
func (l lasting) Update(key string, r *release.Release) error {
	_, err := patiently(func() (struct{}, error) { return struct{}{}, l.Driver.Update(key, r) })
	return err
}

func patiently[T any](f func() (T, error)) (T, error) {
	return backoff.Retry(context.Background(), func() (T, error) {
		got, err := f()
		if err != nil && !transient.Error(err) {
			err = backoff.Permanent(err)
		}
		return got, err
	}, backoff.WithMaxElapsedTime(patience))
}

// settle gives the revision that an upgrade or rollback has begun its end, where Helm ended without: what could not be
// built, a hook that failed, and a process that is told to stop leave it pending, and the next command would be told
// that another helm is at work. It is marked as failed, as Recover does; nothing else in the cluster changes.
// What can't be read or written is left: the error that is told anyway says more.
func (h *helm) settle(name string, after int, cause error) {
	last, err := patiently(func() (*release.Release, error) { return h.last(name) })
	if err != nil || last == nil || last.Version <= after || !last.Info.Status.IsPending() {
		return
	}
	last.SetStatus(release.StatusFailed, cause.Error())
	if err := h.config.Releases.Update(last); err != nil {
		h.options.Progress.Say("release %s: %s", name, err)
	}
}

// repaired is a storage of Helm's in which a revision that has begun and not ended has failed, as Recover makes it: what comes
// after that is foreseen with it, and nothing is written.
type repaired struct{ driver.Driver }

// Get implements driver.Queryor.
func (r repaired) Get(key string) (*release.Release, error) {
	got, err := r.Driver.Get(key)
	return asFailed(got), err
}

// List implements driver.Queryor.
func (r repaired) List(filter func(*release.Release) bool) ([]*release.Release, error) {
	return failures(r.Driver.List(filter))
}

// Query implements driver.Queryor.
func (r repaired) Query(labels map[string]string) ([]*release.Release, error) {
	return failures(r.Driver.Query(labels))
}

func failures(all []*release.Release, err error) ([]*release.Release, error) {
	for i := range all {
		all[i] = asFailed(all[i])
	}
	return all, err
}

func asFailed(r *release.Release) *release.Release {
	if r == nil || r.Info == nil || !r.Info.Status.IsPending() {
		return r
	}
	copied, info := *r, *r.Info
	copied.Info = &info
	copied.SetStatus(release.StatusFailed, info.Description)
	return &copied
}
