package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

const (
	fluxPoll = 2 * time.Second

	// failedEarly is what helm-controller says when it stops waiting because a pod was in CrashLoopBackOff at one moment
	// (kstatus counts it as failed; fluxcd/pkg/ssa, manager_wait.go). Helm itself goes on waiting.
	failedEarly = "stalled resources"
	// forceRequest makes Flux upgrade once more, and resetRequest forget how often it has failed:
	// https://fluxcd.io/flux/components/helm/helmreleases/#forcing-a-release
	forceRequest = meta.ForceRequestAnnotation
	resetRequest = "reconcile.fluxcd.io/resetAt"
)

// awaitFluxTwice waits as Helm would: where Flux gave up because a pod crashed at one moment, it is asked once more, and
// the pod has had the time that it may have needed.
func awaitFluxTwice(ctx context.Context, c *cluster.Cluster, live *unstructured.Unstructured, o Options) error {
	err := awaitFlux(ctx, c, live, o)
	if err == nil || ctx.Err() != nil || !gaveUp(live) || !strings.Contains(err.Error(), failedEarly) {
		return err
	}
	o.Progress.Say("Flux gave up early, because a pod crashed: asking it once more")
	if e := askAgain(ctx, c, live, o); e != nil {
		return errors.Join(err, e)
	}
	return awaitFlux(ctx, c, live, o)
}

// gaveUp reports whether Flux does nothing more for a HelmRelease as it is.
func gaveUp(live *unstructured.Unstructured) bool {
	_, _, terminal := released(live)
	return terminal
}

// askAgain asks Flux for another upgrade, as `flux reconcile helmrelease --force --reset` does.
func askAgain(ctx context.Context, c *cluster.Cluster, live *unstructured.Unstructured, o Options) error {
	if err := o.Lock(ctx); err != nil {
		return err
	}
	key, now := client.ObjectKeyFromObject(live), o.Now().Format(time.RFC3339Nano)
	// Not a patch: update is the right that changing its values takes already.
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := c.Client.Get(ctx, key, live); err != nil {
			return err
		}
		annotations := live.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		for _, request := range []string{meta.ReconcileRequestAnnotation, forceRequest, resetRequest} {
			annotations[request] = now
		}
		live.SetAnnotations(annotations)
		return c.Client.Update(ctx, live)
	})
	if err != nil {
		return fault.New(fault.Failed, fmt.Sprintf("ask it yourself with `%s`", c.Flux("reconcile helmrelease %s --namespace %s --force --reset", key.Name, key.Namespace)),
			"asking Flux to upgrade HelmRelease %s on cluster %q once more: %w", key, c.Name, err)
	}
	return nil
}

// awaitFlux waits until helm-controller is done with the newest generation, well or not.
func awaitFlux(ctx context.Context, c *cluster.Cluster, live *unstructured.Unstructured, o Options) error {
	key := client.ObjectKeyFromObject(live)
	seen := "it has not been looked at yet"
	err := wait.PollUntilContextTimeout(ctx, o.every(fluxPoll), o.Timeout, true, func(ctx context.Context) (bool, error) {
		err := c.Client.Get(ctx, key, live)
		if transient.Error(err) {
			seen = fmt.Sprintf("the API server doesn't answer: %s", err)
			return false, nil
		}
		if err != nil {
			return false, fluxFault(c, key, err)
		}
		done, state, terminal := released(live)
		seen = masked(errors.New(state), live.Object).Error()
		if terminal {
			return false, notReleased(c, key, seen)
		}
		return done, nil
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return notReleased(c, key, fmt.Sprintf("after %s: %s", o.Timeout, seen))
	}
	return err
}

// released judges a HelmRelease: generation first, then the conditions. Stalled says that Flux has given
// up, and Ready why. While somebody's request for another try is not handled, both are of the try before.
func released(live *unstructured.Unstructured) (done bool, state string, terminal bool) {
	state = "Flux has not handled the change yet"
	handled, _, _ := unstructured.NestedString(live.Object, "status", "lastHandledReconcileAt")
	if asked := live.GetAnnotations()[meta.ReconcileRequestAnnotation]; asked != "" && asked != handled {
		return false, state, false
	}
	if stalled := conditionOf(live, "Stalled"); stalled["status"] == "True" {
		state, terminal = fmt.Sprint(stalled["message"]), true
	}
	ready := conditionOf(live, "Ready")
	if ready == nil {
		return false, state, terminal
	}
	message := fmt.Sprint(ready["message"])
	observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
	if ready["status"] == "True" {
		return observed == live.GetGeneration() && !terminal, message, terminal
	}
	switch ready["reason"] {
	case "UpgradeFailed", "InstallFailed", "RollbackSucceeded", "UninstallSucceeded":
		terminal = true
	}
	return false, message, terminal
}

// conditionOf returns a condition as far as it is about the current generation.
func conditionOf(live *unstructured.Unstructured, kind string) map[string]any {
	conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
	for _, each := range conditions {
		condition, _ := each.(map[string]any)
		seen, _, _ := unstructured.NestedInt64(condition, "observedGeneration")
		if condition["type"] == kind && seen == live.GetGeneration() {
			return condition
		}
	}
	return nil
}

func notReleased(c *cluster.Cluster, key client.ObjectKey, state string) error {
	return fault.New(fault.Failed, fmt.Sprintf("look with `%s`", c.Kubectl("--namespace %s describe helmrelease/%s", key.Namespace, key.Name)),
		"waiting for HelmRelease %s on cluster %q: %s", key, c.Name, state)
}
