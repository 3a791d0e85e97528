package pipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/baseline"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// brokenBefore is an installation on Zot with a workload that is suspended, one of another registry that fails, and a
// Deployment that has no pods.
func brokenBefore(t *testing.T, more ...client.Object) *installation {
	t.Helper()
	s := onZot(t, nil)
	s.Timeout = time.Second
	s.Journal.Open = false
	source := func(name, url string, suspend bool, ready metav1.ConditionStatus) *sourcev1.OCIRepository {
		return &sourcev1.OCIRepository{
			ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: name}, Spec: sourcev1.OCIRepositorySpec{URL: url, Suspend: suspend},
			Status: sourcev1.OCIRepositoryStatus{Conditions: []metav1.Condition{{Type: meta.ReadyCondition, Status: ready, Reason: "Failed", Message: "denied"}}},
		}
	}
	objects := append([]client.Object{
		source("checkout", zotURL, false, metav1.ConditionTrue), source("old", zotURL, true, metav1.ConditionTrue),
		source("theirs", "oci://ghcr.io/team/app", false, metav1.ConditionFalse),
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "dex"}, Spec: appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{}}},
	}, more...)
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).Build()
	return s
}

func TestWhatWasBrokenBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, whatWasBrokenBefore)
}

func whatWasBrokenBefore(t *testing.T) {
	s := brokenBefore(t)
	w, err := withBaseline(t.Context(), s.World, s.State, nil)
	require.NoError(t, err)
	err = w.Before.Err()
	require.EqualError(t, err, "looking at what was broken before: hub/OCIRepository/team/old (it is suspended)")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	w, err = withBaseline(t.Context(), s.World, s.State, []string{"team/old"})
	require.NoError(t, err)
	require.NoError(t, w.Before.Err())
	config, err := validation(t.Context(), w, s.State)
	require.NoError(t, err)
	assert.True(t, config.Accepted("hub", "team", "old"))
	assert.False(t, config.Accepted("hub", "team", "checkout"))
	accepted := deployOptions(w, s.State).Accepted
	assert.True(t, accepted("Deployment", "mural-system", "dex"))
	assert.False(t, accepted("Deployment", "mural-system", "hue"))

	r := newRunner(Options{}.withDefaults(), nil)
	r.reportBaseline(w)
	assert.Equal(t, 1, r.report.Baseline.Sound)
	var seen []string
	for _, b := range r.report.Baseline.Broken {
		require.True(t, b.Accepted, b)
		seen = append(seen, b.Object+": "+b.Seen)
	}
	assert.Equal(t, []string{"Deployment mural-system/dex: 0 of 1 replicas are available", "OCIRepository team/old: it is suspended", "OCIRepository team/theirs: Failed: denied"}, seen)
	assert.Equal(t, []report.Waiver{{Flag: "--accept-broken", Name: "hub/OCIRepository/team/old", Effect: "nothing is proven of it"}}, r.report.Waivers)

	_, err = withBaseline(t.Context(), s.World, s.State, []string{"olde"})
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

// TestTheBaselineIsOfBefore: a later run judges by what was noted before the switch, not by what is broken since.
func TestTheBaselineIsOfBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, theBaselineIsOfBefore) // what is broken is waited for
}

func theBaselineIsOfBefore(t *testing.T) {
	s := brokenBefore(t)
	w, err := withBaseline(t.Context(), s.World, s.State, []string{"team/old"})
	require.NoError(t, err)
	s.Journal.Open = true
	noteBaseline(w, s.State)
	var checkout sourcev1.OCIRepository
	require.NoError(t, s.Hub.Client.Get(t.Context(), client.ObjectKey{Namespace: "team", Name: "checkout"}, &checkout))
	checkout.Spec.Suspend = true
	require.NoError(t, s.Hub.Client.Update(t.Context(), &checkout))

	later, err := withBaseline(t.Context(), s.World, s.State, nil)
	require.NoError(t, err)
	require.NoError(t, later.Before.Err(), "what was accepted stays so")
	assert.True(t, later.Before.Broken("hub")("OCIRepository", "team", "old"))
	assert.False(t, later.Before.Broken("hub")("OCIRepository", "team", "checkout"))
	err = notWorse(t.Context(), later, later.Baseline)
	require.ErrorContains(t, err, "broken since then: hub/OCIRepository/team/checkout (it is suspended)")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))

	// The rollback waits for nothing that somebody has suspended meanwhile, and is not to blame for it.
	back, err := withBaselineOfReturn(t.Context(), s.World, s.State, []string{"theirs"})
	require.NoError(t, err)
	assert.True(t, back.Before.Broken("hub")("OCIRepository", "team", "checkout"))
	assert.True(t, back.Before.Broken("hub")("OCIRepository", "team", "theirs"))
	assert.Equal(t, w.Baseline.Looked, back.Baseline.Looked, "the same objects, looked at twice, are not twice as many")
	require.NoError(t, notWorse(t.Context(), back, back.Baseline))
	require.NoError(t, notWorse(t.Context(), back, baseline.Snapshot{}), "nobody has looked")
}

// TestNobodyKnowsWhatWasBefore: on ECR without a journal, which Git has switched, every proof counts.
func TestNobodyKnowsWhatWasBefore(t *testing.T) {
	t.Parallel()
	s := brokenBefore(t)
	s.Live.Merged = onRegistry(s.Destination.Registry.Endpoint(), true)
	w, err := withBaseline(t.Context(), s.World, s.State, nil)
	require.NoError(t, err)
	assert.Zero(t, w.Baseline.Looked)
	assert.False(t, w.Before.Broken("hub")("Deployment", "mural-system", "dex"))
	r := newRunner(Options{}.withDefaults(), nil)
	r.reportBaseline(w)
	assert.Nil(t, r.report.Baseline)
}
