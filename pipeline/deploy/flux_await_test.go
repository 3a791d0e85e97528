package deploy

import (
	"context"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// failed is what helm-controller leaves after an upgrade that it gave up on.
func failed(message string) map[string]any {
	return map[string]any{"type": "Ready", "status": "False", "reason": "UpgradeFailed", "message": message, "observedGeneration": int64(3)}
}

// withFlux is a cluster with a HelmRelease that Flux has given up on. Each request for another try ends with the next
// of the conditions.
func withFlux(t *testing.T, now map[string]any, then ...map[string]any) (*cluster.Cluster, *unstructured.Unstructured, *int) {
	t.Helper()
	object := live(t)
	object.SetGeneration(3)
	object.Object["status"] = map[string]any{"observedGeneration": int64(3), "conditions": []any{now}}
	c := lookingAt(t, nil, object)
	asked := 0
	c.Client = interceptor.NewClient(c.Client, interceptor.Funcs{
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			require.NoError(t, c.Update(ctx, o, opts...))
			a := o.GetAnnotations()
			require.NotEmpty(t, a[meta.ReconcileRequestAnnotation])
			require.Equal(t, a[meta.ReconcileRequestAnnotation], a[forceRequest], "Flux takes no other request to force")
			require.Equal(t, a[meta.ReconcileRequestAnnotation], a[resetRequest])
			return nil
		},
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			if err := c.Get(ctx, key, o, opts...); err != nil {
				return err
			}
			request := o.GetAnnotations()[meta.ReconcileRequestAnnotation]
			u := o.(*unstructured.Unstructured)
			if handled, _, _ := unstructured.NestedString(u.Object, "status", "lastHandledReconcileAt"); request == "" || handled == request {
				return nil
			}
			done, next := u.DeepCopy(), then[asked]
			asked++
			done.Object["status"] = map[string]any{"observedGeneration": int64(3), "lastHandledReconcileAt": request, "conditions": []any{next}}
			return c.Update(ctx, done) // seen at the next look: this one still shows the try before
		},
	})
	require.NoError(t, c.Client.Get(t.Context(), client.ObjectKeyFromObject(object), object))
	return c, object, &asked
}

// TestAnotherTryAfterACrash: helm-controller stops waiting at one moment's CrashLoopBackOff, and the rollback to Zot ended
// there.
func TestAnotherTryAfterACrash(t *testing.T) {
	t.Parallel()
	early := failed("Helm upgrade failed for release mural-system/mural: failed early due to stalled resources: [StatefulSet/mural-system/zot status: 'Failed']")
	ready := map[string]any{"type": "Ready", "status": "True", "message": "Helm upgrade succeeded", "observedGeneration": int64(3)}
	for name, test := range map[string]struct {
		now  map[string]any
		then []map[string]any
		want string
	}{
		"the pod runs meanwhile": {early, []map[string]any{ready}, ""},
		"it crashes again":       {early, []map[string]any{early}, "zot status: 'Failed'"},
		"another failure":        {failed("a label is invalid"), nil, "a label is invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, object, asked := withFlux(t, test.now, test.then...)
			o := Options{Timeout: 5 * time.Second, poll: time.Millisecond}
			o.complete()
			err := awaitFluxTwice(t.Context(), c, object, o)
			if test.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, test.want)
			}
			assert.Equal(t, len(test.then), *asked)
		})
	}
}

// TestFluxThatGaveUpIsAskedAgain: a HelmRelease that has the values already stayed failed for ever, and so did every
// further run.
func TestFluxThatGaveUpIsAskedAgain(t *testing.T) {
	t.Parallel()
	wanted, err := helmRelease([]byte(manifest))
	require.NoError(t, err)
	ready := map[string]any{"type": "Ready", "status": "True", "message": "Helm upgrade succeeded", "observedGeneration": int64(3)}
	for name, test := range map[string]struct {
		now   map[string]any
		asked int
	}{
		"it gave up": {failed("timed out"), 1},
		"it is done": {ready, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, object, asked := withFlux(t, test.now, ready)
			o := Options{Timeout: 5 * time.Second, poll: time.Millisecond}
			o.complete()
			object.Object["spec"] = wanted.Object["spec"]
			result := &Result{}
			require.NoError(t, applyFlux(t.Context(), c, object, wanted, o, result))
			require.NoError(t, awaitFlux(t.Context(), c, object, o))
			assert.Equal(t, test.asked, *asked)
			assert.Equal(t, test.asked == 1, result.Changed)
		})
	}

	c, object, asked := withFlux(t, failed("timed out"), ready)
	object.Object["spec"] = wanted.Object["spec"]
	o := Options{Lock: func(context.Context) error { return fault.New(fault.Refused, "", "another run") }}
	o.complete()
	require.ErrorContains(t, applyFlux(t.Context(), c, object, wanted, o, &Result{}), "another run")
	assert.Zero(t, *asked)
}
