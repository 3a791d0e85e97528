package deploy

import (
	"context"
	"fmt"
	"time"

	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
)

// Pending is a release whose newest revision has begun and not ended: somebody's helm is at work, or was killed.
type Pending struct {
	Name     string
	Revision int
	Status   string // Helm's word: pending-install, pending-upgrade, pending-rollback
	Since    time.Time
}

func (p Pending) String() string {
	return fmt.Sprintf("revision %d of release %s is %s since %s", p.Revision, p.Name, p.Status, p.Since.UTC().Format(time.RFC3339))
}

// Recovered is what Recover did.
type Recovered struct {
	Pending  []Pending // those that were repaired
	Evidence []string  // why nobody can be at work, one line each
}

// leastQuiet is how old a pending revision must be when nothing else says that nobody is at work. Helm writes nothing while
// it waits, and its default is five minutes; who runs it with a longer --timeout waits longer.
const leastQuiet = 15 * time.Minute

// Stuck returns the releases, of mural and its CRDs, that are pending. It writes nothing.
func Stuck(_ context.Context, c *cluster.Cluster, o Options) ([]Pending, error) {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return nil, err
	}
	stuck, _, err := h.stuck()
	return stuck, err
}

// Recover repairs pending releases as helm-controller does: it marks the revision as failed, which changes Helm's
// record alone and nothing in the cluster; the next upgrade or rollback then works. It is refused unless there is
// evidence that nobody is at work: the run that began it was ours and is dead (tookOver is the holder whose lease this
// run has taken over, or nil), or the revision is older than any usual --timeout. Call it with the lease held.
func Recover(ctx context.Context, c *cluster.Cluster, o Options, tookOver *lease.Holder) (Recovered, error) {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return Recovered{}, err
	}
	return repair{h, tookOver}.recover(ctx)
}

// CRDsRelease is what the CRDs' release is called when nobody says otherwise: as its chart.
const CRDsRelease = "mural-crds"

// Recoverable is Recover without a write: it returns what would be repaired and why, or the refusal.
func Recoverable(_ context.Context, c *cluster.Cluster, o Options, tookOver *lease.Holder) (Recovered, error) {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return Recovered{}, err
	}
	return repair{h, tookOver}.recoverable()
}

func (h repair) recoverable() (done Recovered, err error) {
	if done.Pending, _, err = h.stuck(); err != nil {
		return done, err
	}
	for _, p := range done.Pending {
		evidence, err := h.evidence(p)
		if err != nil {
			return done, err
		}
		done.Evidence = append(done.Evidence, evidence)
	}
	return done, nil
}

// repair marks what a killed helm has left.
type repair struct {
	*helm
	tookOver *lease.Holder // the dead holder whose lease this run has taken over, or nil
}

func (h *records) stuck() (found []Pending, releases []*release.Release, err error) {
	for _, name := range []string{CRDsRelease, h.options.Release.Name} {
		last, err := h.last(name)
		if err != nil {
			return nil, nil, err
		}
		if last != nil && last.Info.Status.IsPending() {
			found = append(found, Pending{Name: name, Revision: last.Version, Status: last.Info.Status.String(), Since: last.Info.LastDeployed.Time})
			releases = append(releases, last)
		}
	}
	return found, releases, nil
}

func (h repair) recover(ctx context.Context) (Recovered, error) {
	found, releases, err := h.stuck()
	if err != nil {
		return Recovered{}, err
	}
	var done Recovered
	for i, p := range found {
		evidence, err := h.evidence(p)
		if err != nil {
			return done, err
		}
		done.Evidence = append(done.Evidence, evidence)
		if err := h.options.Lock(ctx); err != nil {
			return done, err
		}
		// Whoever worked on it may have ended meanwhile.
		again, err := h.last(p.Name)
		if err != nil {
			return done, err
		}
		if again == nil || again.Version != p.Revision || again.Info.Status.String() != p.Status {
			continue
		}
		releases[i].SetStatus(release.StatusFailed, "palette-ecr: the helm that began this has ended without finishing it")
		if err := h.config.Releases.Update(releases[i]); err != nil {
			return done, fault.New(fault.Failed, fmt.Sprintf("make sure that you may update Secrets in namespace %s", h.options.Storage), "repairing release %s/%s on cluster %q: %w", h.namespace, p.Name, h.cluster.Name, err)
		}
		h.options.Progress.Say("%s: marked as failed, since %s", p, evidence)
		done.Pending = append(done.Pending, p)
	}
	return done, nil
}

// evidence says why nobody can be at work on a pending release any more, or refuses.
func (h repair) evidence(p Pending) (string, error) {
	evidence, ok := h.abandoned(p)
	if ok {
		return evidence, nil
	}
	from := p.Since.Add(h.quiet())
	return "", fault.New(fault.Refused,
		fmt.Sprintf("wait until %s (%d seconds), when it is repaired, or until the helm that works on it ends; who knows that none does runs `%s`, and then this again",
			from.UTC().Format("15:04:05 MST"), int(from.Sub(h.options.Now()).Seconds()), h.cluster.Helm("rollback %s --namespace %s", p.Name, h.namespace)),
		"repairing release %s/%s on cluster %q: %s: %s", h.namespace, p.Name, h.cluster.Name, p, evidence)
}

// quiet is longer where our own waits are.
func (h repair) quiet() time.Duration { return max(leastQuiet, 3*h.options.Timeout) }

// abandoned reports whether nobody can be at work on a pending release any more, and why. That no process works on it
// can't be seen from a cluster: Helm holds nothing there.
func (h repair) abandoned(p Pending) (evidence string, ok bool) {
	age := h.options.Now().Sub(p.Since).Round(time.Second)
	switch {
	case h.tookOver != nil && !p.Since.Before(h.tookOver.Acquired.Add(-clockSkew)) && !p.Since.After(h.tookOver.Expires.Add(clockSkew)):
		return fmt.Sprintf("it was begun by %s, which is dead: it last renewed its lease at %s", h.tookOver, h.tookOver.Renewed.UTC().Format(time.RFC3339)), true
	case age >= h.quiet():
		return fmt.Sprintf("it is %s old, and no other run holds the lease", age), true
	}
	return fmt.Sprintf("it is %s old only, and who began it may still be at work", age), false
}

// clockSkew is how far clocks of two machines may differ.
const clockSkew = time.Minute
