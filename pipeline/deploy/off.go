package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/release"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/transient"
)

// Off is what is left of objects that a revision of the release has dropped. Helm goes on when it may not delete an
// object, and forgets it: the release says that Zot is off, and Zot runs.
type Off struct {
	Dropped []string   // objects that the revision no longer has, and that are gone: StatefulSet mural-system/zot
	Left    []Leftover // objects that are still there
	Claims  []string   // volume claims that stay, on purpose
}

// Leftover is one object that should be gone.
type Leftover struct {
	Kind, Namespace, Name string
	Cause                 string // why it is still there
	Missing               string // the right that its deletion takes and we lack; empty when we have it, or nobody knows
	since                 time.Time
}

func (l Leftover) String() string {
	name := l.Name
	if l.Namespace != "" {
		name = l.Namespace + "/" + name
	}
	return l.Kind + " " + name
}

// ZotOff waits until what belongs to Zot is gone from the cluster: everything that the newest revision with Zot had and
// the newest one doesn't, and the pods. What is left after o.Timeout is in the result, with the cause; that is no
// error.
func ZotOff(ctx context.Context, c *cluster.Cluster, o Options) (Off, error) {
	o.complete()
	h, err := newHelm(c, o)
	if err != nil {
		return Off{}, err
	}
	return zotOff(ctx, c, h, o)
}

// offPoll is how often objects that are being deleted are looked at.
const offPoll = time.Second

func zotOff(ctx context.Context, c *cluster.Cluster, h *helm, o Options) (Off, error) {
	dropped, err := h.dropped(o.Release.Name)
	if err != nil {
		return Off{}, err
	}
	var off Off
	err = wait.PollUntilContextTimeout(ctx, o.every(offPoll), o.Timeout, true, func(ctx context.Context) (bool, error) {
		seen, err := look(ctx, c, h, dropped)
		if transient.Error(err) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		off = seen
		// What nobody is deleting doesn't go by waiting. A pod whose controller is gone is soon deleted.
		hopeless := slices.ContainsFunc(off.Left, func(l Leftover) bool { return l.since.IsZero() && l.Kind != "Pod" })
		return hopeless || len(off.Left) == 0, nil
	})
	if err != nil && (!wait.Interrupted(err) || ctx.Err() != nil) {
		return off, err
	}
	for i := range off.Left {
		off.Left[i].explain(ctx, c)
	}
	return off, nil
}

// dropped are the objects of the newest revision with Zot that the newest revision of all doesn't have.
func (h *records) dropped(name string) ([]chart.Manifest, error) {
	history, err := h.history(name)
	if err != nil || len(history) == 0 {
		return nil, err
	}
	now, err := chart.Objects(history[len(history)-1])
	if err != nil {
		return nil, err
	}
	for _, r := range slices.Backward(history[:len(history)-1]) {
		if !zotIn(r) {
			continue
		}
		before, err := chart.Objects(r)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(before, func(m chart.Manifest) bool {
			kept := m.Object.GetAnnotations()["helm.sh/resource-policy"] == "keep"
			hook := m.Object.GetAnnotations()[release.HookAnnotation] != ""
			return kept || hook || slices.ContainsFunc(now, func(n chart.Manifest) bool { return h.same(m, n) })
		}), nil
	}
	return nil, nil
}

// same reports whether two manifests are of one object. One without a namespace goes into the release's.
func (h *records) same(a, b chart.Manifest) bool {
	gvkA, gvkB := a.Object.GroupVersionKind(), b.Object.GroupVersionKind()
	return gvkA.GroupKind() == gvkB.GroupKind() && a.Object.GetName() == b.Object.GetName() &&
		h.namespaceOf(a.Object) == h.namespaceOf(b.Object)
}

func (h *records) namespaceOf(o *unstructured.Unstructured) string {
	if namespace := o.GetNamespace(); namespace != "" {
		return namespace
	}
	return h.namespace
}

// zotIn reports whether Zot was part of a revision: its objects show that, also where values don't.
func zotIn(r *release.Release) bool {
	objects, err := chart.Objects(r)
	return err == nil && slices.ContainsFunc(objects, func(m chart.Manifest) bool {
		return m.Object.GetKind() == "StatefulSet" && (m.Object.GetName() == "zot" || strings.Contains(m.Source, "/charts/zot/"))
	})
}

