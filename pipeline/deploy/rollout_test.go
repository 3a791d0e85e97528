package deploy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		return corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{roleAnnotation: role}, ManagedFields: []metav1.ManagedFieldsEntry{{Time: &changed}}}}
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
