package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// rolloutPoll is how often a Deployment is looked at while it rolls out: one GET and one LIST of pods.
const rolloutPoll = time.Second

// awaitRollout waits until only new pods of a Deployment run. What can't get better by waiting ends it.
func awaitRollout(ctx context.Context, c *cluster.Cluster, key client.ObjectKey, o Options) error {
	seen := "nothing yet"
	err := wait.PollUntilContextTimeout(ctx, o.every(rolloutPoll), o.Timeout, true, func(ctx context.Context) (bool, error) {
		var d appsv1.Deployment
		err := c.Client.Get(ctx, key, &d)
		if transient.Error(err) {
			seen = fmt.Sprintf("the API server doesn't answer: %s", err)
			return false, nil
		}
		if err != nil {
			return false, fmt.Errorf("reading Deployment %s on cluster %q: %w", key, c.Name, err)
		}
		running, err := pods(ctx, c, &d)
		if transient.Error(err) {
			seen = fmt.Sprintf("the API server doesn't answer: %s", err)
			return false, nil
		}
		if err != nil {
			return false, err
		}
		done, state, terminal := rollout(&d, running)
		seen = state
		if terminal {
			return false, stuck(c, key, state)
		}
		return done, nil
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return stuck(c, key, fmt.Sprintf("after %s: %s", o.Timeout, seen))
	}
	return err
}

func stuck(c *cluster.Cluster, key client.ObjectKey, state string) error {
	return fault.New(fault.Failed, fmt.Sprintf("look with `%s` and `%s`",
		c.Kubectl("--namespace %s describe deployment/%s", key.Namespace, key.Name), c.Kubectl("--namespace %s logs deployment/%s", key.Namespace, key.Name)),
		"waiting for the rollout of Deployment %s on cluster %q: %s", key, c.Name, state)
}

// rollout judges a Deployment as `kubectl rollout status` does, generation first, and adds what a
// pod itself says. terminal means that waiting longer is of no use.
func rollout(d *appsv1.Deployment, running []corev1.Pod) (done bool, state string, terminal bool) {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	s := d.Status
	if s.ObservedGeneration < d.Generation {
		return false, "the change is not seen by the cluster yet", false
	}
	for _, condition := range s.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.Reason == "ProgressDeadlineExceeded" {
			return false, reasonOr(condition.Message, running), true
		}
	}
	if s.UpdatedReplicas >= wanted && s.Replicas == s.UpdatedReplicas && s.AvailableReplicas >= wanted && s.UnavailableReplicas == 0 {
		return true, "complete", false
	}
	for _, pod := range running {
		if message, hopeless := cluster.Waiting(pod); hopeless {
			return false, message, true
		}
	}
	state = fmt.Sprintf("%d of %d pods updated, %d available", s.UpdatedReplicas, wanted, s.AvailableReplicas)
	for _, condition := range s.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			state += ": " + condition.Message
		}
	}
	return false, reasonOr(state, running), false
}

// reasonOr adds what the first pod that does not run says.
func reasonOr(state string, running []corev1.Pod) string {
	for _, pod := range running {
		if message, _ := cluster.Waiting(pod); message != "" {
			return state + "; " + message
		}
	}
	return state
}

// explain adds to an upgrade's error what the pods of the release's namespace say: Helm's own "timed out
// waiting for the condition" says nothing.
func (h *helm) explain(ctx context.Context, c *cluster.Cluster, err error) error {
	if fault.CodeOf(err) == fault.Refused {
		return err // nothing was changed
	}
	var list corev1.PodList
	// With a fresh context: the wait may have ended because its own was over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if c.Client == nil || c.Client.List(ctx, &list, client.InNamespace(h.namespace)) != nil {
		return err
	}
	for _, pod := range list.Items {
		// What was broken before explains nothing.
		if message, _ := cluster.Waiting(pod); message != "" && !h.acceptedPod(pod) {
			return fault.New(fault.CodeOf(err), fault.RemedyOf(err), "%w: %s", err, message)
		}
	}
	return err
}

// acceptedPod reports whether a pod, or the Deployment, StatefulSet or DaemonSet that it is of, was broken before.
func (h *helm) acceptedPod(pod corev1.Pod) bool {
	owner := metav1.GetControllerOf(&pod)
	switch {
	case owner == nil:
		return h.options.Accepted("Pod", pod.Namespace, pod.Name)
	case owner.Kind == "ReplicaSet":
		return h.options.Accepted("Deployment", pod.Namespace, strings.TrimSuffix(owner.Name, "-"+pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]))
	}
	return h.options.Accepted(owner.Kind, pod.Namespace, owner.Name)
}
