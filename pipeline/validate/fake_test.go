package validate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

const (
	zot     = "oci://zot.mural-system.svc.cluster.local:5000/mural-workloads"
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	denied  = "failed to pull artifact: DENIED: User: arn:aws:sts::123456789012:assumed-role/palette-ecr/1 is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads because no identity-based policy allows it"
)

func destination(t *testing.T) registry.Repository {
	t.Helper()
	r, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	repository, err := r.Repository("mural-workloads")
	require.NoError(t, err)
	return repository
}

func config(t *testing.T) Config {
	t.Helper()
	return Config{
		Destination: destination(t), Namespace: "mural-system",
		Timeout: 5 * time.Minute, PushWait: time.Minute, Settle: 10 * time.Second, Poll: 3 * time.Second,
		Images: func(context.Context) ([]ecr.Image, error) {
			return []ecr.Image{{Digest: digestA, Tags: []string{"v1"}}, {Digest: digestB}}, nil
		},
	}
}

// bubble runs a test under a clock of its own: waits take no time, and end in the same order each time.
func bubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// workload is an OCIRepository as it is once all is well, in generation 2.
func workload(t *testing.T, name string) *sourcev1.OCIRepository {
	t.Helper()
	r := &sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: name, Generation: 2, UID: types.UID(name)},
		Spec:       sourcev1.OCIRepositorySpec{URL: destination(t).URL(), Provider: "aws", Reference: &sourcev1.OCIRepositoryRef{Tag: "v1"}},
	}
	fetched(r, "v1@"+digestA)
	return r
}

func fetched(r *sourcev1.OCIRepository, revision string) {
	r.Status.ObservedGeneration = r.Generation
	r.Status.Artifact = &meta.Artifact{Revision: revision}
	r.Status.Conditions = []metav1.Condition{
		{Type: meta.ReadyCondition, Status: metav1.ConditionTrue, ObservedGeneration: r.Generation, Reason: "Succeeded"},
		{Type: sourcev1.ArtifactInStorageCondition, Status: metav1.ConditionTrue, ObservedGeneration: r.Generation, Reason: "Succeeded"},
	}
}

func failed(r *sourcev1.OCIRepository, message string) {
	r.Status.Conditions = []metav1.Condition{
		{Type: meta.ReadyCondition, Status: metav1.ConditionFalse, ObservedGeneration: r.Generation, Reason: "OCIArtifactPullFailed", Message: message},
		{Type: sourcev1.FetchFailedCondition, Status: metav1.ConditionTrue, ObservedGeneration: r.Generation, Reason: "OCIArtifactPullFailed", Message: message},
	}
}

// counts are the requests for OCIRepositories that a fake cluster saw; get is for any object.
type counts struct {
	sync.Mutex
	list, watch, get, patch, create int
}

// fakeCluster handles requests to reconcile as handle says, as source-controller would.
func fakeCluster(t *testing.T, handle func(*sourcev1.OCIRepository), objects ...client.Object) (Cluster, *counts) {
	t.Helper()
	n := &counts{}
	funcs := interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, ok := list.(*sourcev1.OCIRepositoryList); ok {
				n.Lock()
				n.list++
				n.Unlock()
			}
			return c.List(ctx, list, opts...)
		},
		Watch: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
			n.Lock()
			n.watch++
			n.Unlock()
			return c.Watch(ctx, list, opts...)
		},
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			n.Lock()
			n.get++
			n.Unlock()
			return c.Get(ctx, key, obj, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			n.Lock()
			n.create++
			obj.SetUID(types.UID(fmt.Sprint("made-", n.create)))
			n.Unlock()
			if err := c.Create(ctx, obj, opts...); err != nil {
				return err
			}
			if r, ok := obj.DeepCopyObject().(*sourcev1.OCIRepository); ok && handle != nil {
				handle(r)
				return c.Status().Update(ctx, r)
			}
			return nil
		},
		// The fake client looks at no UID; the API server does.
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			if wanted := (&client.DeleteOptions{}).ApplyOptions(opts).Preconditions; wanted != nil && wanted.UID != nil {
				there := obj.DeepCopyObject().(client.Object)
				if err := c.Get(ctx, client.ObjectKeyFromObject(obj), there); err != nil {
					return err
				}
				if there.GetUID() != *wanted.UID {
					return apierrors.NewConflict(sourcev1.GroupVersion.WithResource("ocirepositories").GroupResource(), obj.GetName(), errors.New("another UID"))
				}
			}
			return c.Delete(ctx, obj)
		},
		Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			n.Lock()
			n.patch++
			n.Unlock()
			if err := c.Patch(ctx, obj, patch, opts...); err != nil {
				return err
			}
			r, ok := obj.DeepCopyObject().(*sourcev1.OCIRepository)
			if !ok || handle == nil {
				return nil
			}
			r.Status.LastHandledReconcileAt = r.Annotations[meta.ReconcileRequestAnnotation]
			handle(r)
			return c.Status().Update(ctx, r)
		},
	}
	fakeClient := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).
		WithStatusSubresource(&sourcev1.OCIRepository{}).WithIndex(&sourcev1.OCIRepository{}, "metadata.name", nameOf).WithIndex(&appsv1.Deployment{}, "metadata.name", nameOf).
		WithReturnManagedFields().WithInterceptorFuncs(funcs).Build()
	return Cluster{Cluster: &cluster.Cluster{Name: "hub", Host: "https://hub.example", Client: fakeClient}, Source: zot}, n
}

func nameOf(o client.Object) []string { return []string{o.GetName()} }

func asItIs(*sourcev1.OCIRepository) {}

func chartSource() *sourcev1.OCIRepository {
	return &sourcev1.OCIRepository{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "mural"}, Spec: sourcev1.OCIRepositorySpec{URL: "oci://public.ecr.aws/mural/mural"}}
}

// withArgs returns a Deployment one container with arguments.
func withArgs(object client.Object, args ...string) {
	object.(*appsv1.Deployment).Spec.Template.Spec.Containers = []corev1.Container{{Name: "manager", Args: args}}
}
