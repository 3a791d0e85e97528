package incluster

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// ended is a pod of a shard that has ended.
func ended(shard int, age time.Duration, phase corev1.PodPhase, said string) corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: "copy-" + strconv.Itoa(shard), CreationTimestamp: metav1.NewTime(time.Unix(1_000_000, 0).Add(-age)),
			Annotations: map[string]string{batchv1.JobCompletionIndexAnnotation: strconv.Itoa(shard)},
		},
		Status: corev1.PodStatus{Phase: phase, ContainerStatuses: []corev1.ContainerStatus{{
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "Error", Message: said}},
		}}},
	}
}

func said(t *testing.T, o Outcome) string {
	t.Helper()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	return string(text)
}

// TestCollect: of a shard whose first pod was killed, the one that did it counts.
func TestCollect(t *testing.T) {
	t.Parallel()
	f := &follower{Launcher: Launcher{Cluster: &cluster.Cluster{Name: "hub"}, Options: Options{Image: "example/palette-ecr:v1"}}, order: Order{Shards: 2}}
	three := said(t, Outcome{Counts: map[string]int64{"manifests copied": 3}})
	got, err := f.collect([]corev1.Pod{
		ended(0, 0, corev1.PodSucceeded, three),
		ended(1, time.Minute, corev1.PodFailed, ""), // killed
		ended(1, 0, corev1.PodSucceeded, three),
	})
	require.NoError(t, err)
	assert.EqualValues(t, 6, got.Counts["manifests copied"])
	assert.Equal(t, []string{"1 pod of part 2 said nothing when it was killed: of blobs and bytes at least what is counted was copied"}, got.Notes)

	told := failed(fault.New(interrupted, "", "told to end"))
	told.Counts = map[string]int64{"manifests copied": 2, "manifests": 5, "tags": 5}
	got, err = f.collect([]corev1.Pod{
		ended(0, 0, corev1.PodSucceeded, said(t, Outcome{Counts: map[string]int64{"manifests copied": 3, "manifests": 4, "blobs": 9, "tags": 2}})),
		ended(1, time.Minute, corev1.PodFailed, said(t, told)),
		ended(1, 0, corev1.PodSucceeded, said(t, Outcome{Counts: map[string]int64{"manifests copied": 3, "manifests": 5, "blobs": 9, "tags": 5}})),
	})
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"manifests copied": 8, "tags": 7}, got.Counts, "what a pod sent before it was told to end counts, and what may be several shards' counts not at all")
	assert.Empty(t, got.Notes)

	drained, evicted := ended(1, time.Minute, corev1.PodRunning, ""), ended(1, time.Minute, corev1.PodFailed, said(t, told))
	drained.Status.ContainerStatuses = nil
	f.ran = map[types.UID]corev1.Pod{"drained": drained, "evicted": evicted} // neither is there any more
	got, err = f.collect([]corev1.Pod{ended(0, 0, corev1.PodSucceeded, three), ended(1, 0, corev1.PodSucceeded, three)})
	require.NoError(t, err)
	assert.EqualValues(t, 8, got.Counts["manifests copied"], "what was last seen of a pod that was deleted")
	assert.Equal(t, []string{"1 pod of part 2 said nothing when it was killed: of blobs and bytes at least what is counted was copied"}, got.Notes)
	f.ran = nil

	_, err = f.collect([]corev1.Pod{ended(0, 0, corev1.PodSucceeded, three), ended(1, 0, corev1.PodFailed, "panic: oh")})
	require.ErrorContains(t, err, `copying inside cluster "hub"`)
	require.ErrorContains(t, err, "ended with exit code 137 (Error): panic: oh")
	assert.Equal(t, "check that example/palette-ecr:v1 is palette-ecr of this version, then run it again: what has arrived stays; or copy without --in-cluster", fault.RemedyOf(err), "the pod is gone by then")

	_, err = f.collect([]corev1.Pod{ended(0, 0, corev1.PodSucceeded, three)})
	require.ErrorContains(t, err, "shard 2: there is no pod of it")

	_, err = f.collect([]corev1.Pod{
		ended(0, 0, corev1.PodSucceeded, three),
		ended(1, 0, corev1.PodFailed, said(t, failed(fault.New(fault.Refused, "grant it", "not allowed")))),
	})
	require.ErrorContains(t, err, "not allowed")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Equal(t, "grant it", fault.RemedyOf(err))
}

// TestJobAsksForLittle: its pods have no right in the cluster and run as nobody; the role comes by a token of hue's account.
func TestJobAsksForLittle(t *testing.T) {
	t.Parallel()
	hue := corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		ServiceAccountName: "hue", NodeSelector: map[string]string{"pool": "inner"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "pull"}},
		Containers: []corev1.Container{{Env: []corev1.EnvVar{{Name: "HTTPS_PROXY", Value: "http://proxy:3128"}, {Name: "SECRET", Value: "x"}}}},
	}}
	j := job("mural-system", "arn:aws:iam::123456789012:role/palette-ecr", hue, Options{Image: "palette-ecr:v1", CA: []byte("PEM")}, Order{Shards: 4})
	pod := j.Spec.Template.Spec
	assert.EqualValues(t, 4, *j.Spec.Completions)
	assert.True(t, *j.Spec.Suspend)
	assert.False(t, *pod.AutomountServiceAccountToken)
	assert.True(t, *pod.SecurityContext.RunAsNonRoot)
	assert.True(t, *pod.Containers[0].SecurityContext.ReadOnlyRootFilesystem)
	assert.Equal(t, "hue", pod.ServiceAccountName)
	assert.Equal(t, hue.Spec.NodeSelector, pod.NodeSelector)
	assert.Equal(t, hue.Spec.ImagePullSecrets, pod.ImagePullSecrets)
	env := map[string]string{}
	for _, v := range pod.Containers[0].Env {
		env[v.Name] = v.Value
	}
	assert.Equal(t, "http://proxy:3128", env["HTTPS_PROXY"])
	assert.NotContains(t, env, "SECRET")
	assert.Equal(t, "arn:aws:iam::123456789012:role/palette-ecr", env["AWS_ROLE_ARN"])
	assert.Equal(t, tokenDirectory+"/token", env["AWS_WEB_IDENTITY_TOKEN_FILE"])
	assert.Equal(t, orderDirectory+"/ca.pem", env["AWS_CA_BUNDLE"])
	assert.Equal(t, j.Name, pod.Volumes[0].Secret.SecretName)
	assert.NotContains(t, answers(), int32(137), "what is killed is done again")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	require.NoError(t, Options{Image: "palette-ecr:v1"}.Check())
	for _, wrong := range []Options{{}, {Image: "x", Shards: -1}, {Image: "x", Shards: 65}, {Image: "Upper/Case:v1"}, {Image: "x:a:b"}, {Image: " x"}, {Image: "x@sha256:abc"}} {
		assert.Equal(t, fault.Usage, fault.CodeOf(wrong.Check()))
	}
}