// look reads each dropped object once.
func look(ctx context.Context, c *cluster.Cluster, h *helm, dropped []chart.Manifest) (Off, error) {
	var off Off
	for _, m := range dropped {
		live := &metav1.PartialObjectMetadata{}
		live.SetGroupVersionKind(m.Object.GroupVersionKind())
		key := client.ObjectKey{Namespace: h.namespaceOf(m.Object), Name: m.Object.GetName()}
		if namespaced, err := c.Client.IsObjectNamespaced(live); err == nil && !namespaced {
			key.Namespace = ""
		}
		left := Leftover{Kind: m.Object.GetKind(), Namespace: key.Namespace, Name: key.Name}
		switch err := c.Client.Get(ctx, key, live); {
		case apierrors.IsNotFound(err), meta.IsNoMatchError(err):
			off.Dropped = append(off.Dropped, left.String())
		case apierrors.IsForbidden(err):
			left.Cause = "whether it is gone can't be seen"
			left.Missing = fmt.Sprintf("get %s", left)
			off.Left = append(off.Left, left)
		case err != nil:
			return off, fmt.Errorf("reading %s on cluster %q: %w", left, c.Name, err)
		case live.Annotations[ownerName] != "" && live.Annotations[ownerName] != h.options.Release.Name:
			off.Dropped = append(off.Dropped, left.String()) // another release has adopted it
		default:
			if live.DeletionTimestamp != nil {
				left.since = live.DeletionTimestamp.Time
				left.Cause = "it is being deleted"
				if len(live.Finalizers) > 0 {
					left.Cause += ", and waits for " + strings.Join(live.Finalizers, ", ")
				}
			}
			off.Left = append(off.Left, left)
		}
		if m.Object.GetKind() == "StatefulSet" {
			if err := off.lookAtPods(ctx, c, m.Object, key.Namespace); err != nil {
				return off, err
			}
		}
	}
	return off, nil
}

// lookAtPods finds the pods and claims of a StatefulSet by the selector that it had.
func (off *Off) lookAtPods(ctx context.Context, c *cluster.Cluster, set *unstructured.Unstructured, namespace string) error {
	labels, _, _ := unstructured.NestedStringMap(set.Object, "spec", "selector", "matchLabels")
	if len(labels) == 0 {
		return nil
	}
	var pods corev1.PodList
	if err := c.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels(labels)); err != nil {
		return fmt.Errorf("listing the pods of StatefulSet %s/%s on cluster %q: %w", namespace, set.GetName(), c.Name, err)
	}
	for _, pod := range pods.Items {
		left := Leftover{Kind: "Pod", Namespace: namespace, Name: pod.Name, Cause: fmt.Sprintf("it is %s", strings.ToLower(string(pod.Status.Phase)))}
		if pod.DeletionTimestamp != nil {
			left.since, left.Cause = pod.DeletionTimestamp.Time, "it is being deleted"
		}
		off.Left = append(off.Left, left)
	}
	templates, _, _ := unstructured.NestedSlice(set.Object, "spec", "volumeClaimTemplates")
	for _, each := range templates {
		template, _ := each.(map[string]any)
		name, _, _ := unstructured.NestedString(template, "metadata", "name")
		off.Claims = append(off.Claims, fmt.Sprintf("PersistentVolumeClaim %s/%s-%s-0", namespace, name, set.GetName()))
	}
	return nil
}

// explain asks whether we may delete what is left.
func (l *Leftover) explain(ctx context.Context, c *cluster.Cluster) {
	if l.Missing != "" || !l.since.IsZero() || l.Kind == "Pod" {
		return
	}
	l.Cause = "Helm has not deleted it"
	mapping, err := mappingOf(c, l.Kind)
	if err != nil {
		return
	}
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Verb: "delete", Group: mapping.Resource.Group, Resource: mapping.Resource.Resource, Namespace: l.Namespace, Name: l.Name,
	}}}
	if c.Client.Create(ctx, review) == nil && !review.Status.Allowed {
		l.Missing = fmt.Sprintf("delete %s in namespace %s", mapping.Resource.GroupResource(), l.Namespace)
		l.Cause = "it may not be deleted"
	}
}

// mappingOf finds the resource of one of the kinds that charts have.
func mappingOf(c *cluster.Cluster, kind string) (*meta.RESTMapping, error) {
	for gvk := range c.Client.Scheme().AllKnownTypes() {
		if gvk.Kind == kind {
			if mapping, err := c.Client.RESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version); err == nil {
				return mapping, nil
			}
		}
	}
	return nil, &meta.NoKindMatchError{}
}

// Err is nil when everything is gone, and else the error that names what is left, why, and how it goes.
func (off Off) Err(c *cluster.Cluster) error {
	if len(off.Left) == 0 {
		return nil
	}
	var texts, missing, commands []string
	for _, l := range off.Left {
		texts = append(texts, fmt.Sprintf("%s (%s)", l, l.Cause))
		if l.Missing != "" && !slices.Contains(missing, l.Missing) {
			missing = append(missing, l.Missing)
		}
		if l.since.IsZero() && l.Kind != "Pod" {
			commands = append(commands, fmt.Sprintf("--namespace %s delete %s %s", l.Namespace, strings.ToLower(l.Kind), l.Name))
		}
	}
	remedy := "wait until it is deleted, then run again"
	switch {
	case len(missing) > 0:
		remedy = fmt.Sprintf("get the right to %s, and delete it: the release has forgotten it", strings.Join(missing, ", and to "))
	case len(commands) > 0:
		remedy = fmt.Sprintf("delete it, since the release has forgotten it: `%s`; its volume stays", c.Kubectl("%s", commands[0]))
	}
	return fault.New(fault.Failed, remedy, "turning Zot off on cluster %q: zot.enabled is false, and this is still there: %s", c.Name, strings.Join(texts, "; "))
}
