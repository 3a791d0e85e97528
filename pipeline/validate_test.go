package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// switchedOver is a session after copy and deploy: the release and a workload are on ECR. It counts the writes to
// the cluster.
func switchedOver(t *testing.T, proofs []report.Proof) (*session, *int) {
	t.Helper()
	s, _ := betweenRegistries(t)
	_, err := copyArtifacts(t.Context(), s)
	require.NoError(t, err)
	s.report.Proofs = nil
	images, err := s.registry.Images(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, images)

	writes := new(int)
	s.hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(&sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "checkout", Generation: 2},
		Spec: sourcev1.OCIRepositorySpec{
			URL: s.destination.URL(), Provider: "aws", Reference: &sourcev1.OCIRepositoryRef{Tag: images[0].Tags[0]},
		},
		Status: sourcev1.OCIRepositoryStatus{
			ObservedGeneration: 2, Artifact: &meta.Artifact{Revision: images[0].Tags[0] + "@" + images[0].Digest},
			Conditions: []metav1.Condition{{Type: meta.ReadyCondition, Status: metav1.ConditionTrue, ObservedGeneration: 2, Reason: "Succeeded"}},
		},
	}).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			*writes++
			return c.Create(ctx, o, options...)
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			*writes++
			return c.Update(ctx, o, options...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, options ...client.PatchOption) error {
			*writes++
			return c.Patch(ctx, o, p, options...)
		},
	}).Build()
	source := s.sourceURL()
	s.live.Merged = onRegistry(s.destination.Registry.Endpoint(), true)
	s.journal, err = journal.Load(t.Context(), s.hub.Client, "mural-system")
	require.NoError(t, err)
	s.journal.Begin(s.destination.URL(), source, 1, s.live.Values)
	s.journal.Switched(noon.Add(-10 * time.Minute))
	s.journal.Prove(proofs)
	require.NoError(t, s.journal.Save(t.Context()))
	*writes = 0
	s.Timeout = 10 * time.Second
	return s, writes
}

// TestSecondValidateWritesNothing: what was proven still counts, and is looked at again where that takes no write.
func TestSecondValidateWritesNothing(t *testing.T) {
	s, writes := switchedOver(t, all("hub"))
	got, err := validateCutover(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, "proven before, and until 12:55 UTC; looked again at what can be seen without a write", got.skip)
	assert.Zero(t, *writes)
	var seen []string
	for _, p := range s.report.Proofs {
		seen = append(seen, p.Name+" "+string(p.Verdict))
	}
	assert.ElementsMatch(t, []string{"ready held", "pull held", "push held"}, seen)
	require.NoError(t, s.mayDisable())
}

// TestValidateKeepsTheProofsOfEarlierStages: then disable-zot, in a run of its own, finds all of them.
func TestValidateKeepsTheProofsOfEarlierStages(t *testing.T) {
	s, writes := switchedOver(t, []report.Proof{held(report.ProofReady, "hub"), held(report.ProofPull, "hub"), held(report.ProofPush, "hub")})
	// Zot is no Service of a cluster here: the values of before lead to it.
	s.journal.Original = onZotAt(s)
	require.Error(t, s.mayDisable(), "nothing is proven of the values and of the closure")
	_, err := validateCutover(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 1, *writes, "the journal")

	next := *s
	next.report = newSession(Options{}).report
	next.journal, err = journal.Load(t.Context(), s.hub.Client, "mural-system")
	require.NoError(t, err)
	require.NoError(t, next.mayDisable(), "the stage disable-zot may do its work")
}

// onZotAt are values with which hue is on the source.
func onZotAt(s *session) map[string]any {
	source := s.journal.Source
	return onRegistry(source[:len(source)-len("/mural-workloads")], true)
}

// TestValidateLooksAgain: proofs of before do not outweigh what is seen now, nor later.
func TestValidateLooksAgain(t *testing.T) {
	s, writes := switchedOver(t, all("hub"))
	var r sourcev1.OCIRepository
	require.NoError(t, s.hub.Client.Get(t.Context(), client.ObjectKey{Namespace: "mural-system", Name: "checkout"}, &r))
	r.Spec.Provider = "generic"
	require.NoError(t, s.hub.Client.Update(t.Context(), &r))
	*writes = 0
	s.Timeout = time.Second
	_, err := validateCutover(t.Context(), s)
	require.Error(t, err)
	assert.Contains(t, err.Error(), "proving ready on hub")
	assert.Equal(t, 1, *writes, "the journal")

	s.report.Proofs = nil
	s.journal, err = journal.Load(t.Context(), s.hub.Client, "mural-system")
	require.NoError(t, err)
	require.ErrorContains(t, s.mayDisable(), `the proof "ready" of cluster "hub" is missing`)
}
