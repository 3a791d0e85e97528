package warm_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/warm"
)

func job(t *testing.T, endpoint string) warm.CronJob {
	t.Helper()
	r, err := registry.Parse(endpoint)
	require.NoError(t, err)
	to, err := r.Repository("mural-workloads")
	require.NoError(t, err)
	return warm.CronJob{Namespace: "mural-system", Image: "registry.example.com/palette-ecr:v1.0.0", Destination: to, Repository: "mural-workloads"}
}

// TestManifest is one that the API server takes: every field is known, and the arguments are those of the command.
func TestManifest(t *testing.T) {
	t.Parallel()
	text, err := job(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette").Manifest()
	require.NoError(t, err)
	var got batchv1.CronJob
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &got))
	assert.Equal(t, "mural-system", got.Namespace)
	assert.Equal(t, "17 3 * * 0", got.Spec.Schedule)
	pod := got.Spec.JobTemplate.Spec.Template.Spec
	assert.Equal(t, "source-controller", pod.ServiceAccountName)
	require.Len(t, pod.Containers, 1)
	assert.Equal(t, "registry.example.com/palette-ecr:v1.0.0", pod.Containers[0].Image)
	assert.Equal(t, []string{"keep-warm", "--endpoint", "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", "--repository", "mural-workloads"}, pod.Containers[0].Args)
	assert.Equal(t, "us-east-1", pod.Containers[0].Env[0].Value)
	assert.True(t, *pod.Containers[0].SecurityContext.RunAsNonRoot)
}

func TestManifestRefuses(t *testing.T) {
	t.Parallel()
	none := job(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	none.Image = ""
	_, err := none.Manifest()
	require.ErrorContains(t, err, "it has no image")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	_, err = job(t, "oci://public.ecr.aws/a1b2c3d4").Manifest()
	require.ErrorContains(t, err, "ECR Public has no archive")
}
