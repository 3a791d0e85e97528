package deploy

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func hueOf(labels, annotations map[string]string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hue", Labels: labels, Annotations: annotations}}
}

func objectOf(apiVersion, kind, in, name string, rest map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	for key, value := range rest {
		o.Object[key] = value
	}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetNamespace(in)
	o.SetName(name)
	return o
}

func helmReleaseOf(in, name string, spec map[string]any) *unstructured.Unstructured {
	return objectOf("helm.toolkit.fluxcd.io/v2", "HelmRelease", in, name, map[string]any{"spec": spec})
}

// lookingAt is a cluster with Flux's and Argo CD's kinds that refuses some lists.
func lookingAt(t *testing.T, forbidden func(kind, namespace string) bool, objects ...client.Object) *cluster.Cluster {
	t.Helper()
	scheme := cluster.NewScheme()
	for _, gvk := range []schema.GroupVersionKind{{Group: "helm.toolkit.fluxcd.io", Version: "v2", Kind: "HelmRelease"}, {Group: "argoproj.io", Version: "v1alpha1", Kind: "Application"}} {
		scheme.AddKnownTypeWithName(gvk, &unstructured.Unstructured{})
		scheme.AddKnownTypeWithName(gvk.GroupVersion().WithKind(gvk.Kind+"List"), &unstructured.UnstructuredList{})
	}
	return &cluster.Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			var o client.ListOptions
			o.ApplyOptions(opts)
			kind := strings.TrimSuffix(list.GetObjectKind().GroupVersionKind().Kind, "List")
			if forbidden != nil && forbidden(kind, o.Namespace) {
				return apierrors.NewForbidden(schema.GroupResource{Resource: kind}, "", nil)
			}
			return c.List(ctx, list, opts...)
		},
	}).Build()}
}

