package deploy

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// records are what Helm has stored of the releases of one cluster and namespace. They are only read.
type records struct {
	config    *action.Configuration
	cluster   *cluster.Cluster
	namespace string
	options   Options
}

// last returns the newest revision of a release, or nil when there is none.
func (h *records) last(name string) (*release.Release, error) {
	last, err := h.config.Releases.Last(name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading release %s/%s on cluster %q: %w", h.namespace, name, h.cluster.Name, err)
	}
	return last, nil
}

// history returns all revisions that Helm still has, oldest first.
func (h *records) history(name string) ([]*release.Release, error) {
	all, err := h.config.Releases.History(name)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, fmt.Errorf("reading the history of release %s/%s on cluster %q: %w", h.namespace, name, h.cluster.Name, err)
	}
	releaseutil.SortByRevision(all)
	return all, nil
}

// find returns one revision of a history.
func (h *records) find(history []*release.Release, revision int) (*release.Release, error) {
	for _, r := range history {
		if r.Version == revision {
			return r, nil
		}
	}
	return nil, fault.New(fault.Failed, fmt.Sprintf("see what there is with `%s`", h.cluster.Helm("history %s --namespace %s", h.options.Release.Name, h.namespace)),
		"going back to revision %d of release %s/%s on cluster %q: Helm does not have it any more", revision, h.namespace, h.options.Release.Name, h.cluster.Name)
}

// goodBefore returns the newest revision older than one that was deployed well; zero when there is none. A
// failed one is nothing to go back to.
func (h *records) goodBefore(name string, revision int) (int, error) {
	history, err := h.history(name)
	if err != nil {
		return 0, err
	}
	for _, r := range slices.Backward(history) {
		if r.Version < revision && (r.Info.Status == release.StatusDeployed || r.Info.Status == release.StatusSuperseded) {
			return r.Version, nil
		}
	}
	return 0, nil
}

// usable refuses a release that Helm would refuse, or that is not there when it must be.
func (h *records) usable(name string) error {
	last, err := h.last(name)
	if err != nil {
		return err
	}
	switch {
	case last == nil && !h.options.Install:
		return fault.New(fault.Refused, fmt.Sprintf("check --namespace, --context and the release's name: `%s` shows what is installed; what never was is installed with `helm install`", h.cluster.Helm("list --all-namespaces")),
			"upgrading release %s/%s on cluster %q: there is no such release", h.namespace, name, h.cluster.Name)
	case last != nil && last.Info.Status.IsPending():
		// Helm's maintainers hold that such a state can't be trusted (helm/helm#7653): a person decides.
		return fault.New(fault.Refused,
			"wait if somebody is upgrading it; if not, `palette-ecr run --recover` goes on, and `palette-ecr rollback` goes back: both repair it where nothing shows that somebody is at work",
			"upgrading release %s/%s on cluster %q: revision %d is %s since %s: another helm is at work, or one was killed",
			h.namespace, name, h.cluster.Name, last.Version, last.Info.Status, last.Info.LastDeployed.UTC().Format(time.RFC3339))
	case last != nil && last.Info.Status == release.StatusUninstalling:
		return fault.New(fault.Refused, "wait until it is uninstalled", "upgrading release %s/%s on cluster %q: it is being uninstalled", h.namespace, name, h.cluster.Name)
	}
	return nil
}
