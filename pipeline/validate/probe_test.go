package validate

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestProbe: before the switch workloads still have what they need for Zot, which a canary must not have.
func TestProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		onZot := workload(t, "checkout")
		onZot.Spec.URL, onZot.Spec.Provider, onZot.Spec.Insecure = nodePort, "generic", true
		onZot.Spec.CertSecretRef = &meta.LocalObjectReference{Name: "zot-ca"}
		onZot.Spec.SecretRef = &meta.LocalObjectReference{Name: "zot-login"}
		fresh := onZot.DeepCopy() // hue has pushed it to Zot since copy: ECR does not have it yet
		fresh.Name, fresh.UID = "newer", "newer"
		fetched(fresh, "v9@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc")
		var canaries []*sourcev1.OCIRepository
		c := edge(t, "edge-1", func(r *sourcev1.OCIRepository) {
			canaries = append(canaries, r.DeepCopy())
			fetched(r, "v1@"+digestA)
		}, fresh, onZot)
		p, left := Probe(t.Context(), c, config(t))
		require.Equal(t, report.Held, p.Verdict, p)
		assert.Empty(t, left)
		require.Len(t, canaries, 1)
		spec := canaries[0].Spec
		assert.Equal(t, destination(t).URL(), spec.URL)
		assert.Equal(t, "aws", spec.Provider)
		assert.Equal(t, digestA, spec.Reference.Digest, "what the destination has")
		assert.False(t, spec.Insecure)
		assert.Nil(t, spec.CertSecretRef)
		assert.Nil(t, spec.SecretRef)
		var all sourcev1.OCIRepositoryList
		require.NoError(t, c.Client.List(t.Context(), &all))
		assert.Len(t, all.Items, 2, "no canary stays, and nothing of a workload is touched")
	})
}

// TestProbeFindsWhatTheRoleLacks: its trust in the spoke's issuer, or a right.
func TestProbeFindsWhatTheRoleLacks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		onZot := workload(t, "checkout")
		onZot.Spec.URL = nodePort
		message := "failed to login to registry: operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 403, api error AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"
		c := edge(t, "edge-1", func(r *sourcev1.OCIRepository) { failed(r, message) }, onZot)
		p, _ := Probe(t.Context(), c, config(t))
		require.Equal(t, report.Broken, p.Verdict, p)
		assert.Contains(t, p.Cause+p.Remedy, "trust")

		o := config(t)
		o.Images = func(context.Context) ([]ecr.Image, error) { return nil, nil }
		p, _ = Probe(t.Context(), c, o)
		assert.Equal(t, report.Unproven, p.Verdict, "nothing was copied: there is nothing to fetch")
	})
}

// TestASpokeThatIsDeadBeforeTheProbe: whoever waits for the switch does not wait for the whole --timeout.
func TestASpokeThatIsDeadBeforeTheProbe(t *testing.T) {
	refused := func(c Cluster) Cluster {
		c.Cluster.Client = interceptor.NewClient(c.Client, interceptor.Funcs{
			List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
				return syscall.ECONNREFUSED
			},
		})
		return c
	}
	hanging := func(c Cluster) Cluster { return hang(c, func() bool { return true }) }
	for name, dead := range map[string]func(Cluster) Cluster{"it refuses connections": refused, "it never answers": hanging} {
		for which, prove := range map[string]func(context.Context, Cluster, Config) (report.Proof, []journal.Leftover){"probe": Probe, "pull": Pull} {
			t.Run(name+", "+which, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					start := time.Now()
					p, left := prove(t.Context(), dead(edge(t, "edge-1", fetchedA, workload(t, "checkout"))), config(t))
					assert.LessOrEqual(t, time.Since(start), time.Minute)
					assert.Equal(t, report.Unproven, p.Verdict)
					assert.Equal(t, "the cluster does not answer", p.Summary)
					assert.Contains(t, p.Cause, `Cluster "edge-1"`)
					assert.Empty(t, left)
				})
			})
		}
	}
}
