package deploy

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

func TestRollout(t *testing.T) {
	held := func(reason string, restarts int32) []corev1.Pod {
		return []corev1.Pod{{ObjectMeta: metav1.ObjectMeta{Name: "hue-1"}, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "manager", RestartCount: restarts, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "says so"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}},
		}}}}}
	}
	complete := appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}
	tests := map[string]struct {
		status   appsv1.DeploymentStatus
		pods     []corev1.Pod
		done     bool
		terminal bool
		state    string
	}{
		"complete":               {complete, nil, true, false, "complete"},
		"not observed":           {appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}, nil, false, false, "not seen"},
		"old pod remains":        {appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 2}, nil, false, false, "1 of 1 pods updated"},
		"not available":          {appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, UnavailableReplicas: 1}, nil, false, false, "0 available"},
		"deadline":               {appsv1.DeploymentStatus{ObservedGeneration: 2, Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Reason: "ProgressDeadlineExceeded", Message: "timed out progressing"}}}, held("CrashLoopBackOff", 9), false, true, "timed out progressing; pod hue-1"},
		"crashed once":           {appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1}, held("CrashLoopBackOff", 1), false, false, "exit code 2"},
		"crashes again":          {appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1}, held("CrashLoopBackOff", 2), false, true, "CrashLoopBackOff: says so (it ended with exit code 2, Error)"},
		"no image":               {appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1}, held("ImagePullBackOff", 0), false, true, "ImagePullBackOff"},
		"creating":               {appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1}, held("ContainerCreating", 0), false, false, "0 available"},
		"refused by a webhook":   {appsv1.DeploymentStatus{ObservedGeneration: 2, Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "admission webhook denied"}}}, nil, false, false, "admission webhook denied"},
		"crashing but available": {complete, held("CrashLoopBackOff", 9), true, false, "complete"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			done, state, terminal := rollout(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Generation: 2}, Status: test.status}, test.pods)
			assert.Equal(t, test.done, done)
			assert.Equal(t, test.terminal, terminal)
			assert.Contains(t, state, test.state)
		})
	}
}

func TestLacksRole(t *testing.T) {
	now := time.Now()
	account := func(role string) corev1.ServiceAccount {
		changed := metav1.NewTime(now)
		return corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{mural.RoleAnnotation: role}, ManagedFields: []metav1.ManagedFieldsEntry{{Time: &changed}}}}
	}
	pod := func(created time.Time, role string) corev1.Pod {
		return corev1.Pod{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(created)}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Env: []corev1.EnvVar{{Name: roleVariable, Value: role}}}}}}
	}
	before, after := now.Add(-time.Minute), now.Add(time.Minute)
	assert.True(t, lacksRole(pod(before, ""), account("arn")))
	assert.True(t, lacksRole(pod(before, "arn"), account("")), "a role that was taken away")
	assert.False(t, lacksRole(pod(before, "arn"), account("arn")))
	assert.False(t, lacksRole(pod(after, ""), account("arn")), "there is no webhook: another restart is of no use")
	assert.False(t, lacksRole(corev1.Pod{}, corev1.ServiceAccount{}))
}

// TestAnAPIServerThatRestartsEndsNoWait: it said nothing about the Deployment.
func TestAnAPIServerThatRestartsEndsNoWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	w.options.poll, w.options.Timeout = time.Microsecond, time.Minute
	answers := []error{apierrors.NewServiceUnavailable("restarting"), syscall.ECONNREFUSED, nil}
	w.cluster.Client = interceptor.NewClient(w.cluster.Client, interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		if answer != nil {
			return answer
		}
		return c.Get(ctx, key, o, opts...)
	}})
	require.NoError(t, awaitRollout(t.Context(), w.cluster, client.ObjectKey{Namespace: namespace, Name: "hue"}, w.options))
	answers = []error{apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, "hue", nil)}
	require.ErrorContains(t, awaitRollout(t.Context(), w.cluster, client.ObjectKey{Namespace: namespace, Name: "hue"}, w.options), "forbidden")
}

// TestWhatWasBrokenBeforeIsNotWaitedFor: hue was down before, and that was accepted by name.
func TestWhatWasBrokenBeforeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	var hue appsv1.Deployment
	key := client.ObjectKey{Namespace: namespace, Name: "hue"}
	require.NoError(t, w.cluster.Client.Get(t.Context(), key, &hue))
	hue.Status = appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, UnavailableReplicas: 1}
	require.NoError(t, w.cluster.Client.Status().Update(t.Context(), &hue))
	w.options.poll, w.options.Timeout = time.Microsecond, time.Millisecond
	_, err := w.run(t, toECR)
	require.ErrorContains(t, err, "waiting for the rollout of Deployment mural-system/hue")

	w.options.Accepted = func(kind, in, name string) bool { return kind == "Deployment" && in == namespace && name == "hue" }
	w.age(t)
	w.options.Chart = muralChart("1.0.7")
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.Contains(t, result.Restarted, "hue")
}

func TestUndoHasTimeOfItsOwn(t *testing.T) {
	t.Parallel()
	assert.Equal(t, 5*time.Minute, Options{Timeout: time.Second}.undoing().Timeout)
	assert.Equal(t, 5*time.Minute, Options{Timeout: -time.Second}.undoing().Timeout)
	assert.Equal(t, time.Hour, Options{Timeout: time.Hour}.undoing().Timeout)
}
