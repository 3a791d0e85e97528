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
	kubernetesfake "k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// switchedOver is an installation after copy and deploy: the release and a workload are on ECR. It counts the writes to
// the cluster.
func switchedOver(t *testing.T, proofs []report.Proof) (*installation, *int) {
	t.Helper()
	s, _ := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	images, err := s.ECR.Images(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, images)

	writes := new(int)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(&sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "checkout", Generation: 2},
		Spec: sourcev1.OCIRepositorySpec{
			URL: s.Destination.URL(), Provider: "aws", Reference: &sourcev1.OCIRepositoryRef{Tag: images[0].Tags[0]},
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
	// Discovery shows the one kind that the workload is of.
	clientset := kubernetesfake.NewClientset()
	clientset.Resources = []*metav1.APIResourceList{{
		GroupVersion: sourcev1.GroupVersion.String(),
		APIResources: []metav1.APIResource{{Name: "ocirepositories", Kind: "OCIRepository", Verbs: []string{"list"}}},
	}}
	s.Hub.Clientset = clientset
	source := s.source(t)
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	s.Journal, err = journal.Load(t.Context(), s.Hub.Client, "mural-system")
	require.NoError(t, err)
	s.Journal.Begin(s.Destination.URL(), source, 1, s.Live.Values)
	s.Journal.Switched(noon.Add(-10 * time.Minute))
	s.Journal.Prove(proofs)
	require.NoError(t, s.Journal.Save(t.Context()))
	*writes = 0
	s.Timeout = 10 * time.Second
	return s, writes
}

// deployment is the input of Validate when it runs alone.
func (i *installation) deployment(t *testing.T) Deployment {
	t.Helper()
	d, err := i.given.deployed(i.World, i.State)
	require.NoError(t, err)
	return d
}

// TestSecondValidateWritesNothing: what was proven still counts, and is looked at again where that takes no write.
func TestSecondValidateWritesNothing(t *testing.T) {
	s, writes := switchedOver(t, all("hub"))
	got, err := Validate(t.Context(), s.World, s.State, s.deployment(t))
	require.NoError(t, err)
	assert.Equal(t, "proven before, and until 12:55 UTC; looked again at what can be seen without a write", got.Entry().Skip)
	assert.Zero(t, *writes)
	var seen []string
	for _, p := range got.Entry().Proofs {
		seen = append(seen, p.Name+" "+string(p.Verdict))
	}
	assert.ElementsMatch(t, []string{"ready held", "pull held", "push held", "unused held"}, seen)
	require.NoError(t, mayDisableZot(s.World, s.State, got.Proofs))
}

// TestValidateKeepsTheProofsOfEarlierStages: then disable-zot, in a run of its own, finds all of them.
func TestValidateKeepsTheProofsOfEarlierStages(t *testing.T) {
	s, writes := switchedOver(t, []report.Proof{held(report.ProofReady, "hub"), held(report.ProofPull, "hub"), held(report.ProofUnused, "hub"), held(report.ProofPush, "hub")})
	// Zot is not a Service of a cluster here: the previous values lead to it.
	s.Journal.Original = onZotAt(s)
	require.Error(t, mayDisableZot(s.World, s.State, nil), "nothing is proven of the values and of the closure")
	_, err := Validate(t.Context(), s.World, s.State, s.deployment(t))
	require.NoError(t, err)
	assert.Equal(t, 1, *writes, "the journal")

	s.Journal, err = journal.Load(t.Context(), s.Hub.Client, "mural-system")
	require.NoError(t, err)
	require.NoError(t, mayDisableZot(s.World, s.State, nil), "the stage disable-zot may do its work")
}

// onZotAt are values with which hue is on the source.
func onZotAt(s *installation) map[string]any {
	source := s.Journal.Source
	return onRegistry(source[:len(source)-len("/mural-workloads")], true)
}

// TestValidateLooksAgain: earlier proofs do not outweigh what is seen now, nor later.
func TestValidateLooksAgain(t *testing.T) {
	s, writes := switchedOver(t, all("hub"))
	var r sourcev1.OCIRepository
	require.NoError(t, s.Hub.Client.Get(t.Context(), client.ObjectKey{Namespace: "mural-system", Name: "checkout"}, &r))
	r.Spec.Provider = "generic"
	require.NoError(t, s.Hub.Client.Update(t.Context(), &r))
	*writes = 0
	s.Timeout = time.Second
	_, err := Validate(t.Context(), s.World, s.State, s.deployment(t))
	require.Error(t, err)
	assert.Contains(t, err.Error(), "proving ready on hub")
	assert.Equal(t, 1, *writes, "the journal")

	s.Journal, err = journal.Load(t.Context(), s.Hub.Client, "mural-system")
	require.NoError(t, err)
	require.ErrorContains(t, mayDisableZot(s.World, s.State, nil), `the proof "ready" of cluster "hub" held, and was revoked`)

	require.NoError(t, s.Hub.Client.Get(t.Context(), client.ObjectKey{Namespace: "mural-system", Name: "checkout"}, &r))
	r.Spec.Provider = "aws"
	require.NoError(t, s.Hub.Client.Update(t.Context(), &r))
	_, err = Validate(t.Context(), s.World, s.State, s.deployment(t))
	require.NoError(t, err)
	s.Journal, err = journal.Load(t.Context(), s.Hub.Client, "mural-system")
	require.NoError(t, err)
	require.NoError(t, mayDisableZot(s.World, s.State, nil), "it holds again, and that is remembered")
}

// TestAnEarlierProofThatThisRunContradicts: an object that names Zot again fails ready, and must not be reported beside a
// proof of an earlier run by which nothing names Zot.
func TestAnEarlierProofThatThisRunContradicts(t *testing.T) {
	s, _ := switchedOver(t, all("hub"))
	var r sourcev1.OCIRepository
	require.NoError(t, s.Hub.Client.Get(t.Context(), client.ObjectKey{Namespace: "mural-system", Name: "checkout"}, &r))
	r.Spec.URL = s.Journal.Source
	require.NoError(t, s.Hub.Client.Update(t.Context(), &r))
	s.Timeout = time.Second
	got, err := Validate(t.Context(), s.World, s.State, s.deployment(t))
	require.Error(t, err)
	verdicts := map[string]report.Verdict{}
	for _, p := range got.Entry().Proofs {
		verdicts[p.Name] = p.Verdict
	}
	assert.Equal(t, report.Broken, verdicts[report.ProofReady])
	assert.Equal(t, report.Broken, verdicts[report.ProofUnused])

	s.Journal, err = journal.Load(t.Context(), s.Hub.Client, "mural-system")
	require.NoError(t, err)
	assert.NotNil(t, s.Journal.RevokedOf(report.ProofUnused, "hub"))
}

// TestAReportSaysWhichProofsAreNotOfThisRun: a proof of an earlier run says when it was observed.
func TestAReportSaysWhichProofsAreNotOfThisRun(t *testing.T) {
	r := &runner{report: &report.Report{StartedAt: noon}}
	before, now := held(report.ProofPull, "hub"), held(report.ProofReady, "hub")
	before.Summary, now.Summary, now.ObservedAt = "the canary came", "all are Ready", noon.Add(time.Second)
	r.add(report.Stage{}, Entry{Proofs: []report.Proof{before, now}})
	r.add(report.Stage{}, Entry{})
	require.Len(t, r.report.Proofs, 2)
	assert.Equal(t, "the canary came; observed before this run, at "+before.ObservedAt.UTC().Format(moment), r.report.Proofs[0].Summary)
	assert.Equal(t, "all are Ready", r.report.Proofs[1].Summary)
}
