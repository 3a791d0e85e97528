package deploy

import (
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
)

// outcome is what would become of one object.
type outcome struct {
	effect  *plan.Effect
	fact    plan.Fact
	restart bool
	final   string
	unknown string
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
	case live.GetKind() == "StatefulSet":
		o.effect.Note = "its volumes stay"
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
