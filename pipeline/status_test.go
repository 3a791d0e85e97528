package pipeline

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/lease"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// TestStatus goes through the states of an installation: how far it is, and what to do next.
func TestStatus(t *testing.T) {
	t.Parallel()
	const zot = "oci://zot.mural-system.svc.cluster.local:5000"
	for name, test := range map[string]struct {
		change  func(*testing.T, *installation)
		cutover string
		next    string
	}{
		"not begun": {func(t *testing.T, s *installation) {
			require.NoError(t, s.Journal.Delete(t.Context()))
			s.Live.Merged = onRegistry(zot, true)
		}, "it has not begun", "`palette-ecr run`"},
		"interrupted": {func(_ *testing.T, s *installation) { s.Live.Merged = onRegistry(zot, true) }, "it has begun, and hue is not on ECR yet", "goes on where it stopped"},
		// Seen: "hue is not on ECR yet" of a cutover that had been there for days.
		// Seen: "half rolled back" where cutover.yaml named another endpoint than the one that deploy had been given.
		"another endpoint": {func(_ *testing.T, s *installation) {
			elsewhere := "oci://210987654321.dkr.ecr.eu-west-1.amazonaws.com/palette"
			s.Journal.Destination, s.Journal.SwitchedAt = elsewhere+"/mural-workloads", noon
			s.Live.Merged = onRegistry(elsewhere, true)
		}, "it went to oci://210987654321.dkr.ecr.eu-west-1.amazonaws.com/palette/mural-workloads, and not to ", "give the endpoint"},
		"half rolled back": {func(_ *testing.T, s *installation) {
			s.Live.Merged = onRegistry(zot, true)
			s.Journal.Switched(noon)
		}, "it is half rolled back: hue was on ECR and is on " + zot + "/mural-workloads again, and nobody has seen yet that every workload is", "`palette-ecr rollback` goes on with it"},
		"rolled back": {func(_ *testing.T, s *installation) {
			s.Live.Merged = onRegistry(zot, true)
			s.Journal.Back()
		}, "it was rolled back", "`palette-ecr plan`"},
		"rolled back but for a spoke": {func(_ *testing.T, s *installation) {
			s.Live.Merged = onRegistry(zot, true)
			s.Journal.Back("edge-7")
		}, "edge-7 was left behind: `palette-ecr rollback --only-spoke edge-7`", "`palette-ecr plan`"},
		"on ECR, proofs are missing": {func(*testing.T, *installation) {}, "hue is on ECR, Zot still runs, and 6 proofs are missing: rendered, closure, ready, pull, unused, push", "`palette-ecr validate`"},
		"on ECR, proven":             {func(_ *testing.T, s *installation) { s.Journal.Prove(all("hub")) }, "every proof holds, and Zot still runs", "`palette-ecr disable-zot`"},
		"on ECR, contradicted": {func(_ *testing.T, s *installation) {
			s.Journal.Prove(all("hub"))
			p := held(report.ProofPull, "hub")
			p.Verdict = report.Broken
			s.Journal.Prove([]report.Proof{p})
		}, "the proof pull on hub held before and was revoked at 2026-01-02 11:55 UTC", "mend what it says"},
		"on ECR, expired": {func(_ *testing.T, s *installation) {
			s.Journal.Prove(all("hub"))
			s.Now = func() time.Time { return noon.Add(2 * time.Hour) }
		}, "6 proofs are missing", "`palette-ecr validate`"},
		"complete": {func(_ *testing.T, s *installation) {
			s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
		}, "it is complete, and can be rolled back", "`palette-ecr finish`"},
		"finished": {func(t *testing.T, s *installation) {
			s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
			require.NoError(t, s.Journal.Delete(t.Context()))
		}, "it is complete and finished", "`palette-ecr drift`"},
		"a failed release":    {func(_ *testing.T, s *installation) { s.Live.Status = "failed" }, "hue is on ECR", "the release is failed: see why with `helm history mural"},
		"a pending release":   {func(_ *testing.T, s *installation) { s.Live.Status = "pending-rollback" }, "hue is on ECR", "`palette-ecr run --recover` goes on"},
		"somebody is at work": {func(t *testing.T, s *installation) { hold(t, s, time.Now()) }, "hue is on ECR", "wait until that run has ended"},
		// Seen: "the next run takes over" above "wait until that run has ended".
		"killed in the middle": {func(t *testing.T, s *installation) {
			s.Live.Status = "pending-upgrade"
			hold(t, s, noon.Add(-time.Hour))
		}, "hue is on ECR", "`palette-ecr run --recover` goes on"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := onZot(t, nil)
			s.Hub.Client = s.client
			s.Live.Status = "deployed"
			s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
			s.Journal.Writer = journal.Stamp{Run: "0123456789", By: "ada@laptop", Command: "palette-ecr run", Stage: "deploy"}
			require.NoError(t, s.Journal.Save(t.Context()))
			test.change(t, s)
			got, err := status(t.Context(), s.World, s.State)
			require.NoError(t, err)
			assert.Contains(t, got.Cutover, test.cutover)
			assert.Contains(t, got.Next, test.next)
			if got.Journal != nil {
				assert.Equal(t, "ada@laptop", got.Journal.By)
				assert.Equal(t, "deploy", got.Journal.Stage)
				assert.False(t, got.Journal.At.IsZero())
			}
		})
	}
}

