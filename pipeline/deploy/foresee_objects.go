package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"golang.org/x/sync/errgroup"
	"helm.sh/helm/v3/pkg/release"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
)

// atOnce is how many objects are asked for at a time.
const atOnce = 8

// pair is one object as the last revision made it and as the next would; one of them may be nil.
type pair struct{ before, after *unstructured.Unstructured }

// object is either of them, for its name.
func (p pair) object() *unstructured.Unstructured {
	if p.after != nil {
		return p.after
	}
	return p.before
}

// outcome is what would become of one object.
type outcome struct {
	effect  *plan.Effect
	fact    plan.Fact
	restart bool
	final   string
	unknown string
}

// compare looks at every object of two revisions. Hooks are not part of a release.
func (f *foreseer) compare(ctx context.Context, last, next *release.Release) error {
	pairs, err := f.pairs(last, next)
	if err != nil {
		return err
	}
	return f.each(ctx, pairs, f.foreseen)
}

// facts notes what is live of a release that is left alone.
func (f *foreseer) facts(ctx context.Context, last *release.Release) error {
	pairs, err := f.pairs(last, last)
	if err != nil {
		return err
	}
	return f.each(ctx, pairs, func(ctx context.Context, p pair) (outcome, error) {
		live, err := f.live(ctx, p.object())
		return outcome{fact: factOf(p.object(), live)}, err
	})
}

func (f *foreseer) pairs(last, next *release.Release) ([]pair, error) {
	byKey, order := map[string]*pair{}, []string{}
	note := func(r *release.Release, set func(*pair, *unstructured.Unstructured)) error {
		if r == nil {
			return nil
		}
		made, err := chart.Objects(r)
		if err != nil {
			return masked(err, r.Config)
		}
		for _, m := range made {
			if m.Object.GetAnnotations()[release.HookAnnotation] != "" {
				continue
			}
			f.place(m.Object)
			key := m.Object.GroupVersionKind().GroupKind().String() + " " + client.ObjectKeyFromObject(m.Object).String()
			if byKey[key] == nil {
				byKey[key] = &pair{}
				order = append(order, key)
			}
			set(byKey[key], m.Object)
		}
		return nil
	}
	if err := note(last, func(p *pair, o *unstructured.Unstructured) { p.before = o }); err != nil {
		return nil, err
	}
	if err := note(next, func(p *pair, o *unstructured.Unstructured) { p.after = o }); err != nil {
		return nil, err
	}
	pairs := make([]pair, len(order))
	for i, key := range order {
		pairs[i] = *byKey[key]
	}
	return pairs, nil
}

// place gives an object the namespace that Helm would.
func (f *foreseer) place(o *unstructured.Unstructured) {
	namespaced, err := f.cluster.Client.IsObjectNamespaced(o)
	switch {
	case err == nil && !namespaced:
		o.SetNamespace("")
	case o.GetNamespace() == "" && err == nil:
		o.SetNamespace(f.options.Release.Namespace)
	}
}

// each looks at all pairs, some at a time, and notes the outcomes in their order.
func (f *foreseer) each(ctx context.Context, pairs []pair, look func(context.Context, pair) (outcome, error)) error {
	outcomes := make([]outcome, len(pairs))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	var once sync.Mutex // the first error is the one that is reported
	var first error
	for i, p := range pairs {
		group.Go(func() error {
			var err error
			if outcomes[i], err = look(inner, p); err != nil {
				once.Lock()
				defer once.Unlock()
				if first == nil {
					first = err
				}
			}
			return err
		})
	}
	if group.Wait() != nil {
		return first
	}
	for i, o := range outcomes {
		f.note(pairs[i].object(), o)
	}
	return nil
}

func (f *foreseer) note(object *unstructured.Unstructured, o outcome) {
	if o.fact.Kind != "" {
		f.Facts = append(f.Facts, o.fact)
	}
	if o.effect != nil {
		f.Effects = append(f.Effects, *o.effect)
	}
	if o.restart {
		f.restarted(nameOfObject(object))
	}
	if o.final != "" {
		f.Final = append(f.Final, o.final)
	}
	if o.unknown != "" {
		f.Unknown = append(f.Unknown, o.unknown)
	}
}

