package validate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

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

func gone(t *testing.T, c Cluster) {
	t.Helper()
	err := c.Client.Get(context.Background(), client.ObjectKey{Namespace: "mural-system", Name: Canary}, &sourcev1.OCIRepository{})
	assert.True(t, apierrors.IsNotFound(err), "the canary is deleted, got %v", err)
}

func TestPullFetchesWhatAWorkloadUses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var canary sourcev1.OCIRepository
		used := workload(t, "checkout")
		used.Spec.LayerSelector = &sourcev1.OCILayerSelector{MediaType: "application/x", Operation: "copy"}
		left := workload(t, Canary) // by a run that was killed
		left.Labels = map[string]string{"old": "yes"}
		c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { fetched(r, digestA) }), used, left, chartSource())
		p, _ := Pull(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Equal(t, destination(t).URL(), canary.Spec.URL)
		assert.Equal(t, "aws", canary.Spec.Provider)
		assert.Equal(t, &sourcev1.OCIRepositoryRef{Digest: digestA}, canary.Spec.Reference)
		assert.Equal(t, used.Spec.LayerSelector, canary.Spec.LayerSelector)
		assert.NotContains(t, canary.Labels, "old", "it is a new object")
		gone(t, c)
	})
}

func TestPullTakesAnyTagWhenNoWorkloadIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var canary sourcev1.OCIRepository
		c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { fetched(r, "v1@"+digestA) }), chartSource())
		p, _ := Pull(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Equal(t, "v1", canary.Spec.Reference.Tag)

		empty := config(t)
		empty.Images = func(context.Context) ([]ecr.Image, error) { return nil, nil }
		p, _ = Pull(t.Context(), c, empty)
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Remedy, "palette-ecr copy")
	})
}

func TestPullFailsWithTheTrueCauseAndLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var canary sourcev1.OCIRepository
		c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { failed(r, denied) }), workload(t, "checkout"))
		o := config(t)
		start := time.Now()
		p, _ := Pull(t.Context(), c, o)
		require.Equal(t, report.Broken, p.Verdict, p)
		assert.Less(t, time.Since(start), 30*time.Second)
		assert.Contains(t, p.Cause, "assumed-role/palette-ecr/1 may not call ecr:BatchGetImage")
		assert.Contains(t, p.Remedy, "palette-ecr policies")
		gone(t, c)
	})
}

func TestPullNotStoredIsNotFetched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var canary sourcev1.OCIRepository
		c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) {
			fetched(r, digestA)
			r.Status.Conditions = r.Status.Conditions[:1] // Ready, but without ArtifactInStorage
		}), workload(t, "checkout"))
		o := config(t)
		p, _ := Pull(t.Context(), c, o)
		require.Equal(t, report.Broken, p.Verdict, p)
		gone(t, c)
	})
}

// Another run replaces the canary by its own: there is nothing to wait for any more.
func TestPullTakenAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, _ := fakeCluster(t, asItIs, workload(t, "checkout"))
		replaced := make(chan error, 1)
		time.AfterFunc(300*time.Millisecond, func() {
			theirs := &sourcev1.OCIRepository{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: Canary}}
			replaced <- errors.Join(c.Client.Delete(context.Background(), theirs.DeepCopy()), c.Client.Create(context.Background(), theirs))
		})
		o := config(t)
		start := time.Now()
		p, _ := Pull(t.Context(), c, o)
		require.Equal(t, report.Unproven, p.Verdict, p)
		assert.Less(t, time.Since(start), 20*time.Second)
		assert.Contains(t, p.Cause, "OCIRepository mural-system/palette-ecr-canary was deleted or replaced by somebody else")
		require.NoError(t, <-replaced)
		require.NoError(t, c.Client.Get(t.Context(), client.ObjectKey{Namespace: "mural-system", Name: Canary}, &sourcev1.OCIRepository{}), "theirs stays")
	})
}

func TestPullCancelledLeavesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var canary sourcev1.OCIRepository
		c, _ := fakeCluster(t, made(&canary, asItIs), workload(t, "checkout"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		p, _ := Pull(ctx, c, config(t))
		assert.Equal(t, report.Unproven, p.Verdict)
		gone(t, c)
	})
}

func TestReferences(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pinned, ranged, moved, plain := workload(t, "pinned"), workload(t, "ranged"), workload(t, "moved"), workload(t, "plain")
		pinned.Spec.URL, pinned.Spec.Reference = zot, &sourcev1.OCIRepositoryRef{Digest: digestB, Tag: "v1"}
		ranged.Spec.Reference = &sourcev1.OCIRepositoryRef{SemVer: "1.x"}
		ranged.Status.Artifact = &meta.Artifact{Revision: "1.2.3@" + digestA}
		moved.Spec.Reference = &sourcev1.OCIRepositoryRef{Tag: "v2"} // v1 is what was fetched
		plain.Spec.Reference, plain.Status.Artifact = nil, nil
		never := workload(t, "never")
		never.Spec.Reference, never.Status.Artifact = &sourcev1.OCIRepositoryRef{SemVer: "2.x"}, nil
		c, _ := fakeCluster(t, nil, pinned, ranged, moved, plain, never, workload(t, "tagged"), workload(t, Canary), chartSource())
		got, err := References(t.Context(), c, config(t))
		require.NoError(t, err)
		assert.ElementsMatch(t, []copy.Reference{
			{Digest: digestB, From: "mural-system/pinned@hub"},
			{Tag: "1.2.3", Digest: digestA, From: "mural-system/ranged@hub"},
			{Tag: "v2", From: "mural-system/moved@hub"},
			{Tag: "latest", From: "mural-system/plain@hub"},
			{Tag: "v1", Digest: digestA, From: "mural-system/tagged@hub"},
		}, got)
	})
}