func TestManager(t *testing.T) {
	t.Parallel()
	release := target.Release{Name: "mural", Namespace: namespace, ManagedBy: target.Helm}
	own := map[string]string{ownerName: "mural", ownerNamespace: namespace}
	byFlux := map[string]string{helmReleaseName: "palette", helmReleaseNamespace: "flux-system"}
	releases := func(kind, _ string) bool { return kind == "HelmRelease" }
	all := func(string, string) bool { return true }
	application := objectOf("argoproj.io/v1alpha1", "Application", "argocd", "mural", map[string]any{"status": map[string]any{"resources": []any{
		map[string]any{"kind": "Deployment", "namespace": namespace, "name": "hue"}}}})
	kustomized := helmReleaseOf(namespace, "mural", nil)
	kustomized.SetLabels(map[string]string{fromGit: "apps", fromGitNamespace: "flux-system"})
	left := kustomized.DeepCopy()
	left.SetAnnotations(map[string]string{gitReconcile: "disabled"})

	tests := map[string]struct {
		objects           []client.Object
		forbidden         func(kind, namespace string) bool
		by                By
		object, above, in string // in: the storage's namespace
		missing           string
	}{
		"helm":                     {objects: []client.Object{hueOf(nil, own)}, by: ByHelm, in: namespace},
		"nothing there":            {by: ByHelm, in: namespace},
		"same name":                {objects: []client.Object{helmReleaseOf(namespace, "mural", nil)}, by: ByFlux, object: "HelmRelease mural-system/mural", in: namespace},
		"release name":             {objects: []client.Object{helmReleaseOf(namespace, "palette", map[string]any{"releaseName": "mural"})}, by: ByFlux, object: "HelmRelease mural-system/palette", in: namespace},
		"target namespace":         {objects: []client.Object{helmReleaseOf("flux-system", "palette", map[string]any{"releaseName": "mural", "targetNamespace": namespace})}, by: ByFlux, object: "HelmRelease flux-system/palette", in: "flux-system"},
		"storage namespace":        {objects: []client.Object{helmReleaseOf("flux-system", "palette", map[string]any{"releaseName": "mural", "targetNamespace": namespace, "storageNamespace": namespace})}, by: ByFlux, object: "HelmRelease flux-system/palette", in: namespace},
		"another release":          {objects: []client.Object{helmReleaseOf(namespace, "mural", map[string]any{"releaseName": "other"}), hueOf(nil, own)}, by: ByHelm, in: namespace},
		"default name with target": {objects: []client.Object{helmReleaseOf("flux-system", "mural", map[string]any{"targetNamespace": namespace})}, by: ByHelm, in: namespace}, // it makes mural-system-mural
		"for another cluster":      {objects: []client.Object{helmReleaseOf(namespace, "mural", map[string]any{"kubeConfig": map[string]any{"secretRef": map[string]any{"name": "edge"}}})}, by: ByHelm, in: namespace},
		"from another cluster":     {objects: []client.Object{hueOf(byFlux, own)}, by: ByFlux, object: "HelmRelease flux-system/palette", in: namespace},
		"kustomization":            {objects: []client.Object{kustomized}, by: ByFlux, object: "HelmRelease mural-system/mural", above: `Kustomization "flux-system/apps"`, in: namespace},
		"kustomization that skips": {objects: []client.Object{left}, by: ByFlux, object: "HelmRelease mural-system/mural", in: namespace},
		"argo by annotation":       {objects: []client.Object{hueOf(nil, map[string]string{argoTracking: "palette:apps/Deployment:mural-system/hue"})}, by: ByArgoCD, object: "Application palette", in: namespace},
		"argo by label":            {objects: []client.Object{hueOf(map[string]string{argoInstance: "mural"}, nil), application}, by: ByArgoCD, object: "Application argocd/mural", in: namespace},
		"a chart's own label":      {objects: []client.Object{hueOf(map[string]string{argoInstance: "mural"}, own)}, by: ByHelm, in: namespace},
		"labels are enough":        {objects: []client.Object{hueOf(byFlux, own)}, forbidden: releases, by: ByFlux, object: "HelmRelease flux-system/palette", in: namespace, missing: "list helmreleases"},
		"one namespace is enough":  {objects: []client.Object{helmReleaseOf(namespace, "mural", nil)}, forbidden: func(kind, namespace string) bool { return kind == "HelmRelease" && namespace == "" }, by: ByFlux, object: "HelmRelease mural-system/mural", in: namespace, missing: "in all namespaces"},
		"releases may not be read": {objects: []client.Object{hueOf(nil, own)}, forbidden: releases, by: ByUnknown, in: namespace, missing: "list helmreleases.helm.toolkit.fluxcd.io in all namespaces"},
		"nothing may be read":      {forbidden: all, by: ByUnknown, in: namespace, missing: "list deployments.apps in namespace mural-system"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := lookingAt(t, test.forbidden, test.objects...)
			got, err := Manager(t.Context(), c, release)
			require.NoError(t, err)
			assert.Equal(t, test.by, got.By)
			assert.Equal(t, test.object, got.Object)
			assert.Equal(t, test.above, got.Above)
			assert.Equal(t, test.in, got.Storage)
			assert.Contains(t, strings.Join(got.Missing, "; "), test.missing)
			if test.missing == "" {
				assert.Empty(t, got.Missing)
			}
			if got.By != ByUnknown {
				assert.NotEmpty(t, got.Evidence)
			}
			err = got.Check(c, release)
			asked := release
			asked.ManagedBy = target.Flux
			other := got.Check(c, asked)
			switch test.by {
			case ByHelm:
				require.NoError(t, err)
				assert.Equal(t, fault.Usage, fault.CodeOf(other))
				assert.Contains(t, fault.RemedyOf(other), "--managed-by helm")
			case ByFlux:
				if got.Release == nil {
					require.ErrorContains(t, other, "its HelmRelease can't be seen here: Deployment mural-system/hue has the label")
					assert.Equal(t, fault.Refused, fault.CodeOf(err))
					return
				}
				require.ErrorContains(t, err, "Flux manages it, and would take the change back: ")
				assert.Equal(t, fault.Usage, fault.CodeOf(err))
				require.NoError(t, other)
			case ByArgoCD:
				require.ErrorContains(t, err, "Argo CD manages it")
				assert.Equal(t, fault.Refused, fault.CodeOf(other))
			case ByUnknown:
				assert.Equal(t, fault.Unproven, fault.CodeOf(err))
				assert.Contains(t, fault.RemedyOf(err), test.missing)
			}
		})
	}
}

func TestReleaseNamesAreCutAsFluxCutsThem(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 60)
	name, _ := releaseOf(helmReleaseOf(namespace, long, nil))
	assert.Equal(t, strings.Repeat("a", 40)+"-11ee391211c6", name) // the first twelve digits of its SHA-256
	assert.Len(t, name, 53)
}
