package pipeline

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// TestRollbackStages is the order that nothing is lost in.
func TestRollbackStages(t *testing.T) {
	var names []string
	for _, s := range RollbackStages() {
		names = append(names, s.Name)
		assert.NotEmpty(t, s.Does, s.Name)
		assert.NotNil(t, s.run, s.Name)
	}
	assert.Equal(t, []string{"plan", "copy-back", "restore", "catch-up", "return"}, names)
}

// TestNoWayBackIsNeeded: each stage of a second rollback, or of one too many, leaves everything alone.
func TestNoWayBackIsNeeded(t *testing.T) {
	s := onZot(t, nil)
	s.Target.Release.ManagedBy = target.Flux   // of Helm's, a pending record would be looked for, and repaired
	s.Hub = &cluster.Cluster{Name: s.Hub.Name} // without a client
	s.Journal.Back()
	for _, stage := range RollbackStages() {
		got, err := stage.run(t.Context(), s.World, s.State, nil)
		require.NoError(t, err, stage.Name)
		assert.NotEmpty(t, got.Entry().Skip, stage.Name)
	}
}

func TestCopyBack(t *testing.T) {
	s, e := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)

	// The cutover is done, and hue's old registry has lost a tag since: as if it had only ever been pushed to ECR.
	old := s.Live.Merged
	host := strings.TrimPrefix(old["hue"].(map[string]any)["ociRegistry"].(map[string]any)["endpoint"].(string), "oci://")
	cart, err := name.ParseReference(host + "/mural-workloads:cart")
	require.NoError(t, err)
	was, err := remote.Head(cart)
	require.NoError(t, err)
	require.NoError(t, remote.Delete(cart))
	s.Journal.Begin(s.Destination.URL(), "oci://"+host+"/mural-workloads", 1, old)
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	require.NoError(t, e.Control.Reset(t.Context()))

	got, err := CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	require.NoError(t, err)
	assert.True(t, got.Done)
	assert.Contains(t, got.Entry().Summary, "2 tags")
	now, err := remote.Head(cart)
	require.NoError(t, err)
	assert.Equal(t, was.Digest, now.Digest)
	require.Len(t, got.Entry().Proofs, 1)
	assert.Equal(t, report.ProofClosure, got.Entry().Proofs[0].Name)
	assert.Equal(t, report.Held, got.Entry().Proofs[0].Verdict)
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "ECR is only read")

	// With Zot turned off it has to wait until Zot is on.
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	got, err = CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	require.NoError(t, err)
	assert.False(t, got.Done)
	assert.Contains(t, got.Entry().Skip, "it follows once Zot is on")
	s.Live.Merged = old
	caughtUp, err := CatchUp(t.Context(), s.World, s.State, Restored{CopiedBack: got, Done: true})
	require.NoError(t, err)
	assert.Contains(t, caughtUp.Entry().Summary, "2 tags")

	// Seen: a rollback that went on where an earlier one had failed left in ECR what only ECR had.
	require.NoError(t, remote.Delete(cart))
	caughtUp, err = CatchUp(t.Context(), s.World, s.State, Restored{})
	require.NoError(t, err)
	assert.Equal(t, "nothing was restored", caughtUp.Entry().Skip, "hue was never switched")
	s.Journal.SwitchedAt = noon
	caughtUp, err = CatchUp(t.Context(), s.World, s.State, Restored{})
	require.NoError(t, err)
	assert.Contains(t, caughtUp.Entry().Summary, "2 tags")
	_, err = remote.Head(cart)
	require.NoError(t, err)

	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	s.ECR = nil
	got, err = CopyBack(t.Context(), s.World, s.State, PlannedReturn{Return: Return{NoCopyBack: true}})
	require.NoError(t, err)
	assert.Contains(t, got.Entry().Skip, "--no-copy-back")
}