// live reads an object; nil when it is not there.
func (f *foreseer) live(ctx context.Context, o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(o.GroupVersionKind())
	err := f.cluster.Client.Get(ctx, client.ObjectKeyFromObject(o), live)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.New(codeOf(err), "use a kubeconfig that may get it", "reading %s on cluster %q: %w", nameOfObject(o), f.cluster.Name, err)
	}
	return live, nil
}

// codeOf: what may not be looked at is unproven.
func codeOf(err error) fault.Code {
	if apierrors.IsForbidden(err) {
		return fault.Unproven
	}
	return fault.Failed
}

// foreseen finds out what Helm would do to one object.
func (f *foreseer) foreseen(ctx context.Context, p pair) (outcome, error) {
	live, err := f.live(ctx, p.object())
	if err != nil {
		return outcome{}, err
	}
	o := outcome{fact: factOf(p.object(), live)}
	switch {
	case p.after == nil && live == nil:
	case p.after == nil:
		f.deleted(&o, live)
	case live == nil:
		err = f.created(ctx, &o, p.after)
	default:
		err = f.patched(ctx, &o, p, live)
	}
	return o, err
}

// deleted: Helm deletes what the next revision has not, unless it is to be kept.
func (f *foreseer) deleted(o *outcome, live *unstructured.Unstructured) {
	if live.GetAnnotations()["helm.sh/resource-policy"] == "keep" {
		return
	}
	o.effect = &plan.Effect{Action: plan.Delete, Object: nameOfObject(live), Diff: f.diff(live, nil)}
	policy, _, _ := unstructured.NestedString(live.Object, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
	switch {
	case live.GetKind() == "PersistentVolumeClaim":
		o.final = nameOfObject(live) + " is deleted, and what is on it may go with it"
	case policy == "Delete":
		o.final = nameOfObject(live) + " deletes its volume claims when it is deleted, and what is on them may go with them"
	}
}

// created asks whether an object would be taken. What is shown is what Helm sends: the answer has names and addresses
// that the next try would not have.
func (f *foreseer) created(ctx context.Context, o *outcome, wanted *unstructured.Unstructured) error {
	o.effect = &plan.Effect{Action: plan.Create, Object: nameOfObject(wanted), Diff: f.diff(nil, wanted)}
	err := f.cluster.Client.Create(ctx, wanted.DeepCopy(), client.DryRunAll, client.FieldOwner("helm"))
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil // its kind or its namespace comes with the deployment
	}
	return f.judge(o, "create", wanted, err)
}

// patched asks what would become of an object by the patch that Helm would send.
func (f *foreseer) patched(ctx context.Context, o *outcome, p pair, live *unstructured.Unstructured) error {
	before := p.before
	if before == nil { // Helm adopts it
		before = p.after
	}
	patch, kind, err := patchOf(before, p.after, live)
	if err != nil {
		return fmt.Errorf("comparing %s on cluster %q: %w", nameOfObject(live), f.cluster.Name, masked(err, live.Object, p.after.Object))
	}
	if string(patch) == "{}" {
		return nil
	}
	next := &unstructured.Unstructured{}
	next.SetGroupVersionKind(p.after.GroupVersionKind())
	next.SetNamespace(live.GetNamespace())
	next.SetName(live.GetName())
	err = f.cluster.Client.Patch(ctx, next, client.RawPatch(kind, patch), client.DryRunAll, client.FieldOwner("helm"))
	if err != nil {
		o.effect = &plan.Effect{Action: plan.Update, Object: nameOfObject(live), Diff: f.diff(before, p.after)}
		return f.judge(o, "patch", live, err)
	}
	f.compared(o, live, next)
	return nil
}

