package validate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

func TestReadyHeldWithOneListAndOneWatch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		objects := []client.Object{chartSource()}
		for i := range 24 {
			objects = append(objects, workload(t, fmt.Sprintf("workload-%02d", i)))
		}
		c, n := fakeCluster(t, asItIs, objects...)
		p := Ready(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Equal(t, "24 of 24 workload OCIRepositories are Ready from 123456789012.dkr.ecr.us-east-1.amazonaws.com", p.Summary)
		assert.Len(t, p.Evidence, 24, "the chart's own source does not count")
		assert.Equal(t, 1, n.list)
		assert.Equal(t, 1, n.watch)
		assert.Zero(t, n.get)
		assert.Equal(t, 24, n.patch)
		assert.Equal(t, time.Hour, p.ExpiresAt.Sub(p.ObservedAt))

		o := config(t)
		o.ReadOnly = true
		p = Ready(t.Context(), c, o)
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Equal(t, 24, n.patch, "the second look writes nothing")
	})
}

// The pull proof makes its canary beside this one: it is not a workload, and nobody else may write to it.
func TestReadyLeavesTheCanaryAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		canary := workload(t, Canary)
		canary.Spec.Suspend = true
		c, n := fakeCluster(t, asItIs, workload(t, "checkout"), canary)
		p := Ready(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Len(t, p.Evidence, 1)
		assert.Equal(t, 1, n.patch)
	})
}

func TestReadyVerdicts(t *testing.T) {
	tests := map[string]struct {
		change  func(*sourcev1.OCIRepository)
		handle  func(*sourcev1.OCIRepository) // nil: nobody handles requests
		verdict report.Verdict
		seen    string
		cause   string
	}{
		"digest pinned":     {func(r *sourcev1.OCIRepository) { fetched(r, digestB) }, asItIs, report.Held, digestB, ""},
		"pinned, not there": {func(r *sourcev1.OCIRepository) { fetched(r, strings.ReplaceAll(digestB, "b", "c")) }, asItIs, report.Broken, "not in the destination", "not in the destination"},
		"tag moved":         {func(r *sourcev1.OCIRepository) { fetched(r, "v1@"+digestB) }, asItIs, report.Broken, "is now " + digestA, "tag v1"},
		"tag missing":       {func(r *sourcev1.OCIRepository) { fetched(r, "v2@"+digestA) }, asItIs, report.Broken, "has no tag v2", "has no tag v2"},
		"stale generation":  {func(r *sourcev1.OCIRepository) { r.Status.ObservedGeneration = 1 }, asItIs, report.Broken, "generation 2 is not observed yet", "not handled"},
		"stale condition":   {func(r *sourcev1.OCIRepository) { r.Status.Conditions[0].ObservedGeneration = 1 }, asItIs, report.Broken, "Ready for generation 1", "not handled"},
		"not handled":       {asItIs, nil, report.Broken, "request to reconcile is not handled", "not handled"},
		"still Zot":         {func(r *sourcev1.OCIRepository) { r.Spec.URL = zot }, asItIs, report.Broken, "still names oci://zot", "Hue has not pointed 1 of 1"},
		"other path in Zot": {func(r *sourcev1.OCIRepository) { r.Spec.URL = strings.TrimSuffix(zot, "mural-workloads") + "other" }, asItIs, report.Broken, "another repository of the registry", "which Hue does not write"},
		"suspended":         {func(r *sourcev1.OCIRepository) { r.Spec.Suspend = true }, asItIs, report.Broken, "suspended", "flux resume source oci checkout --namespace mural-system"},
		"secretRef":         {func(r *sourcev1.OCIRepository) { r.Spec.SecretRef = &meta.LocalObjectReference{Name: "zot-auth"} }, asItIs, report.Broken, "secretRef zot-auth", "secretRef zot-auth"},
		"provider generic":  {func(r *sourcev1.OCIRepository) { r.Spec.Provider = "generic" }, asItIs, report.Broken, `provider is "generic"`, "asks AWS for no token"},
		"no artifact":       {func(r *sourcev1.OCIRepository) { r.Status.Artifact = nil }, asItIs, report.Broken, "no artifact", "not handled"},
		"fails with old": {asItIs, func(r *sourcev1.OCIRepository) {
			fetched(r, "v1@"+digestA)
			r.Status.Conditions = append(r.Status.Conditions, metav1.Condition{Type: sourcev1.FetchFailedCondition, Status: metav1.ConditionTrue, ObservedGeneration: 2, Reason: "OCIArtifactPullFailed", Message: denied})
		}, report.Broken, "DENIED", "ecr:BatchGetImage"},
		"denied": {asItIs, func(r *sourcev1.OCIRepository) { failed(r, denied) }, report.Broken, "DENIED", "may not call ecr:BatchGetImage"},
		"stalled": {asItIs, func(r *sourcev1.OCIRepository) {
			r.Status.Conditions = []metav1.Condition{{Type: meta.StalledCondition, Status: metav1.ConditionTrue, ObservedGeneration: 2, Reason: "URLInvalid", Message: "URL must be oci"}}
		}, report.Broken, "URLInvalid", "URL must be oci"},
		"failed before, now ok": {func(r *sourcev1.OCIRepository) { failed(r, denied) }, func(r *sourcev1.OCIRepository) { fetched(r, "v1@"+digestA) }, report.Held, "Ready", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := workload(t, "checkout")
				test.change(r)
				c, _ := fakeCluster(t, test.handle, r)
				p := Ready(t.Context(), c, config(t))
				require.Equal(t, test.verdict, p.Verdict, p)
				assert.Contains(t, p.Evidence[0].Seen, test.seen)
				assert.Equal(t, test.verdict == report.Held, p.Evidence[0].OK)
				assert.Contains(t, p.Cause+p.Remedy, test.cause)
				if test.verdict != report.Held {
					assert.NotEmpty(t, p.Cause)
					assert.NotEmpty(t, p.Remedy)
				}
			})
		})
	}
}

