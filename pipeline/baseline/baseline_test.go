package baseline_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/baseline"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const namespace = "mural-system"

var now = time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)

func source(name string, suspended bool, conditions ...metav1.Condition) *sourcev1.OCIRepository {
	return &sourcev1.OCIRepository{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name, Generation: 2},
		Spec: sourcev1.OCIRepositorySpec{Suspend: suspended}, Status: sourcev1.OCIRepositoryStatus{Conditions: conditions}}
}

func ready(status metav1.ConditionStatus, generation int64) metav1.Condition {
	return metav1.Condition{Type: meta.ReadyCondition, Status: status, Reason: "OCIArtifactPullFailed", Message: "MANIFEST_UNKNOWN", ObservedGeneration: generation}
}

func deployment(name string, available int32) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}},
		Status: appsv1.DeploymentStatus{AvailableReplicas: available, UpdatedReplicas: 1}}
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name + "-1", Labels: map[string]string{"app": name}, OwnerReferences: []metav1.OwnerReference{{Controller: new(true)}}},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off"}}}}}}
}

func hub(objects ...client.Object) *cluster.Cluster {
	return &cluster.Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).Build()}
}

func take(t *testing.T, c *cluster.Cluster) baseline.Snapshot {
	t.Helper()
	s, err := baseline.Take(t.Context(), c, namespace, now)
	require.NoError(t, err)
	return s
}

func broken() *cluster.Cluster {
	return hub(source("fine", false, ready(metav1.ConditionTrue, 2)), source("suspended", true, ready(metav1.ConditionTrue, 2)),
		source("failing", false, ready(metav1.ConditionFalse, 2)), source("new", false), source("changed", false, ready(metav1.ConditionTrue, 1)),
		deployment("hue", 1), deployment("dex", 0), pod("dex"),
		&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "zot"}, Status: appsv1.StatefulSetStatus{AvailableReplicas: 1}})
}

func TestTakeNamesWhatIsBrokenAndWhy(t *testing.T) {
	t.Parallel()
	s := take(t, broken())
	assert.Equal(t, 8, s.Looked)
	assert.Equal(t, []string{
		"hub/Deployment/mural-system/dex: 0 of 1 replicas are available; pod dex-1, container main: CrashLoopBackOff: back-off",
		"hub/OCIRepository/team/changed: its change has not been reconciled yet",
		"hub/OCIRepository/team/failing: OCIArtifactPullFailed: MANIFEST_UNKNOWN",
		"hub/OCIRepository/team/new: it has not been reconciled yet",
		"hub/OCIRepository/team/suspended: it is suspended",
		"hub/StatefulSet/mural-system/zot: it is rolling out",
	}, names(s))
	data, err := json.Marshal(s)
	require.NoError(t, err)
	var again baseline.Snapshot
	require.NoError(t, json.Unmarshal(data, &again))
	assert.Equal(t, names(s), names(again), "it goes through the journal")
}

// TestACanaryIsNobodysWorkload: one that a killed run has left fails once the cluster is back on Zot, and stood in the way
// of every run and rollback after it.
func TestACanaryIsNobodysWorkload(t *testing.T) {
	t.Parallel()
	canary := source("palette-ecr-canary-2", false, ready(metav1.ConditionFalse, 2))
	canary.Labels = map[string]string{"app.kubernetes.io/managed-by": "palette-ecr"}
	s := take(t, hub(canary, source("fine", false, ready(metav1.ConditionTrue, 2))))
	assert.Equal(t, 1, s.Looked)
	assert.Empty(t, s.Broken)
}

func TestWorseIsOnlyWhatWasHealthy(t *testing.T) {
	t.Parallel()
	before := take(t, broken())
	assert.Empty(t, baseline.Worse(before, before))
	after := take(t, hub(source("failing", false, ready(metav1.ConditionUnknown, 2)), source("fine", false, ready(metav1.ConditionFalse, 2)), deployment("hue", 0), deployment("dex", 0)))
	var worse []string
	for _, i := range baseline.Worse(before, after) {
		worse = append(worse, i.Name)
	}
	assert.Equal(t, []string{"hue", "fine"}, worse)
}