// compared notes an update, unless the API server would make the same object again.
func (f *foreseer) compared(o *outcome, live, next *unstructured.Unstructured) {
	if reflect.DeepEqual(plain(spare(live).Object), plain(spare(next).Object)) {
		return
	}
	o.effect = &plan.Effect{Action: plan.Update, Object: nameOfObject(live), Diff: f.diff(live, next)}
	before, _, _ := unstructured.NestedMap(live.Object, "spec", "template")
	after, found, _ := unstructured.NestedMap(next.Object, "spec", "template")
	o.restart = found && live.GetKind() != "Job" && live.GetKind() != "CronJob" && !reflect.DeepEqual(plain(before), plain(after))
}

// applied asks what would become of a CRD by server-side apply.
func (f *foreseer) applied(ctx context.Context, wanted *unstructured.Unstructured) error {
	wanted.SetManagedFields(nil)
	live, err := f.live(ctx, wanted)
	if err != nil {
		return err
	}
	o := outcome{fact: factOf(wanted, live)}
	if live == nil {
		err = f.created(ctx, &o, wanted)
		f.note(wanted, o)
		return err
	}
	next := wanted.DeepCopy()
	err = f.cluster.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(next), client.ForceOwnership, client.FieldOwner(fieldOwner), client.DryRunAll)
	if err != nil {
		o.effect = &plan.Effect{Action: plan.Update, Object: nameOfObject(live)}
		err = f.judge(&o, "patch", live, err)
	} else {
		f.compared(&o, live, next)
	}
	f.note(wanted, o)
	return err
}

// helmRelease asks what would become of a HelmRelease.
func (f *foreseer) helmRelease(ctx context.Context, live, wanted *unstructured.Unstructured) error {
	next := live.DeepCopy()
	if err := replace(next, wanted); err != nil {
		return err
	}
	o := outcome{}
	err := f.cluster.Client.Update(ctx, next, client.DryRunAll)
	if err != nil {
		o.effect = &plan.Effect{Action: plan.Update, Object: nameOfObject(live), Diff: f.diff(live, next)}
		err = f.judge(&o, "update", live, err)
	} else {
		f.compared(&o, live, next)
	}
	f.note(live, o)
	return err
}

// judge turns the answer to a dry run into what is known: what we may not ask is unknown, and what the API server
// refuses would fail the run halfway.
func (f *foreseer) judge(o *outcome, verb string, object *unstructured.Unstructured, err error) error {
	switch {
	case err == nil:
	case apierrors.IsForbidden(err):
		o.unknown = fmt.Sprintf("what the API server makes of %s: the right to %s it is missing", nameOfObject(object), verb)
	case apierrors.IsBadRequest(err) && strings.Contains(err.Error(), "dry run"):
		o.unknown = fmt.Sprintf("what the API server makes of %s: a webhook supports no dry run", nameOfObject(object))
	case apierrors.ReasonForError(err) == metav1.StatusReasonUnknown: // it has not answered
		return fmt.Errorf("trying %s on cluster %q without storing it: %w", nameOfObject(object), f.cluster.Name, masked(err, object.Object, f.options.Values))
	default:
		err = masked(err, object.Object, f.options.Values)
		return fault.New(fault.Refused, "correct what the message says: nothing was changed, and an upgrade would fail on it halfway",
			"trying %s on cluster %q without storing it: %w", nameOfObject(object), f.cluster.Name, err)
	}
	return nil
}

// patchOf makes the patch that Helm would send: for kinds that Kubernetes itself has, a strategic merge of the last
// revision, the next and what is live; for others what differs between the revisions.
func patchOf(before, after, live *unstructured.Unstructured) ([]byte, types.PatchType, error) {
	var documents [3][]byte
	for i, o := range []*unstructured.Unstructured{before, after, live} {
		var err error
		if documents[i], err = json.Marshal(o.Object); err != nil {
			return nil, "", err
		}
	}
	known, err := clientgoscheme.Scheme.New(after.GroupVersionKind())
	if err != nil {
		patch, err := jsonpatch.CreateMergePatch(documents[0], documents[1])
		return patch, types.MergePatchType, err
	}
	lookup, err := strategicpatch.NewPatchMetaFromStruct(known)
	if err != nil {
		return nil, "", err
	}
	patch, err := strategicpatch.CreateThreeWayMergePatch(documents[0], documents[1], documents[2], lookup, true)
	return patch, types.StrategicMergePatchType, err
}
