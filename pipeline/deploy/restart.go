package deploy

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// restartedAt is the annotation that `kubectl rollout restart` sets on the pod template.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// restart makes new pods of every workload whose running ones were made before the newest change of what
// they read at start, and waits until only new ones run. It returns the names of those it restarted. What
// must restart is seen from the release's history and the pods, not from what this run did: so a run that
// was killed between the upgrade and the restart is made whole by the next.
func restart(ctx context.Context, c *cluster.Cluster, o Options, history []*release.Release) ([]string, error) {
	var restarted []string
	for _, w := range o.Restart {
		var d appsv1.Deployment
		err := c.Client.Get(ctx, client.ObjectKey{Namespace: o.Release.Namespace, Name: w.Name}, &d)
		if apierrors.IsNotFound(err) {
			o.Progress.Say("there is no Deployment %s/%s to restart", o.Release.Namespace, w.Name)
			continue
		}
		if err != nil {
			return restarted, fmt.Errorf("reading Deployment %s/%s on cluster %q: %w", o.Release.Namespace, w.Name, c.Name, err)
		}
		predates, err := predates(ctx, c, &d, w, history)
		if err != nil {
			return restarted, err
		}
		if !predates {
			continue
		}
		if err := o.Lock(ctx); err != nil {
			return restarted, err
		}
		o.Progress.Say("restarting %s: what it reads at start has changed", w.Name)
		patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{%q:%q}}}}}`, restartedAt, o.Now().UTC().Format(time.RFC3339))
		if err := c.Client.Patch(ctx, &d, client.RawPatch("application/merge-patch+json", patch)); err != nil {
			return restarted, fault.New(fault.Failed, fmt.Sprintf("make sure that you may patch Deployments in namespace %s, or run `%s`, then run again", o.Release.Namespace, c.Kubectl("--namespace %s rollout restart deployment/%s", o.Release.Namespace, w.Name)),
				"restarting Deployment %s/%s on cluster %q: %w", o.Release.Namespace, w.Name, c.Name, err)
		}
		restarted = append(restarted, w.Name)
	}
	for _, name := range restarted {
		if o.Accepted("Deployment", o.Release.Namespace, name) {
			o.Progress.Say("%s was broken before: nobody waits for it", name)
			continue
		}
		if err := awaitRollout(ctx, c, client.ObjectKey{Namespace: o.Release.Namespace, Name: name}, o); err != nil {
			return restarted, err
		}
	}
	return restarted, nil
}

// predates reports whether a running pod of the Deployment is older than the newest change of its inputs.
func predates(ctx context.Context, c *cluster.Cluster, d *appsv1.Deployment, w Workload, history []*release.Release) (bool, error) {
	running, err := pods(ctx, c, d)
	if err != nil || len(running) == 0 {
		return false, err
	}
	name := d.Spec.Template.Spec.ServiceAccountName
	var account corev1.ServiceAccount
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: d.Namespace, Name: name}, &account); client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading ServiceAccount %s/%s on cluster %q: %w", d.Namespace, name, c.Name, err)
	}
	changed := time.Time{}
	if revision := changedIn(history, name, w); revision != nil {
		if changed, err = storedAt(ctx, c, revision); err != nil {
			return false, err
		}
	}
	for _, pod := range running {
		if pod.CreationTimestamp.Time.Before(changed) || lacksRole(pod, account) {
			return true, nil
		}
	}
	return false, nil
}

// storedAt returns when a revision was made, by the API server's clock where Helm keeps its Secrets: pods'
// ages are those of that clock too. Helm's own time is that of the machine that ran it.
func storedAt(ctx context.Context, c *cluster.Cluster, revision *release.Release) (time.Time, error) {
	var secrets metav1.PartialObjectMetadataList
	secrets.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("SecretList"))
	err := c.Client.List(ctx, &secrets, client.InNamespace(revision.Namespace),
		client.MatchingLabels{"owner": "helm", "name": revision.Name, "version": strconv.Itoa(revision.Version)})
	if err != nil {
		return time.Time{}, fmt.Errorf("reading revision %d of release %s/%s on cluster %q: %w", revision.Version, revision.Namespace, revision.Name, c.Name, err)
	}
	if len(secrets.Items) > 0 {
		return secrets.Items[0].CreationTimestamp.Time, nil
	}
	return revision.Info.LastDeployed.Time, nil
}

// pods returns the Deployment's pods that are not on their way out.
func pods(ctx context.Context, c *cluster.Cluster, d *appsv1.Deployment) ([]corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("reading the selector of Deployment %s/%s on cluster %q: %w", d.Namespace, d.Name, c.Name, err)
	}
	var list corev1.PodList
	if err := c.Client.List(ctx, &list, client.InNamespace(d.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("listing the pods of Deployment %s/%s on cluster %q: %w", d.Namespace, d.Name, c.Name, err)
	}
	var running []corev1.Pod
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil && pod.Status.Phase != corev1.PodSucceeded && pod.Status.Phase != corev1.PodFailed {
			running = append(running, pod)
		}
	}
	return running, nil
}

// since returns when the oldest running pod of those that read the registry settings was made.
func since(ctx context.Context, c *cluster.Cluster, o Options) (time.Time, error) {
	oldest := o.Now()
	for _, w := range o.Restart {
		if !w.ReadsRegistry {
			continue
		}
		var d appsv1.Deployment
		if err := c.Client.Get(ctx, client.ObjectKey{Namespace: o.Release.Namespace, Name: w.Name}, &d); err != nil {
			if apierrors.IsNotFound(err) {
				continue
			}
			return oldest, fmt.Errorf("reading Deployment %s/%s on cluster %q: %w", o.Release.Namespace, w.Name, c.Name, err)
		}
		running, err := pods(ctx, c, &d)
		if err != nil {
			return oldest, err
		}
		for _, pod := range running {
			if pod.CreationTimestamp.Time.Before(oldest) {
				oldest = pod.CreationTimestamp.Time
			}
		}
	}
	return oldest, nil
}