func TestAccept(t *testing.T) {
	t.Parallel()
	s := take(t, broken())
	j, err := s.Accept(nil, anywhere)
	require.NoError(t, err)
	require.Len(t, j.Tolerated, 1)
	assert.Equal(t, "dex", j.Tolerated[0].Name)
	err = j.Err()
	require.ErrorContains(t, err, "hub/OCIRepository/team/suspended (it is suspended)")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "--accept-broken hub/OCIRepository/team/changed")

	j, err = s.Accept([]string{"changed", "team/failing", "ocirepository/team/new", "hub/OCIRepository/team/suspended", "zot"}, anywhere)
	require.NoError(t, err)
	require.NoError(t, j.Err())
	accepted := j.Broken("hub")
	assert.True(t, accepted("Deployment", namespace, "dex"))
	assert.True(t, accepted("StatefulSet", namespace, "zot"))
	assert.False(t, accepted("Deployment", namespace, "hue"), "it was healthy")
	assert.False(t, j.Broken("edge")("Deployment", namespace, "dex"), "another cluster's")

	_, err = s.Accept([]string{"other/failing"}, anywhere)
	require.ErrorContains(t, err, `accepting "other/failing" as broken: nothing of that name is`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	_, err = baseline.Snapshot{}.Accept([]string{"hue"}, anywhere)
	assert.Contains(t, fault.RemedyOf(err), "nothing is broken")
}

func anywhere(string) bool { return true }

// TestAnOCIRepositoryOfAnotherRegistryHidesNothing: what somebody reads from elsewhere is not what the cutover moves.
func TestAnOCIRepositoryOfAnotherRegistryHidesNothing(t *testing.T) {
	t.Parallel()
	elsewhere := source("elsewhere", false, ready(metav1.ConditionFalse, 2))
	elsewhere.Spec.URL = "oci://ghcr.io/team/app"
	here := source("here", true)
	here.Spec.URL = "oci://zot:5000/mural-workloads"
	j, err := take(t, hub(elsewhere, here)).Accept(nil, func(url string) bool { return url == here.Spec.URL })
	require.NoError(t, err)
	require.Len(t, j.Tolerated, 1)
	assert.Equal(t, "elsewhere", j.Tolerated[0].Name)
	require.Len(t, j.Refused, 1)
	assert.Equal(t, "here", j.Refused[0].Name)
}

func TestWhatMayPass(t *testing.T) {
	t.Parallel()
	assert.True(t, take(t, hub(source("new", false))).Passing())
	assert.True(t, take(t, hub(deployment("hue", 0))).Passing(), "no pod says why")
	steady := take(t, hub(source("suspended", true), source("failing", false, ready(metav1.ConditionFalse, 2)), deployment("dex", 0), pod("dex")))
	assert.False(t, steady.Passing())
	require.Len(t, steady.Suspended().Broken, 1)
	assert.Equal(t, "suspended", steady.Suspended().Broken[0].Name)
	assert.Len(t, baseline.Join(steady, steady).Broken, 3, "each object once")
}

func TestWhatMayNotBeSeenIsNamed(t *testing.T) {
	t.Parallel()
	c := hub(deployment("dex", 0))
	watch := c.Client
	c.Client = interceptor.NewClient(watch, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		switch list.(type) {
		case *appsv1.StatefulSetList, *sourcev1.OCIRepositoryList:
			return apierrors.NewForbidden(schema.GroupResource{}, "", nil)
		}
		return c.List(ctx, list, opts...)
	}})
	s := take(t, c)
	assert.Equal(t, []string{`list ocirepositories.source.toolkit.fluxcd.io in all namespaces on cluster "hub"`, `list statefulsets.apps in namespace mural-system on cluster "hub"`}, s.Unseen)
	assert.Len(t, s.Broken, 1)
	joined := baseline.Join(s, take(t, broken()))
	assert.Len(t, joined.Broken, 6, "dex once")
	assert.Equal(t, now, joined.TakenAt)
}

func names(s baseline.Snapshot) (all []string) {
	for _, i := range s.Broken {
		all = append(all, i.String()+": "+i.Cause)
	}
	return all
}