func TestReadyEndsEarlyWhenWaitingIsOfNoUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := config(t)
		c, _ := fakeCluster(t, func(r *sourcev1.OCIRepository) { failed(r, denied) }, workload(t, "checkout"))
		start := time.Now()
		p := Ready(t.Context(), c, o)
		assert.Equal(t, report.Broken, p.Verdict)
		assert.Less(t, time.Since(start), 15*time.Second)
		assert.GreaterOrEqual(t, time.Since(start), o.Settle, "a policy that was just corrected gets its moment")
	})
}

func TestReadyWaitsForHueAndForTheRegistry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := config(t)
		images := []ecr.Image{}
		var lock sync.Mutex
		o.Images = func(context.Context) ([]ecr.Image, error) {
			lock.Lock()
			defer lock.Unlock()
			return images, nil
		}
		r := workload(t, "checkout")
		r.Spec.URL = zot
		c, _ := fakeCluster(t, asItIs, r)
		time.AfterFunc(300*time.Millisecond, func() { // Hue patches, later its push is to be seen
			moved := workload(t, "checkout")
			moved.ResourceVersion = ""
			patch := fmt.Appendf(nil, `{"spec":{"url":%q}}`, moved.Spec.URL)
			// An API server tries a patch again by itself; the fake one says conflict when two meet.
			assert.NoError(t, retry.RetryOnConflict(retry.DefaultRetry, func() error {
				return c.Client.Patch(context.Background(), moved.DeepCopy(), client.RawPatch(types.MergePatchType, patch))
			}))
		})
		time.AfterFunc(700*time.Millisecond, func() {
			lock.Lock()
			defer lock.Unlock()
			images = []ecr.Image{{Digest: digestA, Tags: []string{"v1"}}}
		})
		p := Ready(t.Context(), c, o)
		require.Equal(t, report.Held, p.Verdict, p)
	})
}

