package validate

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// made notes the canary and lets it become what become says.
func made(canary *sourcev1.OCIRepository, become func(*sourcev1.OCIRepository)) func(*sourcev1.OCIRepository) {
	return func(r *sourcev1.OCIRepository) {
		if r.Name == Canary {
			*canary = *r.DeepCopy()
			become(r)
		}
	}
}

func gone(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	err := c.Client.Get(context.Background(), client.ObjectKey{Namespace: "mural-system", Name: Canary}, &sourcev1.OCIRepository{})
	assert.True(t, apierrors.IsNotFound(err), "the canary is deleted, got %v", err)
}

func TestPullFetchesWhatAWorkloadUses(t *testing.T) {
	var canary sourcev1.OCIRepository
	used := workload(t, "checkout")
	used.Spec.LayerSelector = &sourcev1.OCILayerSelector{MediaType: "application/x", Operation: "copy"}
	left := workload(t, Canary) // by a run that was killed
	left.Labels = map[string]string{"old": "yes"}
	c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { fetched(r, digestA) }), used, left, chartSource())
	p := Pull(t.Context(), c, options(t))
	require.Equal(t, report.Held, p.Verdict, p)
	assert.Equal(t, destination(t).URL(), canary.Spec.URL)
	assert.Equal(t, "aws", canary.Spec.Provider)
	assert.Equal(t, &sourcev1.OCIRepositoryRef{Digest: digestA}, canary.Spec.Reference)
	assert.Equal(t, used.Spec.LayerSelector, canary.Spec.LayerSelector)
	assert.NotContains(t, canary.Labels, "old", "it is a new object")
	gone(t, c)
}

func TestPullTakesAnyTagWhenNoWorkloadIsThere(t *testing.T) {
	var canary sourcev1.OCIRepository
	c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { fetched(r, "v1@"+digestA) }), chartSource())
	p := Pull(t.Context(), c, options(t))
	require.Equal(t, report.Held, p.Verdict, p)
	assert.Equal(t, "v1", canary.Spec.Reference.Tag)

	empty := options(t)
	empty.Images = func(context.Context) ([]ecr.Image, error) { return nil, nil }
	p = Pull(t.Context(), c, empty)
	assert.Equal(t, report.Unproven, p.Verdict)
	assert.Contains(t, p.Remedy, "palette-ecr copy")
}

func TestPullFailsWithTheTrueCauseAndLeavesNothing(t *testing.T) {
	var canary sourcev1.OCIRepository
	c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { failed(r, denied) }), workload(t, "checkout"))
	o := options(t)
	o.Timeout = time.Minute
	start := time.Now()
	p := Pull(t.Context(), c, o)
	require.Equal(t, report.Broken, p.Verdict, p)
	assert.Less(t, time.Since(start), 30*time.Second)
	assert.Contains(t, p.Cause, "assumed-role/palette-ecr/1 may not call ecr:BatchGetImage")
	assert.Contains(t, p.Remedy, "palette-ecr policies")
	gone(t, c)
}

func TestPullNotStoredIsNotFetched(t *testing.T) {
	var canary sourcev1.OCIRepository
	c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) {
		fetched(r, digestA)
		r.Status.Conditions = r.Status.Conditions[:1] // Ready, but without ArtifactInStorage
	}), workload(t, "checkout"))
	o := options(t)
	o.Timeout = 500 * time.Millisecond
	p := Pull(t.Context(), c, o)
	require.Equal(t, report.Broken, p.Verdict, p)
	gone(t, c)
}

// Another run replaces the canary by its own: there is nothing to wait for any more.
func TestPullTakenAway(t *testing.T) {
	c, _ := fakeCluster(t, asItIs, workload(t, "checkout"))
	replaced := make(chan error, 1)
	time.AfterFunc(300*time.Millisecond, func() {
		theirs := &sourcev1.OCIRepository{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: Canary}}
		replaced <- errors.Join(c.Client.Delete(context.Background(), theirs.DeepCopy()), c.Client.Create(context.Background(), theirs))
	})
	o := options(t)
	o.Timeout = time.Minute
	start := time.Now()
	p := Pull(t.Context(), c, o)
	require.Equal(t, report.Unproven, p.Verdict, p)
	assert.Less(t, time.Since(start), 20*time.Second)
	assert.Contains(t, p.Cause, "OCIRepository mural-system/palette-ecr-canary was deleted or replaced by somebody else")
	require.NoError(t, <-replaced)
	require.NoError(t, c.Client.Get(t.Context(), client.ObjectKey{Namespace: "mural-system", Name: Canary}, &sourcev1.OCIRepository{}), "theirs stays")
}

func TestPullCancelledLeavesNothing(t *testing.T) {
	var canary sourcev1.OCIRepository
	c, _ := fakeCluster(t, made(&canary, asItIs), workload(t, "checkout"))
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	p := Pull(ctx, c, options(t))
	assert.Equal(t, report.Unproven, p.Verdict)
	gone(t, c)
}

func TestReferences(t *testing.T) {
	pinned, ranged, moved, plain := workload(t, "pinned"), workload(t, "ranged"), workload(t, "moved"), workload(t, "plain")
	pinned.Spec.URL, pinned.Spec.Reference = zot, &sourcev1.OCIRepositoryRef{Digest: digestB, Tag: "v1"}
	ranged.Spec.Reference = &sourcev1.OCIRepositoryRef{SemVer: "1.x"}
	ranged.Status.Artifact = &meta.Artifact{Revision: "1.2.3@" + digestA}
	moved.Spec.Reference = &sourcev1.OCIRepositoryRef{Tag: "v2"} // v1 is what was fetched
	plain.Spec.Reference, plain.Status.Artifact = nil, nil
	never := workload(t, "never")
	never.Spec.Reference, never.Status.Artifact = &sourcev1.OCIRepositoryRef{SemVer: "2.x"}, nil
	c, _ := fakeCluster(t, nil, pinned, ranged, moved, plain, never, workload(t, "tagged"), workload(t, Canary), chartSource())
	got, err := References(t.Context(), c, zot, destination(t).URL())
	require.NoError(t, err)
	assert.ElementsMatch(t, []copy.Reference{
		{Digest: digestB, From: "mural-system/pinned@hub"},
		{Tag: "1.2.3", Digest: digestA, From: "mural-system/ranged@hub"},
		{Tag: "v2", From: "mural-system/moved@hub"},
		{Tag: "latest", From: "mural-system/plain@hub"},
		{Tag: "v1", Digest: digestA, From: "mural-system/tagged@hub"},
	}, got)
}