// hold takes the lease for somebody else.
func hold(t *testing.T, s *installation, at time.Time) {
	t.Helper()
	l, err := lease.Acquire(t.Context(), s.client, lease.Options{Namespace: s.Target.Release.Namespace, Run: "another", Now: func() time.Time { return at }})
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Release(context.Background()) })
}

// TestCountingProofs: each says until when it counts. One that has expired is held no more, and once Zot is off nobody
// asks for it.
func TestCountingProofs(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Journal.Prove(all("hub"))
	fresh := counting(s.State, noon)
	require.Len(t, fresh, len(all("hub")))
	for _, p := range fresh {
		assert.Equal(t, report.Held, p.Verdict)
		assert.Contains(t, p.Summary, "counts until "+p.ExpiresAt.UTC().Format("2006-01-02 15:04 UTC"))
	}
	later := noon.Add(48 * time.Hour)
	for _, p := range counting(s.State, later) {
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, "It expired at ")
		assert.Contains(t, p.Remedy, "palette-ecr validate")
	}
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	assert.Empty(t, counting(s.State, later))
}

func TestUnseenClusterIsNoSuccess(t *testing.T) {
	t.Parallel()
	w := &world.World{Hub: &cluster.Cluster{Name: "hub"}, Spokes: []*cluster.Cluster{{Name: "berlin", Context: "prod-berlin"}}}
	require.NoError(t, unseen(w, &report.Standing{Pulls: []report.Pull{{Cluster: "hub", From: report.ECR}}}))
	err := unseen(w, &report.Standing{Pulls: []report.Pull{{Cluster: "hub", From: report.ECR}, {Cluster: "berlin", From: report.UnknownRegistry}}})
	require.ErrorContains(t, err, `cluster "berlin"`)
	assert.Equal(t, fault.Unproven, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "`kubectl --context prod-berlin get ocirepositories")
}

// Seen: a hub that is not a spoke was "from an unknown registry", so status of such a fleet never ended well.
func TestAHubWithoutWorkloadsIsSeen(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Hub.Client = s.client
	now := standing(t.Context(), s.World, s.State)
	assert.Equal(t, []report.Pull{{Cluster: "hub", From: report.NoRegistry}}, now.Pulls)
	require.NoError(t, unseen(s.World, now))
}

// Seen: "PaletteAI pulls from Zot" of a release that had gone to another endpoint in ECR than the one given.
func TestAnotherRegistryInECRIsNotZot(t *testing.T) {
	t.Parallel()
	const other = "oci://210987654321.dkr.ecr.eu-west-1.amazonaws.com/palette"
	s := onZot(t, nil)
	s.Live.Merged = onRegistry(other, true)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(&sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "checkout"}, Spec: sourcev1.OCIRepositorySpec{URL: other + "/mural-workloads"},
	}).Build()
	now := standing(t.Context(), s.World, s.State)
	assert.Equal(t, report.OtherRegistry, now.Push)
	assert.Equal(t, []report.Pull{{Cluster: "hub", From: report.OtherRegistry, Workloads: 1}}, now.Pulls)

	require.NoError(t, s.Hub.Client.Create(t.Context(), &sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "shop"}, Spec: sourcev1.OCIRepositorySpec{URL: s.Destination.URL()},
	}))
	now = standing(t.Context(), s.World, s.State)
	assert.Equal(t, []report.Pull{{Cluster: "hub", From: report.OtherRegistry, Workloads: 2}}, now.Pulls, "not all pull from the destination")
}

// Seen: status and drift said nothing of a spoke of the values that nobody had named, and drift ended well.
func TestWhoOnlyReadsSaysWhichSpokesNobodyNamed(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	s.withSpokes(map[string]string{"edge-1": "oci://10.0.0.7:30500"})
	_, missing, err := named(t.Context(), s.World, s.State, nil, false)
	require.NoError(t, err)
	now := &report.Standing{}
	err = unnamed(now, missing)
	assert.Equal(t, fault.Unproven, fault.CodeOf(err))
	require.ErrorContains(t, err, "edge-1")
	assert.Contains(t, fault.RemedyOf(err), "--spoke name=edge-1,kubeconfig=")
	assert.NotContains(t, fault.RemedyOf(err), "loses its workloads", "nothing happens to it here")
	assert.Equal(t, []report.Pull{{Cluster: "edge-1", From: report.UnknownRegistry}}, now.Pulls)

	_, missing, err = named(t.Context(), s.World, s.State, []string{"edge-1"}, false)
	require.NoError(t, err)
	require.NoError(t, unnamed(now, missing))
	_, _, err = named(t.Context(), s.World, s.State, []string{"typo"}, false)
	require.ErrorContains(t, err, `no spoke is called "typo"`)
}

