package pipeline

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// betweenRegistries is an installation whose source is a registry with two artifacts, of which a workload uses one, and
// whose destination is an empty repository in the stand-in for AWS.
func betweenRegistries(t *testing.T) (*installation, *emulator.Emulator) {
	t.Helper()
	const account = "123456789012"
	user := emulator.Administrator(account)
	e, err := emulator.Start(t.Context(), emulator.Options{World: emulator.World{
		Users:        []emulator.User{user},
		Repositories: []emulator.Repository{{Account: account, Region: "us-east-1", Name: "palette/mural-workloads"}},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })

	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, tag := range []string{"checkout", "cart"} {
		image, err := random.Image(64, 1)
		require.NoError(t, err)
		reference, err := name.ParseReference(host + "/mural-workloads:" + tag)
		require.NoError(t, err)
		require.NoError(t, remote.Write(reference, image))
	}

	s := onZot(t, nil)
	s.ECR, err = ecr.Connect(t.Context(), s.Destination, ecr.Options{
		HTTPClient: e.HTTPClient(),
		Config:     &aws.Config{Credentials: credentials.NewStaticCredentialsProvider(user.AccessKeyID, user.SecretAccessKey, "")},
	})
	require.NoError(t, err)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(&sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "checkout"},
		Spec:       sourcev1.OCIRepositorySpec{URL: "oci://" + host + "/mural-workloads", Reference: &sourcev1.OCIRepositoryRef{Tag: "checkout"}},
	}).Build()
	s.Live.Merged = onRegistry("oci://"+host, true)
	return s, e
}

func onRegistry(endpoint string, zot bool) map[string]any {
	return map[string]any{
		"hue": map[string]any{"ociRegistry": map[string]any{"endpoint": endpoint, "repository": "mural-workloads", "insecure": true}},
		"zot": map[string]any{"enabled": zot},
	}
}

func TestCopyStage(t *testing.T) {
	s, e := betweenRegistries(t)

	p, err := proveClosure(t.Context(), s.World, s.State, Given{})
	require.NoError(t, err)
	err = proof.Gate(p)
	require.ErrorContains(t, err, "proving closure: ", "nothing is copied yet")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "palette-ecr copy")
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "proving sends nothing")

	got, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	assert.Empty(t, got.Entry().Skip)
	assert.NotEmpty(t, got.Entry().Summary)
	require.Equal(t, []report.Proof{got.Closure}, got.Entry().Proofs)
	assert.Equal(t, report.ProofClosure, got.Closure.Name)
	assert.Equal(t, report.Held, got.Closure.Verdict)

	require.NoError(t, e.Control.Reset(t.Context()))
	_, err = Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	counters, err = e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "a second copy writes nothing")

	// In a run of its own, validate proves the closure by itself.
	var v Validation
	made, err := v.proveEarlier(t.Context(), s.World, s.State, proof.NewLedger(held(report.ProofRendered, "")))
	require.NoError(t, err)
	assert.True(t, made)
	require.Len(t, v.Entry().Proofs, 1)
	assert.Equal(t, report.Held, v.Entry().Proofs[0].Verdict)
}

// TestCopyStageWithoutZot: there is nothing to copy from, and the proof is about what clusters use.
func TestCopyStageWithoutZot(t *testing.T) {
	s, _ := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)

	s.Journal.Begin(s.Destination.URL(), s.source(t), 1, nil)
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	got, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	assert.Equal(t, "Zot is off in the live release: there is nothing left to copy from", got.Entry().Skip)
	require.Len(t, got.Entry().Proofs, 1)
	assert.Equal(t, report.Held, got.Entry().Proofs[0].Verdict)
}

func TestCopyStageWithoutRepository(t *testing.T) {
	s, e := betweenRegistries(t)
	missing, err := s.Destination.Registry.Repository("other")
	require.NoError(t, err)
	s.ECR, err = ecr.Connect(t.Context(), missing, ecr.Options{
		HTTPClient: e.HTTPClient(),
		Config: &aws.Config{Credentials: credentials.NewStaticCredentialsProvider(
			emulator.Administrator("123456789012").AccessKeyID, emulator.Administrator("123456789012").SecretAccessKey, "")},
	})
	require.NoError(t, err)
	_, err = Copy(t.Context(), s.World, s.State, Planned{})
	require.ErrorContains(t, err, "does not exist")
	assert.Contains(t, fault.RemedyOf(err), "aws ecr create-repository")
}
