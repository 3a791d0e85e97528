package pipeline

import (
	"context"
	"errors"
	"testing"

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

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
)

// edge is a spoke with a source-controller, whose pods are replaced when it is restarted: with the role that its
// ServiceAccount has then, if the cluster has the webhook.
func edge(t *testing.T, name string, webhook bool, roleNow string, objects ...client.Object) (*cluster.Cluster, *int) {
	t.Helper()
	labels := map[string]string{"app": "source-controller"}
	at := metav1.ObjectMeta{Namespace: "flux-system", Name: "source-controller"}
	pod := func(role string) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "sc-1", Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "manager"}}}}
		if role != "" {
			p.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "AWS_ROLE_ARN", Value: role}}
		}
		return p
	}
	account := &corev1.ServiceAccount{ObjectMeta: at}
	if roleNow != "" {
		account.Annotations = map[string]string{"eks.amazonaws.com/role-arn": roleNow}
	}
	objects = append(objects, account, pod(roleNow), &appsv1.Deployment{
		ObjectMeta: at,
		Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{ServiceAccountName: "source-controller"}}},
		Status:     appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1},
	})
	writes := new(int)
	c := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).
		WithStatusSubresource(&sourcev1.OCIRepository{}).
		WithIndex(&appsv1.Deployment{}, "metadata.name", func(o client.Object) []string { return []string{o.GetName()} }).
		WithInterceptorFuncs(interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, options ...client.PatchOption) error {
				*writes++
				if err := c.Patch(ctx, o, p, options...); err != nil {
					return err
				}
				switch o := o.(type) {
				case *appsv1.Deployment:
					var now corev1.ServiceAccount
					if err := c.Get(ctx, client.ObjectKeyFromObject(account), &now); err != nil || !webhook {
						return err
					}
					if err := c.Delete(ctx, pod("")); err != nil {
						return err
					}
					return c.Create(ctx, pod(now.Annotations["eks.amazonaws.com/role-arn"]))
				case *sourcev1.OCIRepository:
					o.Status.LastHandledReconcileAt = o.Annotations[meta.ReconcileRequestAnnotation]
					return c.Status().Update(ctx, o)
				}
				return nil
			},
		}).Build()
	return &cluster.Cluster{Name: name, Context: "prod-" + name, Host: "https://" + name, Client: c}, writes
}

// Seen: nobody annotated or restarted a spoke's source-controller; it was found after the switch.
func TestAnUnpreparedSpokeIsFoundBeforeTheSwitch(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	ready, _ := edge(t, "edge-1", true, role)
	bare, writes := edge(t, "edge-2", true, "")
	other, _ := edge(t, "edge-3", true, role+"-old")
	s.Spokes = []*cluster.Cluster{ready, bare, other}
	err := checkSpokes(t.Context(), s.World, s.State)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	require.ErrorContains(t, err, "on edge-2: give ServiceAccount flux-system/source-controller role "+role)
	require.ErrorContains(t, err, "on edge-3: give ServiceAccount flux-system/source-controller role "+role+" instead of "+role+"-old")
	assert.NotContains(t, err.Error(), "edge-1")
	remedy := fault.RemedyOf(err)
	assert.Contains(t, remedy, "--prepare-spokes")
	assert.Contains(t, remedy, "`kubectl --context prod-edge-2 --namespace flux-system annotate serviceaccount source-controller eks.amazonaws.com/role-arn="+role+" --overwrite`")
	assert.Contains(t, remedy, "`kubectl --context prod-edge-3 --namespace flux-system rollout restart deployment/source-controller`")
	assert.Zero(t, *writes)

	s.Spokes = []*cluster.Cluster{ready}
	require.NoError(t, checkSpokes(t.Context(), s.World, s.State))
	s.Spokes = []*cluster.Cluster{bare}
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	require.NoError(t, checkSpokes(t.Context(), s.World, s.State), "after the switch the proofs say what is wrong")
}

// TestASpokeThatMayNotBeLookedAt is not taken for one that is unprepared: the probe says more.
func TestASpokeThatMayNotBeLookedAt(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	blind, _ := edge(t, "edge-1", true, "")
	refuse := func(err error) {
		blind.Client = interceptor.NewClient(blind.Client, interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error { return err }})
	}
	s.Spokes = []*cluster.Cluster{blind}
	refuse(apierrors.NewForbidden(schema.GroupResource{Group: "apps", Resource: "deployments"}, "", errors.New("no")))
	require.NoError(t, checkSpokes(t.Context(), s.World, s.State))
	refuse(errors.New("connection refused"))
	require.ErrorContains(t, checkSpokes(t.Context(), s.World, s.State), `listing Deployments on cluster "edge-1"`)
}

func TestPrepareSpokes(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	locked := 0
	s.Lock = func(context.Context) error { locked++; return nil }
	ready, untouched := edge(t, "edge-1", true, role)
	bare, writes := edge(t, "edge-2", true, "")
	s.Spokes = []*cluster.Cluster{ready, bare}
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true) // no probe
	require.NoError(t, readySpokes(t.Context(), s.World, s.State, false))
	assert.Zero(t, *writes, "nobody asked for it")
	require.NoError(t, readySpokes(t.Context(), s.World, s.State, true))
	assert.Equal(t, 2, *writes, "the annotation, and the restart")
	assert.Zero(t, *untouched)
	require.NoError(t, readySpokes(t.Context(), s.World, s.State, true))
	assert.Equal(t, 2, *writes, "the second time there is nothing to do")
	assert.Equal(t, 1, locked, "and no Lease is taken for it")

	without, _ := edge(t, "edge-3", false, "")
	s.Spokes = []*cluster.Cluster{without}
	err := readySpokes(t.Context(), s.World, s.State, true)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	require.ErrorContains(t, err, `preparing spoke "edge-3"`)
	assert.Contains(t, fault.RemedyOf(err), "pod identity webhook")
}

