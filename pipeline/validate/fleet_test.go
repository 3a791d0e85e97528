package validate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// nodePort is Zot's address as the spoke in these tests has it.
const nodePort = "oci://10.0.0.7:30500/mural-workloads"

func edge(t *testing.T, name string, handle func(*sourcev1.OCIRepository), objects ...client.Object) Cluster {
	t.Helper()
	c, _ := fakeCluster(t, handle, objects...)
	c.Name, c.Source, c.Context = name, nodePort, "prod "+name
	return c
}

func fetchedA(r *sourcev1.OCIRepository) {
	if r.Spec.URL != zot && r.Spec.URL != nodePort {
		fetched(r, "v1@"+digestA)
	}
}

func byName(proofs []report.Proof) map[string]report.Proof {
	all := map[string]report.Proof{}
	for _, p := range proofs {
		all[p.Name+" "+p.Cluster] = p
	}
	return all
}

// Seen: "ready edge-1 held, 7 of 7" of 24, since those at the spoke's own address of Zot did not count.
func TestReadySeesWhatASpokeReadsFromItsOwnAddress(t *testing.T) {
	for name, url := range map[string]string{
		"spoke's own": nodePort, "hub's": zot, "Service without domain": "oci://zot.mural-system.svc:5000/mural-workloads",
		"another cluster's": "oci://zot.edge-2.example/mural-workloads", "cluster IP": "oci://10.96.1.2:5000/mural-workloads",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				left := workload(t, "left")
				left.Spec.URL = url
				o := config(t)
				o.Zot.AddURL(zot)
				o.Zot.AddURL("oci://zot.edge-2.example/mural-workloads")
				o.Zot.AddHost("10.96.1.2")
				o.Hub = &cluster.Cluster{Context: "hub"}
				p := Ready(t.Context(), edge(t, "edge-1", fetchedA, workload(t, "moved"), left), o)
				require.Equal(t, report.Broken, p.Verdict, p)
				assert.Contains(t, p.Summary, "1 of 2")
				assert.Contains(t, p.Cause, "for example mural-system/left")
				assert.Contains(t, p.Remedy, "`kubectl --context hub --namespace mural-system logs deployment/hue`", "hue is not where the workload is")
			})
		})
	}
}

// Seen: closure held, and a digest without a tag that only the spoke used was never copied.
func TestReferencesOfASpokeAtItsOwnAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pinned := workload(t, "pinned")
		pinned.Spec.URL, pinned.Spec.Reference = nodePort, &sourcev1.OCIRepositoryRef{Digest: digestB}
		other := workload(t, "chart")
		other.Spec.URL = "oci://10.0.0.7:30500/charts/app"
		c := edge(t, "edge-1", nil, pinned, other, workload(t, "moved"), chartSource())
		got, err := References(t.Context(), c, config(t))
		require.NoError(t, err)
		assert.ElementsMatch(t, []copy.Reference{
			{Digest: digestB, From: "mural-system/pinned@edge-1"},
			{Tag: "v1", Digest: digestA, From: "mural-system/moved@edge-1"},
		}, got)
		all, err := ReferencesByRepository(t.Context(), c, config(t))
		require.NoError(t, err)
		assert.Equal(t, []copy.Reference{{Tag: "v1", Digest: digestA, From: "mural-system/chart@edge-1"}}, all["charts/app"])
	})
}

// Seen: a spoke that stopped answering when copy began, and a run that waited for it for ever.
func TestReferencesOfASpokeThatIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := edge(t, "edge-1", nil)
		c.Client = interceptor.NewClient(c.Client, interceptor.Funcs{
			List: func(ctx context.Context, _ client.WithWatch, _ client.ObjectList, _ ...client.ListOption) error {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(10 * time.Second): // as long as client-go itself tries
					return io.EOF
				}
			},
		})
		started := time.Now()
		_, err := References(context.WithoutCancel(t.Context()), c, config(t))
		require.ErrorIs(t, err, io.EOF)
		require.ErrorContains(t, err, `"edge-1"`)
		assert.Contains(t, fault.RemedyOf(err), "kubectl")
		assert.Equal(t, absence, time.Since(started))
	})
}