// Seen: once the release was back on Zot, drift did not know the spokes that were left behind.
func TestDriftKnowsWhatWasLeftBehind(t *testing.T) {
	t.Parallel()
	j := &journal.Journal{}
	s := state.New(nil, j, nil)
	require.NoError(t, stillBehind(s, false))
	j.Behind = []string{"edge-1", "edge-2"}
	err := stillBehind(s, false)
	assert.Equal(t, fault.Pending, fault.CodeOf(err))
	require.ErrorContains(t, err, "nobody has seen edge-1, edge-2 come back to Zot")
	assert.Equal(t, "run `palette-ecr rollback --only-spoke edge-1 --only-spoke edge-2` once they answer", fault.RemedyOf(err))
	j.Open = true
	require.NoError(t, stillBehind(s, false), "another cutover has begun")
}

// Seen: after a rollback everything was drift, since the file had an endpoint.
func TestNothingDriftsFromACutoverThatWasRolledBack(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	require.NoError(t, cutOverOnce(s.World, s.State, false), "the rollback has not ended")
	s.Journal.Back()
	require.NoError(t, s.Journal.Save(t.Context()))
	for _, endpoint := range []string{"", s.Destination.Registry.Endpoint()} {
		s.World.Target.Registry.Endpoint = endpoint
		err := cutOverOnce(s.World, s.State, false)
		assert.Equal(t, fault.Refused, fault.CodeOf(err))
		require.ErrorContains(t, err, "the cutover was rolled back")
		assert.Contains(t, fault.RemedyOf(err), "counts as drift again once `palette-ecr run`")
	}
	require.NoError(t, cutOverOnce(s.World, s.State, true), "somebody else has switched it")

	require.NoError(t, s.Journal.Delete(t.Context()))
	require.NoError(t, cutOverOnce(s.World, s.State, false), "the cutover was finished: the file says where the release is to be")
	s.World.Target.Registry.Endpoint = ""
	require.ErrorContains(t, cutOverOnce(s.World, s.State, false), "no cutover was made")
}

// Seen: once Git had made another cutover after a rollback, drift said "rolled back", and that spokes were left behind.
func TestACutoverOfGitAfterARollbackCounts(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Journal.Destination = s.Destination.URL()
	s.Journal.Back("edge-7")
	s.Live.Merged = onRegistry("oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/another", true)
	to, err := destinationOf(s.State)
	require.NoError(t, err)
	assert.Equal(t, "oci://123456789012.dkr.ecr.eu-west-1.amazonaws.com/another/mural-workloads", to.URL(), "where it is now, not where it once went")
	at, err := liveECR(s.State)
	require.NoError(t, err)
	assert.Equal(t, to, at)
	s.World.Destination = to
	require.NoError(t, stillBehind(s.State, true), "it was left on ECR, where it is to be now")
	require.Error(t, stillBehind(s.State, false))
	out := &report.Status{}
	require.NoError(t, where(s.World, s.State, out))
	assert.NotContains(t, out.Cutover, "rolled back")
	assert.NotContains(t, out.Cutover, "edge-7")

	s.Journal.Open = true
	to, err = destinationOf(s.State)
	require.NoError(t, err)
	assert.Equal(t, s.Journal.Destination, to.URL(), "a cutover that is under way goes where it began to go")
}

// TestMayFinish: while Zot is on, or hue is not on ECR, somebody may need the rollback.
func TestMayFinish(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	assert.Equal(t, fault.Refused, fault.CodeOf(mayFinish(s.World, s.State)), "on Zot")
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	err := mayFinish(s.World, s.State)
	require.ErrorContains(t, err, "or Zot is still on")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	require.NoError(t, mayFinish(s.World, s.State))
}

// TestRemoveTraces: the journal and its password go; a second time there is nothing to do, and it says so.
func TestRemoveTraces(t *testing.T) {
	t.Parallel()
	s := onZot(t, nil)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	require.NoError(t, s.Journal.Save(t.Context()))
	done, err := RemoveTraces(t.Context(), s.World, s.State, Finished{})
	require.NoError(t, err)
	assert.Contains(t, done.Entry().Summary, "the journal is gone, and the rollback with it")
	fresh, err := journal.Load(t.Context(), s.client, "mural-system")
	require.NoError(t, err)
	assert.False(t, fresh.Exists())
	done, err = RemoveTraces(t.Context(), s.World, s.State, Finished{})
	require.NoError(t, err)
	assert.NotEmpty(t, done.Entry().Skip)
	proven, err := ProveFinished(t.Context(), s.World, s.State, Finishing{})
	require.NoError(t, err)
	assert.Contains(t, proven.Entry().Skip, "finished already")
}

// TestReadersReachEKSClusters: status and drift look at the cluster that is named, and not at whatever the kubeconfig at
// hand leads to.
func TestReadersReachEKSClusters(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(context.Context, Options) (*report.Report, error){"status": Status, "drift": Drift} {
		o := Options{AWS: ecr.Options{Config: &aws.Config{Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}}}
		o.Target.Hub.EKS.Name = "hub"
		o.Target = o.Target.WithDefaults()
		_, err := read(t.Context(), o)
		require.ErrorContains(t, err, `looking for EKS cluster "hub": its region is not known`, name)
	}
}