// Each way in which workloads are fetched has its own canary, with just these settings.
func TestPullTriesEveryIdentity(t *testing.T) {
	bubble(t, func(t *testing.T) {
		with := func(name string, change func(*sourcev1.OCIRepository)) *sourcev1.OCIRepository {
			r := workload(t, name)
			change(r)
			return r
		}
		var lock sync.Mutex
		canaries := map[string]*sourcev1.OCIRepository{}
		broken := ""
		handle := func(r *sourcev1.OCIRepository) {
			if !isCanary(r) {
				return
			}
			lock.Lock()
			defer lock.Unlock()
			canaries[r.Namespace+"/"+r.Name] = r.DeepCopy()
			fetched(r, digestA)
			if broken != "" && r.Spec.ServiceAccountName == broken {
				failed(r, "FeatureGateDisabled: to use spec.serviceAccountName for provider authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller")
			}
		}
		c, n := fakeCluster(t, handle, workload(t, "plain-1"), workload(t, "plain-2"),
			with("account", func(r *sourcev1.OCIRepository) { r.Spec.ServiceAccountName = "tenant" }),
			with("cert", func(r *sourcev1.OCIRepository) { r.Spec.CertSecretRef = &meta.LocalObjectReference{Name: "ca"} }),
			with("proxy", func(r *sourcev1.OCIRepository) { r.Spec.ProxySecretRef = &meta.LocalObjectReference{Name: "proxy"} }),
			with("signed", func(r *sourcev1.OCIRepository) {
				r.Spec.Verify = &sourcev1.OCIRepositoryVerification{Provider: "cosign"}
			}),
			with("insecure", func(r *sourcev1.OCIRepository) { r.Spec.Insecure = true }),
			with("other", func(r *sourcev1.OCIRepository) { r.Namespace = "tenant-a"; r.Status.Artifact.Revision = digestB }),
			with("fresh", func(r *sourcev1.OCIRepository) { r.Namespace = "tenant-b"; r.Status.Artifact = nil }))
		p, left := Pull(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Empty(t, left)
		assert.Equal(t, 8, n.create)
		assert.Len(t, p.Evidence, 8)
		assert.Contains(t, p.Summary, "8 new OCIRepositories")
		assert.Equal(t, digestB, canaries["tenant-a/"+Canary].Spec.Reference.Digest)
		assert.Equal(t, digestA, canaries["tenant-b/"+Canary].Spec.Reference.Digest, "what fetched nothing yet reads another's artifact")
		settings := map[string]bool{}
		for _, r := range canaries {
			settings[identityOf(r).String()] = true
		}
		for _, want := range []string{
			"namespace mural-system", "namespace mural-system, serviceAccountName tenant", "namespace mural-system, certSecretRef ca",
			"namespace mural-system, proxySecretRef proxy", "namespace mural-system, verify", "namespace mural-system, insecure", "namespace tenant-a", "namespace tenant-b",
		} {
			assert.True(t, settings[want], want)
		}
		var list sourcev1.OCIRepositoryList
		require.NoError(t, c.Client.List(t.Context(), &list))
		assert.Len(t, list.Items, 9, "every canary is deleted")

		broken = "tenant"
		p, _ = Pull(t.Context(), c, config(t))
		require.Equal(t, report.Broken, p.Verdict, p)
		assert.Contains(t, p.Remedy, "ObjectLevelWorkloadIdentity=true")
	})
}

func TestPullBoundsItsCanaries(t *testing.T) {
	t.Parallel()
	var all []identity
	for i := range 100 {
		all = append(all, identity{namespace: fmt.Sprint("tenant-", i)})
	}
	chosen, said, untried := choose(all, 10)
	assert.Len(t, chosen, 10)
	assert.Equal(t, "90 more differ by their namespace alone, under source-controller's own identity", said)
	assert.False(t, untried)

	for i := range all {
		all[i].account = "tenant"
	}
	chosen, said, untried = choose(all, 10)
	assert.Len(t, chosen, 10)
	assert.Equal(t, "90 more ways to fetch were not tried, since at most 10 canaries are made", said)
	assert.True(t, untried)

	chosen, said, untried = choose(all[:10], 10)
	assert.Len(t, chosen, 10)
	assert.Empty(t, said)
	assert.False(t, untried)
}

func TestPullIsUnprovenWhenNotEveryIdentityIsTried(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var objects []client.Object
		for i := range 3 {
			r := workload(t, fmt.Sprint("w-", i))
			r.Spec.ServiceAccountName = fmt.Sprint("tenant-", i)
			objects = append(objects, r)
		}
		c, _ := fakeCluster(t, func(r *sourcev1.OCIRepository) { fetched(r, digestA) }, objects...)
		o := config(t)
		o.Canaries = 2
		p, _ := Pull(t.Context(), c, o)
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, "1 more ways to fetch were not tried")
	})
}

// TestPullImitatesNothingThatWasBrokenBefore, unless there is nothing else.
func TestPullImitatesNothingThatWasBrokenBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var canary sourcev1.OCIRepository
		broken := workload(t, "old")
		broken.Spec.ServiceAccountName = "no-longer-there"
		c, _ := fakeCluster(t, made(&canary, func(r *sourcev1.OCIRepository) { fetched(r, digestA) }), workload(t, "checkout"), broken)
		o := config(t)
		o.Accepted = func(_, _, name string) bool { return name == "old" }
		p, _ := Pull(t.Context(), c, o)
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Len(t, p.Evidence, 1)
		assert.Contains(t, p.Summary, "nothing is said of 1 that were broken before: mural-system/old")
		o.Accepted = func(string, string, string) bool { return true }
		p, _ = Pull(t.Context(), c, o)
		assert.Len(t, p.Evidence, 2)
	})
}