// TestCopyBackThatFails: the remedy says how to go back all the same.
func TestCopyBackThatFails(t *testing.T) {
	s, _ := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	s.Journal.Begin(s.Destination.URL(), "oci://127.0.0.1:1/mural-workloads", 1, onRegistry("oci://127.0.0.1:1", true))
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).Build()
	_, err = CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	require.ErrorContains(t, err, "127.0.0.1:1")
	assert.Contains(t, fault.RemedyOf(err), "--no-copy-back")
}

// TestASpokeThatDiesDuringTheRollback, before copy-back or catch-up has asked it what it uses: the others can go back without it.
func TestASpokeThatDiesDuringTheRollback(t *testing.T) {
	s, _ := betweenRegistries(t)
	_, err := Copy(t.Context(), s.World, s.State, Planned{})
	require.NoError(t, err)
	old := s.Live.Merged
	s.Journal.Begin(s.Destination.URL(), s.source(t), 1, old)
	s.Journal.SwitchedAt = noon
	refuses := func(of *cluster.Cluster) *cluster.Cluster {
		of.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithInterceptorFuncs(interceptor.Funcs{
			List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
				return errors.New("no route to host")
			},
		}).Build()
		return of
	}
	s.Spokes = []*cluster.Cluster{refuses(&cluster.Cluster{Name: "edge-1"})}
	_, err = CatchUp(t.Context(), s.World, s.State, Restored{CopiedBack: CopiedBack{Done: true}, Done: true})
	require.ErrorContains(t, err, `cluster "edge-1"`)
	assert.Contains(t, fault.RemedyOf(err), "`palette-ecr rollback --leave-spoke edge-1`")

	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	_, err = CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	assert.Contains(t, fault.RemedyOf(err), "`palette-ecr rollback --leave-spoke edge-1`")

	s.Spokes = nil
	refuses(s.Hub)
	_, err = CopyBack(t.Context(), s.World, s.State, PlannedReturn{})
	require.ErrorContains(t, err, `cluster "hub"`)
	assert.NotContains(t, fault.RemedyOf(err), "--leave-spoke", "nobody goes back without the hub")
}

// TestPreviousValuesTurnZotOn, however it was turned off: by disable-zot, by a commit, or not at all.
func TestPreviousValuesTurnZotOn(t *testing.T) {
	type m = map[string]any
	on := func(zot m) m { return m{"hue": m{"endpoint": "ecr"}, "zot": zot} }
	for name, live := range map[string]m{
		"off":               on(m{"size": "8Gi", "enabled": false}),
		"on":                on(m{"size": "8Gi"}),
		"off, and a change": on(m{"size": "9Gi", "enabled": false}),
	} {
		t.Run(name, func(t *testing.T) {
			s := onZot(t, nil)
			s.Journal.Original = m{"hue": m{"endpoint": "zot"}, "zot": m{"size": "8Gi"}}
			s.Journal.Applied = on(m{"size": "8Gi"})
			s.Live.Values = live
			got, err := previousValues(s.State, false)
			require.NoError(t, err)
			assert.Equal(t, m{"hue": m{"endpoint": "zot"}, "zot": m{"size": live["zot"].(m)["size"]}}, got)
		})
	}
}

// TestPreviousValuesThatCannotBeTold says how to go back all the same.
func TestPreviousValuesThatCannotBeTold(t *testing.T) {
	type m = map[string]any
	s := onZot(t, nil)
	s.Journal.Original, s.Journal.Applied = m{"list": []any{"zot"}}, m{"list": []any{"ecr"}}
	s.Live.Values = m{"list": []any{"ecr", "more"}}
	_, err := previousValues(s.State, false)
	require.ErrorContains(t, err, "going back to the previous values: ")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "--discard-changes")
	got, err := previousValues(s.State, true)
	require.NoError(t, err)
	assert.Equal(t, s.Journal.Original, got)
}

