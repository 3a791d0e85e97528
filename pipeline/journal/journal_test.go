package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	namespace   = "mural-system"
	destination = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads"
	source      = "oci://zot:5000/mural-workloads"
)

var (
	now    = time.Date(2026, 11, 21, 4, 0, 0, 123, time.UTC)
	values = map[string]any{"hue": map[string]any{"replicas": 2, "ociRegistry": map[string]any{"basicAuth": map[string]any{"password": "zot-secret"}}}}
)

func held(name, cluster string) report.Proof {
	return report.Proof{Name: name, Cluster: cluster, Verdict: report.Held, Summary: "it held", ObservedAt: now, ExpiresAt: now.Add(time.Hour)}
}

// counting is a cluster that counts writes.
func counting(t *testing.T, objects ...client.Object) (client.Client, *int) {
	t.Helper()
	writes := 0
	return fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			writes++
			return c.Create(ctx, obj, opts...)
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			writes++
			return c.Update(ctx, obj, opts...)
		},
	}).Build(), &writes
}

func load(t *testing.T, c client.Client) *journal.Journal {
	t.Helper()
	j, err := journal.Load(t.Context(), c, namespace)
	require.NoError(t, err)
	return j
}

func TestRoundTripWritesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	c, writes := counting(t)
	j := load(t, c)
	assert.Nil(t, j.Original)
	j.Begin(destination, source, 3, values)
	require.NoError(t, j.Save(t.Context()))
	j.Switched(now)
	j.Prove([]report.Proof{held("ready", "hub"), held("pull", "hub"), {Name: "push", Verdict: report.Unproven}})
	require.NoError(t, j.Save(t.Context()))
	require.NoError(t, j.Save(t.Context()))
	assert.Equal(t, 2, *writes)

	var secret corev1.Secret
	require.NoError(t, c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: journal.Name}, &secret))
	assert.Equal(t, journal.Type, secret.Type)
	assert.Equal(t, "palette-ecr", secret.Labels["app.kubernetes.io/managed-by"])

	again := load(t, c)
	assert.Equal(t, source, again.Source)
	assert.Equal(t, 3, again.PreviousRevision)
	assert.Equal(t, "zot-secret", again.Original["hue"].(map[string]any)["ociRegistry"].(map[string]any)["basicAuth"].(map[string]any)["password"])
	assert.True(t, again.SwitchedAt.Equal(now))
	assert.Len(t, again.Fresh(now.Add(time.Minute), destination), 2, "what is unproven is not kept")
	again.Switched(now)
	again.Prove(nil)
	require.NoError(t, again.Save(t.Context()))
	assert.Equal(t, 2, *writes, "nothing changed")
}

func TestFresh(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	j := load(t, c)
	j.Begin(destination, source, 1, nil)
	require.NoError(t, j.Save(t.Context()))
	assert.NotNil(t, load(t, c).Original, "that there were no values is on record too")
	j.Prove([]report.Proof{held("pull", "hub")})
	assert.Len(t, j.Fresh(now, destination), 1)
	assert.Empty(t, j.Fresh(now.Add(2*time.Hour), destination), "it has expired")
	assert.Empty(t, j.Fresh(now, "oci://elsewhere/x"), "it is about another destination")
	assert.Empty(t, j.Fresh(now.Add(-time.Hour), destination), "it is from the future: a clock is wrong")
	broken := held("pull", "hub")
	broken.Verdict = report.Broken
	j.Prove([]report.Proof{broken})
	assert.Empty(t, j.Fresh(now, destination), "what failed since takes the older proof away")
	j.Prove([]report.Proof{held("pull", "hub")})
	j.Switched(now)
	assert.Empty(t, j.Fresh(now, destination), "it is from before the switch")
	j.Prove([]report.Proof{held("pull", "hub")})
	j.Back("edge-1")
	assert.Equal(t, []string{"edge-1"}, j.Behind)
	j.Returned("edge-2")
	assert.Equal(t, []string{"edge-1"}, j.Behind)
	j.Returned("edge-1")
	assert.Empty(t, j.Behind)
	assert.Empty(t, j.Fresh(now, destination))
	assert.True(t, j.SwitchedAt.IsZero())
	assert.NotNil(t, j.Original, "the rollback stays known")
}

