package pipeline

import (
	"context"
	"fmt"
	"testing"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/probe"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// notInstalled is a cluster without the release, and an empty repository.
func notInstalled(t *testing.T) (*installation, *emulator.Emulator) {
	t.Helper()
	s, e := betweenRegistries(t)
	s.Install, s.given.Install = true, true
	// A canary is fetched at once.
	fetched := interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		if r, ok := o.(*sourcev1.OCIRepository); ok {
			r.UID = types.UID(r.Name)
			r.Status = sourcev1.OCIRepositoryStatus{Artifact: &meta.Artifact{Revision: probe.Tag + "@sha256:0"}, Conditions: []metav1.Condition{
				{Type: meta.ReadyCondition, Status: metav1.ConditionTrue}, {Type: sourcev1.ArtifactInStorageCondition, Status: metav1.ConditionTrue},
			}}
		}
		return c.Create(ctx, o, opts...)
	}}
	s.Hub.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithInterceptorFuncs(fetched).Build()
	j, err := journal.Load(t.Context(), s.Hub.Client, "mural-system")
	require.NoError(t, err)
	s.State = state.New(&deploy.Release{}, j, s.Chart)
	return s, e
}

func TestAnInstallationNeverTurnsZotOn(t *testing.T) {
	t.Parallel()
	s, _ := notInstalled(t)
	rendered, err := Render(t.Context(), s.World, s.State, s.given)
	require.NoError(t, err)
	assert.Equal(t, false, mural.Get(rendered.Values, mural.ZotEnabled()...))
	assert.Equal(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", mural.Get(rendered.Values, "hue", "ociRegistry", "endpoint"))
	copied, err := Copy(t.Context(), s.World, s.State, Planned{Linted: Linted{Rendered: rendered}})
	require.NoError(t, err)
	assert.Equal(t, "nothing is installed yet: there is no Zot to copy from", copied.Entry().Skip)
	require.NoError(t, beginJournal(t.Context(), s.World, s.State, rendered, nil))
	assert.Nil(t, s.Journal.Original, "there is nothing to go back to")
	assert.Equal(t, s.Destination.URL(), s.Journal.Destination)
	assert.Equal(t, report.ZotAbsent, standing(t.Context(), s.World, s.State).Zot)
	require.NoError(t, checkManager(s.World, s.State))
	s.Managed.By = deploy.ByFlux
	require.Error(t, checkManager(s.World, s.State), "Flux is about to install it")
}

// TestAnInstallationIsProvenByAProbe: by what can be known before the first workload, and it says what can't.
func TestAnInstallationIsProvenByAProbe(t *testing.T) {
	t.Parallel()
	s, e := notInstalled(t)
	s.Live = &deploy.Release{Revision: 1, Status: "deployed", Merged: onRegistry(s.Destination.Registry.Endpoint(), false)}
	s.Journal.Installed(s.Destination.URL(), nil)
	s.Journal.Switched(noon)
	in := s.deployment(t)
	in.Rendered = held(report.ProofRendered, "")

	done, err := Validate(t.Context(), s.World, s.State, in)
	require.NoError(t, err)
	assert.Contains(t, done.Entry().Summary, "fetched a probe from ECR that you have pushed, and it is gone again; unproven until the first workload: that hue pushes")
	require.Len(t, done.Entry().Proofs, 1)
	assert.Equal(t, report.ProofPull, done.Entry().Proofs[0].Name)
	images, err := s.ECR.Images(t.Context())
	require.NoError(t, err)
	assert.Empty(t, images, "the probe is gone")

	require.NoError(t, e.Control.Reset(t.Context()))
	copied, err := Copy(t.Context(), s.World, s.State, Planned{Linted: Linted{Rendered: Rendered{Given: s.given}}})
	require.NoError(t, err)
	assert.Contains(t, copied.Entry().Skip, "there is nothing to copy, and nothing to prove")
	again, err := Validate(t.Context(), s.World, s.State, in)
	require.NoError(t, err)
	assert.Contains(t, again.Entry().Skip, "unproven until the first workload")
	counters, err := e.Control.Counters(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites(), "a second run writes nothing")

	in.Copied.Planned.Linted.Rendered.Given.Install = false
	alone, err := isUnused(t.Context(), s.World, s.State, in)
	require.NoError(t, err)
	assert.False(t, alone, "without --install every proof is needed")
}

func TestPrepareInstall(t *testing.T) {
	t.Parallel()
	s, _ := notInstalled(t)
	s.Target.Release.ManagedBy = target.Flux // Helm's prerequisites need a cluster's kinds
	require.NoError(t, prepareInstall(t.Context(), s.World, s.State, Rendered{}))
	require.NoError(t, prepareInstall(t.Context(), s.World, s.State, Rendered{}), "it is there already")
	require.NoError(t, s.Hub.Client.Get(t.Context(), client.ObjectKey{Name: "mural-system"}, &corev1.Namespace{}))

	_, err := readBefore(Options{Before: "sources.yaml"})
	require.ErrorContains(t, err, "for an installation with Flux only")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

func TestUndoOfAnInstallation(t *testing.T) {
	t.Parallel()
	s, _ := notInstalled(t)
	entry, err := UndoDeploy(t.Context(), s.World, s.State, Deployment{Result: &deploy.Result{Changed: true}})
	require.NoError(t, err)
	assert.Equal(t, "there was no release before: what was installed stays", entry.Skip)
}

// TestValuesOfWhatIsMadeWithTheInstallation is about a Secret that the HelmRelease's valuesFrom names and --flux-manifests
// brings: it is not there before the installation.
func TestValuesOfWhatIsMadeWithTheInstallation(t *testing.T) {
	t.Parallel()
	const release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural, namespace: mural-system}\n" +
		"spec:\n  chartRef: {kind: OCIRepository, name: mural}\n  valuesFrom: [{kind: Secret, name: mural-values}]\n  values: {hue: {replicas: 2}}\n"
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: mural-values, namespace: %s}\nstringData: {values.yaml: 'hue: {concurrency: 6}'}\n"
	live := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mural-values", Namespace: "mural-system"}, Data: map[string][]byte{"values.yaml": []byte("hue: {concurrency: 7}")}}
	for name, c := range map[string]struct {
		made string
		live []client.Object
		want any
		err  string
	}{
		"made with it":         {made: fmt.Sprintf(secret, "mural-system"), want: 6},
		"there already":        {made: fmt.Sprintf(secret, "mural-system"), live: []client.Object{live}, want: 7},
		"in another namespace": {made: fmt.Sprintf(secret, "elsewhere"), err: "there is no Secret/mural-values"},
		"nothing made":         {err: "there is no Secret/mural-values"},
		"encrypted":            {made: fmt.Sprintf(secret, "mural-system") + "sops: {mac: 'ENC[AES256_GCM,data:x]'}\n", want: nil},
		"no YAML":              {made: "a: [", err: `parsing "sources.yaml"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, err := values.Parse("mural.yaml", []byte(release))
			require.NoError(t, err)
			given := Given{File: file}
			if c.made != "" {
				given.Before = []byte(c.made)
			}
			hub := &cluster.Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(c.live...).Build()}
			made, err := given.made(Options{Before: "sources.yaml"})
			if err == nil {
				file, err = render.FromCluster(t.Context(), file, hub, "mural-system", made)
			}
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				assert.Equal(t, fault.Usage, fault.CodeOf(err))
				return
			}
			require.NoError(t, err)
			assert.EqualValues(t, c.want, mural.Get(file.Merged(), "hue", "concurrency"))
		})
	}
}