// TestAnAssociationTakesAWhile: pods that come before it counts have no identity; they are restarted again, and not for
// ever.
func TestAnAssociationTakesAWhile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		late int // restarts that come too early
		due  bool
	}{{0, false}, {2, false}, {associationRestarts, true}} {
		s := onZot(t, nil)
		spoke, _ := edge(t, "edge-1", true, "")
		restarts := 0
		spoke.Client = interceptor.NewClient(spoke.Client, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, options ...client.PatchOption) error {
			err := c.Patch(ctx, o, p, options...)
			if _, ok := o.(*appsv1.Deployment); !ok || err != nil {
				return err
			}
			if restarts++; restarts <= test.late {
				var pod corev1.Pod
				if err := c.Get(ctx, client.ObjectKey{Namespace: "flux-system", Name: "sc-1"}, &pod); err != nil {
					return err
				}
				pod.Spec.Containers[0].Env = nil
				return c.Update(ctx, &pod)
			}
			return nil
		}})
		left, err := prepare(t.Context(), s.World, spoke, fleet.Preparation{Associate: true})
		require.NoError(t, err)
		assert.Equal(t, test.due, left.Due(), "%d too early", test.late)
		assert.Equal(t, min(test.late+1, associationRestarts), restarts)
	}
}

// Seen: a dead spoke blocked the rollback of all clusters, and what was left behind was forgotten.
func TestASpokeThatIsLeftBehindIsRemembered(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.withSpokes(map[string]string{"edge-1": "oci://10.0.0.7:30500", "edge-2": "oci://10.0.0.8:30500"})
	hub, _ := edge(t, "hub", true, role)
	s.Hub = hub
	s.Journal.Sources = map[string]string{"hub": zotURL, "edge-1": "oci://10.0.0.7:30500/mural-workloads", "edge-2": "oci://10.0.0.8:30500/mural-workloads"}
	near, _ := edge(t, "edge-1", true, role)
	s.Spokes = []*cluster.Cluster{near} // edge-2 is left behind
	require.True(t, s.Journal.Open)
	got, err := AwaitReturn(t.Context(), s.World, s.State, CaughtUp{})
	require.NoError(t, err)
	assert.Equal(t, "every workload reads from Zot, on hub, edge-1; edge-2 was left behind: `palette-ecr rollback --only-spoke edge-2`", got.Entry().Summary)
	assert.False(t, s.Journal.Open)
	assert.Equal(t, []string{"edge-2"}, s.Journal.Behind)

	got, err = AwaitReturn(t.Context(), s.World, s.State, CaughtUp{})
	require.NoError(t, err)
	assert.Contains(t, got.Entry().Skip, "edge-2 was left behind", "a second rollback without it says so still")
	others, err := othersThan(t.Context(), s.World, s.State, []string{"edge-2"})
	require.NoError(t, err)
	assert.Equal(t, []string{"edge-1"}, others)

	stuck := &sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "checkout", Generation: 1},
		Spec:       sourcev1.OCIRepositorySpec{URL: "oci://10.0.0.8:30500/mural-workloads"},
		Status: sourcev1.OCIRepositoryStatus{ObservedGeneration: 1, Artifact: &meta.Artifact{Revision: "v1@sha256:00"}, Conditions: []metav1.Condition{
			{Type: meta.ReadyCondition, Status: metav1.ConditionTrue, ObservedGeneration: 1, Reason: "Succeeded"},
		}},
	}
	far, asked := edge(t, "edge-2", true, role, stuck)
	s.Spokes = []*cluster.Cluster{far}
	elsewhere := journal.Leftover{Cluster: "edge-1", Namespace: "mural-system", Name: "canary"}
	s.Journal.Leftovers = []journal.Leftover{{Cluster: "edge-2", Namespace: "mural-system", Name: "canary"}, elsewhere}
	got, err = AwaitReturn(t.Context(), s.World, s.State, CaughtUp{})
	require.NoError(t, err)
	assert.Equal(t, "every workload reads from Zot, on edge-2", got.Entry().Summary)
	assert.Equal(t, 1, *asked, "it was asked to read again")
	assert.Empty(t, s.Journal.Behind)
	assert.Equal(t, []journal.Leftover{elsewhere}, s.Journal.Leftovers, "seen: its canary stayed, and read from ECR")
	got, err = AwaitReturn(t.Context(), s.World, s.State, CaughtUp{})
	require.NoError(t, err)
	assert.Equal(t, notOnECR, got.Entry().Skip)

	_, err = othersThan(t.Context(), s.World, s.State, []string{"edge-7"}) // seen: it did nothing, and ended well
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	require.ErrorContains(t, err, `no spoke is called "edge-7"`)

	s.Journal.Open = true
	_, err = othersThan(t.Context(), s.World, s.State, []string{"edge-2"})
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	require.ErrorContains(t, err, "the release itself is not back on Zot")
}
