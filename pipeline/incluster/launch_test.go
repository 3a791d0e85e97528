package incluster

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const namespace = "mural-system"

// hub is a cluster with hue, in which Jobs end as soon as they are looked at, each shard with what it says.
func hub(t *testing.T, says func(shard int) Outcome, more ...client.Object) *cluster.Cluster {
	t.Helper()
	objects := append(more, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hue"}}, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
	c := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).
		WithIndex(&corev1.Event{}, "involvedObject.name", func(o client.Object) []string { return []string{o.(*corev1.Event).InvolvedObject.Name} }).
		WithInterceptorFuncs(interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
				err := c.Get(ctx, key, o, options...)
				if job, ok := o.(*batchv1.Job); ok && err == nil && says != nil {
					job.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
				}
				return err
			},
			List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
				pods, ok := list.(*corev1.PodList)
				if !ok || says == nil {
					return c.List(ctx, list, options...)
				}
				var jobs batchv1.JobList
				if err := c.List(ctx, &jobs); err != nil {
					return err
				}
				for i := range int(*jobs.Items[0].Spec.Completions) {
					pod := ended(i, 0, corev1.PodSucceeded, said(t, says(i)))
					pod.Status.Phase = corev1.PodPending // its log is not read
					pods.Items = append(pods.Items, pod)
				}
				return nil
			},
		}).Build()
	return &cluster.Cluster{Name: "hub", Client: c}
}

func launcher(c *cluster.Cluster, shards int) Launcher {
	return Launcher{Cluster: c, Namespace: namespace, Options: Options{Image: "palette-ecr:v1", Shards: shards}, Timeout: time.Minute, Progress: progress.Discard}
}

// TestTotalsOfShards: three shards need one blob and one part of an index alike, and one was killed before it said what it had
// sent. The totals are what the last pod has read, and what the destination has now that it had not before.
func TestTotalsOfShards(t *testing.T) {
	t.Parallel()
	proof := report.Proof{Name: report.ProofClosure, Verdict: report.Held}
	work := 0
	c := hub(t, func(int) Outcome {
		if work++; work > 3 {
			return Outcome{Counts: map[string]int64{"tags": 12, "manifests": 13, "blobs": 25}, Proof: &proof}
		}
		return Outcome{Counts: map[string]int64{"tags": 4, "manifests": 5, "manifests copied": 3, "blobs": 9, "blobs copied": 9}}
	})
	l := launcher(c, 3)
	asked := 0
	l.Held = func(context.Context) (map[string]bool, bool) {
		asked++
		held := map[string]bool{"r@old": true}
		for i := range 13 * (asked - 1) {
			held["r@"+string(rune('a'+i))] = true
		}
		return held, true
	}
	got, err := l.CopyProven(t.Context(), Order{})
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"tags": 12, "manifests": 13, "manifests copied": 13, "blobs": 25, "blobs copied": 25}, got.Counts)
	assert.Equal(t, "3 shards: 12 tags, 13 manifests and 25 blobs: 13 manifests and 25 blobs copied", got.Summary)
}

// TestServiceAccountThatIsNotThere is wrong use, before any Job is made.
func TestServiceAccountThatIsNotThere(t *testing.T) {
	t.Parallel()
	c := hub(t, nil)
	l := launcher(c, 1)
	l.Options.ServiceAccount = "nobody"
	_, err := l.CopyProven(t.Context(), Order{})
	require.ErrorContains(t, err, "there is no ServiceAccount mural-system/nobody")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "get serviceaccounts")
	var jobs batchv1.JobList
	require.NoError(t, c.Client.List(t.Context(), &jobs))
	assert.Empty(t, jobs.Items)
}

// TestJobThatCanMakeNoPod: what is in the way is said at once, and again when the time is over.
func TestJobThatCanMakeNoPod(t *testing.T) {
	t.Parallel()
	c := hub(t, nil, &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "e"}, InvolvedObject: corev1.ObjectReference{Kind: "Job", Name: "palette-ecr-copy-x"},
		Reason: "FailedCreate", Message: "exceeded quota: pods",
	})
	made := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "palette-ecr-copy-x"}}
	require.NoError(t, c.Client.Create(t.Context(), made))
	l := launcher(c, 1)
	l.Timeout = time.Nanosecond
	_, err := l.follow(t.Context(), made, Order{})
	require.ErrorContains(t, err, "exceeded quota: pods")
}