func TestReadyUnproven(t *testing.T) {
	bubble(t, func(t *testing.T) {
		none, _ := fakeCluster(t, asItIs, chartSource())
		p := Ready(t.Context(), none, config(t))
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Remedy, "Deploy any workload")

		blind := config(t)
		blind.Images = func(context.Context) ([]ecr.Image, error) {
			return nil, errors.New("User: arn:x is not authorized to perform: ecr:DescribeImages")
		}
		some, _ := fakeCluster(t, asItIs, workload(t, "checkout"))
		p = Ready(t.Context(), some, blind)
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, "ecr:DescribeImages")

		forbidden := Cluster{Source: zot, Cluster: &cluster.Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithInterceptorFuncs(interceptor.Funcs{
			List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
				return apierrors.NewForbidden(schema.GroupResource{Resource: "ocirepositories"}, "", errors.New("no"))
			},
		}).Build()}}
		p = Ready(t.Context(), forbidden, config(t))
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Remedy, "list, watch and patch")

		flaky := 0
		gone, _ := fakeCluster(t, asItIs, workload(t, "checkout"))
		gone.Client = interceptor.NewClient(gone.Client, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if flaky++; flaky < 3 {
				return apierrors.NewServiceUnavailable("the API server is upgraded")
			}
			return c.List(ctx, list, opts...)
		}})
		p = Ready(t.Context(), gone, config(t))
		assert.Equal(t, report.Held, p.Verdict, "an API server that is gone for a moment is waited for")

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errDecided)
		p = Ready(ctx, some, config(t))
		assert.Equal(t, report.Unproven, p.Verdict)
	})
}

func TestReturned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		back := workload(t, "checkout")
		back.Spec.URL, back.Spec.Provider, back.Spec.SecretRef = zot, "generic", &meta.LocalObjectReference{Name: "zot-auth"}
		c, _ := fakeCluster(t, asItIs, back, chartSource())
		p := Returned(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)

		c, _ = fakeCluster(t, asItIs, workload(t, "checkout"))
		o := config(t)
		o.Timeout = time.Second
		p = Returned(t.Context(), c, o)
		require.Equal(t, report.Broken, p.Verdict, p)
		assert.Contains(t, p.Cause, "Hue has not pointed 1 of 1 OCIRepositories at "+zot)

		none, _ := fakeCluster(t, asItIs, chartSource())
		assert.Equal(t, report.Held, Returned(t.Context(), none, config(t)).Verdict)
	})
}

// TestReadySaysWhatWasBrokenBefore: what is accepted doesn't end the wait, and is never passed over in silence.
func TestReadySaysWhatWasBrokenBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		old, well := workload(t, "old"), workload(t, "well-again")
		old.Spec.Suspend = true
		c, n := fakeCluster(t, asItIs, workload(t, "checkout"), old, well)
		o := config(t)
		p := Ready(t.Context(), c, o)
		require.Equal(t, report.Broken, p.Verdict, "nobody has accepted it")

		n.patch = 0
		o.Accepted = func(cluster, namespace, name string) bool {
			return cluster == "hub" && namespace == "mural-system" && name != "checkout"
		}
		p = Ready(t.Context(), c, o)
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Equal(t, "2 of 2 workload OCIRepositories are Ready from 123456789012.dkr.ecr.us-east-1.amazonaws.com; nothing is said of 1 that were broken before: mural-system/old", p.Summary)
		require.Len(t, p.Evidence, 3)
		assert.Equal(t, report.Evidence{Object: "OCIRepository mural-system/old", Seen: "broken before the cutover, and accepted: it is suspended"}, p.Evidence[1])
		assert.Equal(t, 2, n.patch, "it is not asked to reconcile")
	})
}

// TestReadyOfNothingButBroken: where everything is accepted nothing is proven.
func TestReadyOfNothingButBroken(t *testing.T) {
	bubble(t, func(t *testing.T) {
		old := workload(t, "old")
		old.Spec.Suspend = true
		c, _ := fakeCluster(t, asItIs, old)
		o := config(t)
		o.Accepted = func(string, string, string) bool { return true }
		p := Ready(t.Context(), c, o)
		require.Equal(t, report.Unproven, p.Verdict, p)
		assert.Contains(t, p.Cause, "Every workload of this cluster was broken before")

		old.Spec.URL = zot
		require.NoError(t, c.Client.Update(t.Context(), old))
		p = Returned(t.Context(), c, o)
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Contains(t, p.Summary, "nothing is said of 1 that were broken before: mural-system/old")
	})
}
