package deploy

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// empty is a cluster without a release.
func empty(t *testing.T, w *world) {
	t.Helper()
	for _, name := range []string{"mural", "mural-crds"} {
		_, err := w.helm.config.Releases.Delete(name, 1)
		require.NoError(t, err)
	}
	w.options.Install, w.helm.options.Install = true, true
}

func TestInstallMakesBothReleasesWithoutZot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	empty(t, w)
	result, err := w.run(t, map[string]any{"zot": map[string]any{"enabled": true}})
	require.ErrorContains(t, err, "zot.enabled is true, and a new installation on ECR needs no Zot")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.False(t, result.Changed)
	last, err := w.helm.last("mural-crds")
	require.NoError(t, err)
	assert.Nil(t, last, "nothing was touched")

	result, err = w.run(t, toECR)
	require.NoError(t, err)
	assert.Equal(t, 1, result.Revision)
	assert.Equal(t, "mural-crds is now version 0.7.4, revision 1", result.CRDs)
	again, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.False(t, again.Changed, "a second one has nothing to do")
}

func TestAnInstallationThatFailedGoesOn(t *testing.T) {
	t.Parallel()
	failing := &kubefake.FailingKubeClient{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard}, WaitError: errors.New("timed out")}
	w := newWorld(t, failing)
	empty(t, w)
	w.options.CRDs = nil
	_, err := w.run(t, toECR)
	require.ErrorContains(t, err, "installing release mural-system/mural")
	failing.WaitError = nil
	w.options.Chart = muralChart("1.0.7")
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.Equal(t, 2, result.Revision)
}

// fresh is a cluster that knows some kinds.
func fresh(objects ...client.Object) *cluster.Cluster {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("Deployment"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ServiceAccount"), meta.RESTScopeNamespace)
	return &cluster.Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithRESTMapper(mapper).WithObjects(objects...).Build()}
}

func TestPrerequisites(t *testing.T) {
	t.Parallel()
	whole := muralChart("1.0.7")
	whole.Templates = append(whole.Templates, &helmchart.File{Name: "templates/more.yaml", Data: []byte(
		"apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: zot}\n---\napiVersion: spectrocloud.com/v1alpha1\nkind: Settings\nmetadata: {name: s}\n")})
	brings := crds("0.7.4")
	brings.Files = []*helmchart.File{{Name: "crds/a.yaml", Data: []byte("kind: CustomResourceDefinition\nspec: {group: spectrocloud.com, names: {kind: Settings}}\n")}}
	o := Options{Release: target.Release{Name: "mural", Namespace: namespace}, Chart: whole, CRDs: brings, Values: toECR}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hue-oci-registry"}}
	problems, err := Prerequisites(t.Context(), fresh(secret), o, "v1.30.2")
	require.NoError(t, err)
	assert.Equal(t, []Problem{
		{"chart mural-crds needs Kubernetes >=1.31.0-0, and the cluster has v1.30.2", "upgrade the cluster"},
		{"chart mural needs Kubernetes >=1.31.0-0, and the cluster has v1.30.2", "upgrade the cluster"},
		{"Secret mural-system/hue-oci-registry is there already: somebody made it without Helm", "delete it, or install under another name or into another namespace"},
		{"the cluster knows no Certificate (cert-manager.io/v1), which Certificate zot is", "install cert-manager first"},
	}, problems)
	err = RefuseProblems(problems, fresh(), "mural-system/mural")
	require.ErrorContains(t, err, "install cert-manager first")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))

	o.CRDs, o.Chart = nil, muralChart("1.0.7")
	secret.Annotations = map[string]string{ownerName: "mural", ownerNamespace: namespace}
	problems, err = Prerequisites(t.Context(), fresh(secret), o, "v1.34.4-eks-1234567")
	require.NoError(t, err)
	assert.Empty(t, problems)
	require.NoError(t, RefuseProblems(nil, fresh(), ""))
}

const fluxManifests = manifest + `---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: mural-crds, namespace: mural-system}
spec: {interval: 10m}
`

func TestFluxInstallsOnlyWhatIsMissing(t *testing.T) {
	t.Parallel()
	c := lookingAt(t, nil)
	var made []string
	c.Client = interceptor.NewClient(c.Client, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		made = append(made, o.GetObjectKind().GroupVersionKind().Kind+" "+o.GetName())
		return c.Create(ctx, o, opts...)
	}})
	o := Options{Release: target.Release{Name: "mural", Namespace: namespace}, HelmRelease: []byte(manifest), Before: []byte(fluxManifests[len(manifest):])}
	o.complete()
	wanted, err := helmRelease(o.HelmRelease)
	require.NoError(t, err)
	require.NoError(t, installFlux(t.Context(), c, o, wanted))
	assert.Equal(t, []string{"Namespace mural-system", "HelmRelease mural-crds", "OCIRepository mural", "HelmRelease mural"}, made)
	require.NoError(t, installFlux(t.Context(), c, o, wanted))
	assert.Len(t, made, 4)

	o.Lock = func(context.Context) error { return fault.New(fault.Refused, "", "another run") }
	require.ErrorContains(t, installFlux(t.Context(), lookingAt(t, nil), o, wanted), "another run")
	_, err = documents([]byte("a: [\n"))
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Equal(t, "install Flux first, or turn on flux2 in the values", bringing(schema.GroupVersion{Group: "helm.toolkit.fluxcd.io"}.Group))
}