// TestOldJournal reads one of a release of palette-ecr that noted stages too, and leaves it as it is.
func TestOldJournal(t *testing.T) {
	t.Parallel()
	const old = `{"apiVersion": "palette-ecr/v1alpha1", "source": "oci://zot.mural-system:5000/mural-workloads", "destination": "oci://x/y", "original": {"hue": {}}, "open": true, "previousRevision": 2, "stages": ["copy", "deploy"]}`
	c, writes := counting(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: journal.Name}, Data: map[string][]byte{"journal.json": []byte(old)}})
	j := load(t, c)
	assert.True(t, j.Open)
	assert.Equal(t, 2, j.PreviousRevision)
	assert.Equal(t, "oci://zot.mural-system:5000/mural-workloads", j.Source)
	require.NoError(t, j.Save(t.Context()))
	assert.Zero(t, *writes, "nothing changed")
	j.Switched(now)
	require.NoError(t, j.Save(t.Context()))
	assert.Equal(t, 1, *writes)
	assert.True(t, load(t, c).Open)
}

func TestLoadRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for text, data := range map[string]string{"it is not what palette-ecr writes": `{"apiVersion": zot-secret`, `its version is "palette-ecr/v9"`: `{"apiVersion": "palette-ecr/v9"}`} {
		c, _ := counting(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: journal.Name}, Data: map[string][]byte{"journal.json": []byte(data)}})
		_, err := journal.Load(t.Context(), c, namespace)
		require.ErrorContains(t, err, text)
		assert.NotContains(t, err.Error(), "zot-secret")
		assert.Equal(t, fault.Refused, fault.CodeOf(err))
	}
	failing := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithInterceptorFuncs(interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return errors.New("no permission")
		},
	}).Build()
	_, err := journal.Load(t.Context(), failing, namespace)
	require.ErrorContains(t, err, "reading the journal, Secret mural-system/palette-ecr-journal: no permission")
}

func TestTwoRunsAtOnce(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	one, two := load(t, c), load(t, c)
	one.Begin(destination, source, 1, values)
	require.NoError(t, one.Save(t.Context()))
	two.Begin(destination, source, 1, values)
	err := two.Save(t.Context())
	require.ErrorContains(t, err, "another run has written it")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	three := load(t, c)
	one.Switched(now)
	require.NoError(t, one.Save(t.Context()))
	three.Prove([]report.Proof{held("ready", "hub")})
	require.ErrorContains(t, three.Save(t.Context()), "another run has written it")
}

func TestNothingOfItIsPrinted(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	j := load(t, c)
	j.Begin(destination, source, 1, values)
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, j), "zot-secret")
	}
}

func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	c, _ := counting(t)
	j := load(t, c)
	p := held("ready", "hub")
	p.Evidence = make([]report.Evidence, 1000)
	j.Prove([]report.Proof{p})
	assert.Len(t, j.Fresh(now, "")[0].Evidence, 10)
	assert.Len(t, p.Evidence, 1000)
}

// A journal that an older palette-ecr wrote has stages, and one address for all clusters.
func TestJournalOfBeforeIsRead(t *testing.T) {
	c, _ := counting(t)
	old := `{"apiVersion":"palette-ecr/v1alpha1","source":"` + source + `","destination":"` + destination + `","original":{},"open":true,"stages":["copy","deploy"]}`
	require.NoError(t, c.Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: journal.Name}, Type: journal.Type, Data: map[string][]byte{"journal.json": []byte(old)},
	}))
	j := load(t, c)
	assert.True(t, j.Open)
	assert.Equal(t, source, j.SourceOf("hub"))
	assert.Equal(t, source, j.SourceOf("edge-1"))

	j.Sources = map[string]string{"hub": source, "edge-1": "oci://10.0.0.7:30500/mural-workloads"}
	assert.Equal(t, "oci://10.0.0.7:30500/mural-workloads", j.SourceOf("edge-1"))
	assert.Empty(t, j.SourceOf("edge-2"), "nobody knows the address of a cluster that is not on record")
}

func TestWhatIsNotedForLater(t *testing.T) {
	c, _ := counting(t)
	j := load(t, c)
	j.NoteCopied([]string{"sha256:a"})
	assert.Empty(t, j.Copied, "before the switch it means nothing")
	j.Switched(now)
	j.NoteCopied([]string{"sha256:b", "sha256:a"})
	j.NoteCopied([]string{"sha256:a"})
	assert.Equal(t, []string{"sha256:a", "sha256:b"}, j.Copied)
	left := journal.Leftover{Cluster: "edge-1", Namespace: "team-a", Name: "palette-ecr-canary"}
	j.Leave([]journal.Leftover{left})
	j.Leave([]journal.Leftover{left})
	assert.Equal(t, []journal.Leftover{left}, j.Leftovers)
	assert.Equal(t, "edge-1: team-a/palette-ecr-canary", left.String())

	j.Begin(destination, source, 1, values)
	assert.Equal(t, []journal.Leftover{left}, j.Leftovers, "it is still in the cluster")
	assert.Empty(t, j.Copied)
}