// Seen: "every workload reads from Zot, on hub, edge-1" with 23 of 25 on edge-1 not Ready.
func TestReturnedLooksAtTheSpokesOwnAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		back := workload(t, "back")
		back.Spec.URL = nodePort
		broken := workload(t, "broken")
		broken.Spec.URL = nodePort
		hub, _ := fakeCluster(t, asItIs)
		handle := func(r *sourcev1.OCIRepository) {
			fetched(r, "v1@"+digestA)
			if r.Name == "broken" {
				failed(r, "dial tcp 10.0.0.7:30500: connect: connection refused")
			}
		}
		proofs := byName(AllReturned(t.Context(), []Cluster{hub, edge(t, "edge-1", handle, back, broken)}, config(t)))
		assert.Equal(t, report.Held, proofs["ready hub"].Verdict)
		assert.Equal(t, report.Broken, proofs["ready edge-1"].Verdict, proofs["ready edge-1"])
		assert.Contains(t, proofs["ready edge-1"].Summary, "1 of 2")

		unknown := edge(t, "edge-2", asItIs, back)
		unknown.Source = ""
		p := Returned(t.Context(), unknown, config(t))
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, `for cluster "edge-2"`)

		elsewhere := workload(t, "elsewhere")
		elsewhere.Spec.URL = zot
		o := config(t)
		o.Zot.AddURL(zot)
		p = Returned(t.Context(), edge(t, "edge-3", asItIs, back, elsewhere), o)
		assert.Equal(t, report.Broken, p.Verdict, "the hub's address is not this spoke's")
	})
}

// A hub that is not a spoke has no workload, and must not keep a fleet from finishing.
func TestAHubWithoutWorkloadsHasNothingToProve(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hub, n := fakeCluster(t, fetchedA, hue()...)
		proofs := byName(Clusters(t.Context(), hub, []Cluster{edge(t, "edge-1", fetchedA, workload(t, "checkout"))}, config(t)).Proofs)
		for _, name := range []string{"ready hub", "pull hub"} {
			assert.Equal(t, report.Held, proofs[name].Verdict, proofs[name])
			assert.Contains(t, proofs[name].Summary, "nothing to prove")
		}
		assert.Equal(t, report.Held, proofs["ready edge-1"].Verdict, proofs["ready edge-1"])
		assert.Equal(t, report.Held, proofs["pull edge-1"].Verdict, proofs["pull edge-1"])
		assert.Zero(t, n.create, "no canary where there is nothing to prove")

		empty, _ := fakeCluster(t, fetchedA, hue()...)
		proofs = byName(Clusters(t.Context(), empty, []Cluster{edge(t, "edge-1", fetchedA)}, config(t)).Proofs)
		assert.Equal(t, report.Unproven, proofs["ready hub"].Verdict, "nobody has a workload: nothing is known")
		assert.Equal(t, report.Unproven, proofs["ready edge-1"].Verdict)
	})
}

// hang makes a cluster stop to answer once dead says so.
func hang(c Cluster, dead func() bool) Cluster {
	wait := func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	}
	c.Cluster.Client = interceptor.NewClient(c.Client, interceptor.Funcs{
		List: func(ctx context.Context, w client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if dead() {
				return wait(ctx)
			}
			return w.List(ctx, list, opts...)
		},
		Patch: func(ctx context.Context, w client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if dead() {
				return wait(ctx)
			}
			return w.Patch(ctx, o, p, opts...)
		},
		Delete: func(ctx context.Context, w client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			if dead() {
				return wait(ctx)
			}
			return w.Delete(ctx, o, opts...)
		},
	})
	return c
}