// TestNothingToRestore: a rollback that was interrupted goes on; one that somebody has made by hand is left alone.
func TestNothingToRestore(t *testing.T) {
	s := onZot(t, nil)
	reason, err := restored(s.World, s.State)
	require.NoError(t, err)
	assert.Empty(t, reason, "its last revision failed")
	s.Live.Status = "deployed"
	reason, err = restored(s.World, s.State)
	require.NoError(t, err)
	assert.Contains(t, reason, "names "+zotURL+" again already")
	s.Live.Merged = onRegistry("oci://harbor.example.com", false)
	_, err = restored(s.World, s.State)
	require.ErrorContains(t, err, "hue is neither there nor on ECR")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), false)
	reason, err = restored(s.World, s.State)
	require.NoError(t, err)
	assert.Empty(t, reason)
}

func TestCheckRecord(t *testing.T) {
	s := onZot(t, all("hub"))
	require.NoError(t, checkRecord(s.World, s.Journal, nil))
	s.Journal.ManagedBy = "flux"
	require.NoError(t, checkRecord(s.World, s.Journal, nil), "who manages the release is read from the cluster")
	s.Journal.Prove([]report.Proof{held(report.ProofReady, "berlin")})
	err := checkRecord(s.World, s.Journal, nil)
	require.ErrorContains(t, err, `cluster "berlin" was part of the cutover`)
	assert.Contains(t, fault.RemedyOf(err), "--spoke name=berlin")
	s.Journal.Original = nil
	require.ErrorContains(t, checkRecord(s.World, s.Journal, nil), "no cutover of release")
}

func TestParseRepository(t *testing.T) {
	s := atNoon(t, nil)
	got, err := parseRepository(s.Destination.URL())
	require.NoError(t, err)
	assert.Equal(t, s.Destination, got)
	for _, bad := range []string{"", "mural-workloads", "https://example.com/x", "oci://example.com/UPPER"} {
		_, err := parseRepository(bad)
		assert.Error(t, err, bad)
	}
}

// Seen: the error of a rollback with a dead spoke did not say that the others can go back without it.
func TestASpokeThatDoesNotAnswerMayBeLeftBehind(t *testing.T) {
	t.Parallel()
	w := &world.World{Spokes: []*cluster.Cluster{{Name: "edge-1"}, {Name: "edge-2"}}}
	require.NoError(t, mustAnswer(w))
	w.Unreached = map[string]error{"edge-2": fault.New(fault.Failed, "check the VPN", "reaching cluster %q: no answer", "edge-2")}
	err := mustAnswer(w)
	require.EqualError(t, err, `reaching cluster "edge-2": no answer`)
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Equal(t, "check the VPN; or leave it behind: `palette-ecr rollback --leave-spoke edge-2`", fault.RemedyOf(err))
}

// TestASpokeThatIsLeftBehindNeedNotAnswer, although the file names it.
func TestASpokeThatIsLeftBehindNeedNotAnswer(t *testing.T) {
	t.Parallel()
	o := Options{Target: target.Cutover{Spokes: []target.Cluster{{Name: "edge-1"}, {Name: "edge-2"}}}, WithoutSpokes: []string{"edge-0"}, LeaveSpokes: []string{"edge-2"}}
	left := o.answering()
	assert.Equal(t, []target.Cluster{{Name: "edge-1"}}, left.Target.Spokes)
	assert.Equal(t, []string{"edge-0", "edge-2"}, left.WithoutSpokes)
	assert.Len(t, o.Target.Spokes, 2)
	// Seen: a spoke that the file names could not be left out of a run without an edit.
	out := Options{Target: o.Target, WithoutSpokes: []string{"edge-1"}}
	assert.Equal(t, []target.Cluster{{Name: "edge-2"}}, out.world().Target.Spokes)
	o.LeaveSpokes, o.OnlySpokes = nil, []string{"edge-2"}
	assert.Equal(t, []target.Cluster{{Name: "edge-2"}}, o.answering().Target.Spokes)
	assert.Len(t, Options{LeaveSpokes: []string{"edge-2"}}.withDefaults().report().Waivers, 1, "the report says so")
}
