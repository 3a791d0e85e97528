package deploy

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/release"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Undo takes the release back to an earlier revision, restarts what reads its identity at start, and waits
// until only pods with the old settings run; with Flux it applies o.HelmRelease, which must then be the old
// manifest. CRDs stay as they are: deleting or downgrading them could take objects with them. That workloads
// read from the old registry again is for the caller to wait for (validate.Returned). It has a time limit of its own:
// a short o.Timeout, with which the deployment may have failed, is not enough to take it back.
func Undo(ctx context.Context, c *cluster.Cluster, o Options, revision int) error {
	o = o.undoing()
	if o.Release.ManagedBy == target.Flux {
		_, err := runFlux(ctx, c, o)
		return err
	}
	h, err := newHelm(c, o)
	if err != nil {
		return err
	}
	return undo(ctx, c, h, o, revision)
}

// leastUndo is how long each wait of an undo may take at least, and each wait of a deployment when nothing is said.
const leastUndo = 5 * time.Minute

func (o Options) undoing() Options {
	o.Timeout = max(o.Timeout, leastUndo)
	o.AllowDowngrade = true // what was live before may be older
	o.complete()
	return o
}

// Check finds out, without a write, whether the release can be changed as o says.
func Check(ctx context.Context, c *cluster.Cluster, o Options) error {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return err
	}
	if o.Release.ManagedBy == target.Flux {
		_, _, err := fluxRelease(ctx, c, o)
		return err
	}
	return h.usable(o.Release.Name)
}

func undo(ctx context.Context, c *cluster.Cluster, h *helm, o Options, revision int) error {
	if err := h.usable(o.Release.Name); err != nil {
		return err
	}
	history, err := h.history(o.Release.Name)
	if err != nil {
		return err
	}
	wanted, err := h.find(history, revision)
	if err != nil {
		return err
	}
	if !isThere(history[len(history)-1], wanted) {
		if err := h.rollback(ctx, wanted); err != nil {
			return h.explain(ctx, c, err)
		}
	}
	return finish(ctx, c, h, o, &Result{})
}

// isThere reports whether the newest revision is deployed and makes what the wanted one made.
func isThere(newest, wanted *release.Release) bool {
	return newest.Info.Status == release.StatusDeployed && newest.Manifest == wanted.Manifest && equalValues(newest.Config, wanted.Config)
}

func equalValues(a, b map[string]any) bool {
	left, err := chart.Normal(a)
	if err != nil {
		return false
	}
	right, err := chart.Normal(b)
	return err == nil && reflect.DeepEqual(left, right)
}

// rollback does `helm rollback --wait`. Helm's takes no context: when ours ends, it goes on for as long as
// this process lives.
func (h *helm) rollback(ctx context.Context, to *release.Release) error {
	if err := h.options.Lock(ctx); err != nil {
		return err
	}
	h.options.Progress.Say("rolling release %s back to revision %d", to.Name, to.Version)
	rollback := action.NewRollback(h.config)
	rollback.Version = to.Version
	rollback.Wait = true
	rollback.Timeout = h.options.Timeout
	rollback.MaxHistory = maxHistory
	done := make(chan error, 1)
	go func() { done <- rollback.Run(to.Name) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		err = masked(err, to.Config)
		h.settle(to.Name, to.Version, err)
		return fault.New(fault.Failed, fmt.Sprintf("correct what the message says, then run `%s`", h.cluster.Helm("rollback %s %d --namespace %s", to.Name, to.Version, h.namespace)),
			"rolling release %s/%s on cluster %q back to revision %d: %w", h.namespace, to.Name, h.cluster.Name, to.Version, err)
	}
	return nil
}