func TestAClusterThatHangsIsUnprovenAndItsCanaryIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hub, _ := fakeCluster(t, fetchedA, append(hue(), workload(t, "checkout"))...)
		var lock sync.Mutex
		dead := false
		// It dies when its canary has been made: nothing is fetched, nothing answers.
		dying := edge(t, "edge-1", func(r *sourcev1.OCIRepository) {
			lock.Lock()
			defer lock.Unlock()
			dead = dead || isCanary(r)
		}, workload(t, "checkout"))
		dying = hang(dying, func() bool {
			lock.Lock()
			defer lock.Unlock()
			return dead
		})
		start := time.Now()
		got := Clusters(t.Context(), hub, []Cluster{dying, edge(t, "edge-2", fetchedA, workload(t, "checkout"))}, config(t))
		assert.Less(t, time.Since(start), 7*time.Minute)
		proofs := byName(got.Proofs)
		for _, name := range []string{"ready edge-1", "pull edge-1"} {
			if name == "ready edge-1" && proofs[name].Verdict == report.Held {
				continue // it came to its verdict before the canary was made, while the cluster still answered
			}
			assert.Equal(t, report.Unproven, proofs[name].Verdict, proofs[name])
			assert.Contains(t, proofs[name].Summary, "does not answer")
			assert.Contains(t, proofs[name].Remedy, "kubectl --context 'prod edge-1' get --raw /readyz")
		}
		for _, name := range []string{"ready hub", "pull hub", "ready edge-2", "pull edge-2"} {
			assert.Equal(t, report.Held, proofs[name].Verdict, proofs[name])
		}
		assert.Equal(t, []journal.Leftover{{Cluster: "edge-1", Namespace: "mural-system", Name: Canary}}, got.Leftovers)

		lock.Lock()
		dead = false
		lock.Unlock()
		others := journal.Leftover{Cluster: "edge-9", Namespace: "a", Name: Canary}
		remaining, err := Sweep(t.Context(), dying, append(got.Leftovers, others))
		require.NoError(t, err)
		assert.Equal(t, []journal.Leftover{others}, remaining)
		gone(t, dying)
	})
}

func TestAClusterThatIsAwayFromTheStartIsUnproven(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hub, _ := fakeCluster(t, fetchedA, append(hue(), workload(t, "checkout"))...)
		away := hang(edge(t, "edge-1", asItIs), func() bool { return true })
		got := Clusters(t.Context(), hub, []Cluster{away}, config(t))
		proofs := byName(got.Proofs)
		assert.Equal(t, report.Unproven, proofs["ready edge-1"].Verdict)
		assert.Equal(t, report.Unproven, proofs["pull edge-1"].Verdict)
		assert.Equal(t, report.Held, proofs["ready hub"].Verdict)
		assert.Empty(t, got.Leftovers)
	})
}

// One that failed must not make those look undecided that come to their verdict by themselves.
func TestTheFirstFailureGivesTheOthersAMoment(t *testing.T) {
	bubble(t, func(t *testing.T) {
		suspended := workload(t, "checkout")
		suspended.Spec.Suspend = true
		hub, _ := fakeCluster(t, fetchedA, append(hue(), suspended)...)
		slow := edge(t, "edge-1", asItIs, workload(t, "checkout"))
		time.AfterFunc(5*time.Second, func() { // source-controller handles the requests and fetches the canary
			var list sourcev1.OCIRepositoryList
			assert.NoError(t, slow.Client.List(context.Background(), &list))
			for _, r := range list.Items {
				r.Status.LastHandledReconcileAt = r.Annotations[meta.ReconcileRequestAnnotation]
				fetched(&r, "v1@"+digestA)
				assert.NoError(t, slow.Client.Status().Update(context.Background(), &r))
			}
		})
		proofs := byName(Clusters(t.Context(), hub, []Cluster{slow}, config(t)).Proofs)
		assert.Equal(t, report.Broken, proofs["ready hub"].Verdict)
		assert.Equal(t, report.Held, proofs["ready edge-1"].Verdict, proofs["ready edge-1"])
		assert.Equal(t, report.Held, proofs["pull edge-1"].Verdict, proofs["pull edge-1"])
	})
}

