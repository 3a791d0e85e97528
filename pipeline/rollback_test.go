package pipeline

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestWayBack is the order that nothing is lost in.
func TestWayBack(t *testing.T) {
	var names []string
	for _, s := range WayBack() {
		names = append(names, s.Name)
		assert.NotEmpty(t, s.Does, s.Name)
		assert.NotNil(t, s.run, s.Name)
	}
	assert.Equal(t, []string{"enable-zot", "copy-back", "restore"}, names)
}

// TestNoWayBackIsNeeded: each stage of a second rollback, or of one too many, leaves everything alone.
func TestNoWayBackIsNeeded(t *testing.T) {
	s := onZot(t, nil)
	s.hub = nil
	for _, stage := range WayBack() {
		got, err := stage.run(t.Context(), s)
		require.NoError(t, err, stage.Name)
		assert.Equal(t, "the release is not on ECR", got.skip, stage.Name)
	}
}

func TestCopyBack(t *testing.T) {
	s, e := betweenRegistries(t)
	_, err := copyArtifacts(t.Context(), s)
	require.NoError(t, err)

	// The cutover is done, and hue's old registry has lost a tag since: as if it had only ever been pushed to ECR.
	old := s.live.Merged
	host := strings.TrimPrefix(old["hue"].(map[string]any)["ociRegistry"].(map[string]any)["endpoint"].(string), "oci://")
	cart, err := name.ParseReference(host + "/mural-workloads:cart")
	require.NoError(t, err)
	was, err := remote.Head(cart)
	require.NoError(t, err)
	require.NoError(t, remote.Delete(cart))
	s.journal.Begin(s.destination.URL(), "oci://"+host+"/mural-workloads", 1, old)
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), true)
	s.report.Proofs = nil
	require.NoError(t, e.Control.Reset(t.Context()))

	got, err := copyBack(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, got.text, "2 tags")
	now, err := remote.Head(cart)
	require.NoError(t, err)
	assert.Equal(t, was.Digest, now.Digest)
	require.Len(t, s.report.Proofs, 1)
	assert.Equal(t, report.ProofClosure, s.report.Proofs[0].Name)
	assert.Equal(t, report.Held, s.report.Proofs[0].Verdict)
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "ECR is only read")

	s.NoCopyBack, s.registry = true, nil
	got, err = copyBack(t.Context(), s)
	require.NoError(t, err)
	assert.Contains(t, got.skip, "--no-copy-back")
}

// TestCopyBackThatFails tells how to go back all the same.
func TestCopyBackThatFails(t *testing.T) {
	s, _ := betweenRegistries(t)
	_, err := copyArtifacts(t.Context(), s)
	require.NoError(t, err)
	s.journal.Begin(s.destination.URL(), "oci://127.0.0.1:1/mural-workloads", 1, onRegistry("oci://127.0.0.1:1", true))
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), true)
	s.hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	_, err = copyBack(t.Context(), s)
	require.ErrorContains(t, err, "127.0.0.1:1")
	assert.Contains(t, fault.RemedyOf(err), "--no-copy-back")
}

// TestNoZotIsTurnedOnThatNeverWas: the source was a registry of somebody else's.
func TestNoZotIsTurnedOnThatNeverWas(t *testing.T) {
	s := onZot(t, nil)
	s.hub = nil
	s.journal.Begin(s.destination.URL(), zotURL, 1, onRegistry("oci://harbor.example.com", false))
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), false)
	got, err := enableZot(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, "no Zot was turned off", got.skip)
}

func TestParseRepository(t *testing.T) {
	s, _ := atNoon(t, nil)
	got, err := parseRepository(s.destination.URL())
	require.NoError(t, err)
	assert.Equal(t, s.destination, got)
	for _, bad := range []string{"", "mural-workloads", "https://example.com/x", "oci://example.com/UPPER"} {
		_, err := parseRepository(bad)
		assert.Error(t, err, bad)
	}
}
