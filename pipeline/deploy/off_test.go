package deploy

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

const zotManifest = `---
# Source: mural/charts/zot/templates/statefulset.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: zot, namespace: mural-system}
spec:
  selector: {matchLabels: {app: zot}}
  volumeClaimTemplates: [{metadata: {name: zot-pvc}}]
---
# Source: mural/charts/zot/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {name: zot}
---
# Source: mural/charts/zot/templates/kept.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, annotations: {helm.sh/resource-policy: keep}}
---
# Source: mural/templates/hue.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: hue, namespace: mural-system}
`

const hueManifest = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: hue}
`

// withZot is a release that has turned Zot off in its second revision, in a cluster with these objects.
func withZot(t *testing.T, mayDelete bool, objects ...client.Object) *world {
	t.Helper()
	w := newWorld(t, printing())
	for i, manifest := range []string{zotManifest, zotManifest, hueManifest} {
		status := release.StatusSuperseded
		if i == 2 {
			status = release.StatusDeployed
		}
		require.NoError(t, w.helm.config.Releases.Create(&release.Release{Name: "zotted", Namespace: namespace, Version: i + 1,
			Manifest: manifest, Info: &release.Info{Status: status}, Chart: &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "mural", Version: "1.0.7"}}}))
	}
	w.options.Release.Name, w.helm.options.Release.Name = "zotted", "zotted"
	w.options.Timeout = time.Millisecond
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("StatefulSet"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Service"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Pod"), meta.RESTScopeNamespace)
	w.cluster.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithRESTMapper(mapper).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if review, ok := o.(*authorizationv1.SelfSubjectAccessReview); ok {
				review.Status.Allowed = mayDelete
				return nil
			}
			return c.Create(ctx, o, opts...)
		},
	}).Build()
	return w
}

func (w *world) off(t *testing.T) Off {
	t.Helper()
	off, err := zotOff(t.Context(), w.cluster, w.helm, w.options)
	require.NoError(t, err)
	return off
}

func metaOf(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}}
}

func TestZotIsOffOnceItIsGone(t *testing.T) {
	t.Parallel()
	off := withZot(t, true).off(t)
	assert.Equal(t, Off{Dropped: []string{"StatefulSet mural-system/zot", "Service mural-system/zot"}, Claims: []string{"PersistentVolumeClaim mural-system/zot-pvc-zot-0"}}, off)
	require.NoError(t, off.Err(&cluster.Cluster{}))
}

func TestWhatHelmMayNotDeleteIsNamed(t *testing.T) {
	t.Parallel()
	w := withZot(t, false, &appsv1.StatefulSet{ObjectMeta: metaOf("zot")}, &corev1.Pod{ObjectMeta: metaOf("zot"), Status: corev1.PodStatus{Phase: corev1.PodRunning}})
	off := w.off(t)
	require.Len(t, off.Left, 2)
	assert.Equal(t, "delete statefulsets.apps in namespace mural-system", off.Left[0].Missing)
	err := off.Err(w.cluster)
	require.EqualError(t, err, `turning Zot off on cluster "hub": zot.enabled is false, and this is still there: StatefulSet mural-system/zot (it may not be deleted); Pod mural-system/zot (it is running)`)
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "get the right to delete statefulsets.apps in namespace mural-system")
}

func TestWhatIsLeftOtherwiseIsNamedToo(t *testing.T) {
	t.Parallel()
	w := withZot(t, true, &appsv1.StatefulSet{ObjectMeta: metaOf("zot")})
	w.cluster.Context = "prod"
	err := w.off(t).Err(w.cluster)
	require.ErrorContains(t, err, "StatefulSet mural-system/zot (Helm has not deleted it)")
	assert.Contains(t, fault.RemedyOf(err), "kubectl --context prod --namespace mural-system delete statefulset zot")

	deleting := &corev1.Service{ObjectMeta: metaOf("zot")}
	now := metav1.Now()
	deleting.DeletionTimestamp, deleting.Finalizers = &now, []string{"service.kubernetes.io/load-balancer-cleanup"}
	w = withZot(t, true, deleting)
	err = w.off(t).Err(w.cluster)
	require.ErrorContains(t, err, "it is being deleted, and waits for service.kubernetes.io/load-balancer-cleanup")
	assert.Contains(t, fault.RemedyOf(err), "wait until it is deleted")

	adopted := &appsv1.StatefulSet{ObjectMeta: metaOf("zot")}
	adopted.Annotations = map[string]string{ownerName: "another"}
	require.NoError(t, withZot(t, true, adopted).off(t).Err(w.cluster), "another release has it now")
}

func TestAReleaseThatNeverHadZotHasNothingLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, printing())
	assert.Equal(t, Off{}, w.off(t))
}