func TestFiftySpokesSideBySideWithBoundedRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hub, _ := fakeCluster(t, fetchedA, append(hue(), workload(t, "checkout"))...)
		var spokes []Cluster
		var seen []*counts
		running, most := 0, 0
		var lock sync.Mutex
		for i := range 50 {
			c, n := fakeCluster(t, func(r *sourcev1.OCIRepository) {
				lock.Lock()
				running++
				most = max(most, running)
				lock.Unlock()
				time.Sleep(time.Second) // of the bubble
				lock.Lock()
				running--
				lock.Unlock()
				fetchedA(r)
			}, workload(t, "checkout"), workload(t, "cart"))
			c.Name = fmt.Sprintf("edge-%02d", i)
			spokes, seen = append(spokes, c), append(seen, n)
		}
		start := time.Now()
		proofs := Clusters(t.Context(), hub, spokes, config(t)).Proofs
		require.Len(t, proofs, 103)
		for _, p := range proofs[:102] {
			assert.Equal(t, report.Held, p.Verdict, p)
		}
		assert.Less(t, time.Since(start), time.Minute, "8 at a time, about 3 seconds each")
		for _, n := range seen {
			assert.LessOrEqual(t, n.list, 3)
			assert.LessOrEqual(t, n.watch, 2)
			assert.Equal(t, 2, n.patch)
			assert.Equal(t, 1, n.create)
		}
		assert.LessOrEqual(t, most, 3*8)
	})
}

func TestServiceAccountsThatMakeFluxIgnoreTheProvider(t *testing.T) {
	account := func(name string, secrets ...string) *corev1.ServiceAccount {
		a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: name}}
		for _, s := range secrets {
			a.ImagePullSecrets = append(a.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
		}
		return a
	}
	for name, test := range map[string]struct {
		account string
		objects []client.Object
		flag    []string
		verdict report.Verdict
		cause   string
	}{
		"with pull secrets":          {"puller", []client.Object{account("puller", "zot-auth")}, nil, report.Broken, "imagePullSecrets (zot-auth)"},
		"without":                    {"puller", []client.Object{account("puller")}, nil, report.Held, ""},
		"missing":                    {"puller", nil, nil, report.Broken, "ServiceAccount mural-system/puller"},
		"default with pull secrets":  {"", []client.Object{account("tenant", "zot-auth")}, []string{"--default-service-account=tenant"}, report.Broken, "imagePullSecrets (zot-auth)"},
		"default missing":            {"", nil, []string{"--default-service-account", "tenant"}, report.Broken, "ServiceAccount mural-system/tenant"},
		"no flag, unused is ignored": {"", []client.Object{account("tenant", "zot-auth")}, []string{"--watch-all-namespaces"}, report.Held, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := workload(t, "checkout")
				r.Spec.ServiceAccountName = test.account
				controller := hue()[0].DeepCopyObject().(client.Object)
				controller.SetName("source-controller")
				withArgs(controller, test.flag...)
				c, _ := fakeCluster(t, fetchedA, append(test.objects, r, controller)...)
				p := Ready(t.Context(), c, config(t))
				assert.Equal(t, test.verdict, p.Verdict, p)
				assert.Contains(t, p.Cause, test.cause)
			})
		})
	}
}

func TestReadyCannotSeeServiceAccounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := workload(t, "checkout")
		r.Spec.ServiceAccountName = "puller"
		c, _ := fakeCluster(t, fetchedA, r)
		c.Cluster.Client = interceptor.NewClient(c.Client, interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return errors.New("forbidden")
		}})
		p := Ready(t.Context(), c, config(t))
		assert.Equal(t, report.Unproven, p.Verdict)
		assert.Contains(t, p.Cause, "ServiceAccount mural-system/puller")
	})
}
