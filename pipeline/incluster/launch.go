package incluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Launcher makes Jobs in one cluster, one after the other.
type Launcher struct {
	Cluster   *cluster.Cluster
	Namespace string // of the release
	Role      string // IAM role that pods assume by their ServiceAccount's token; empty: their identity comes by other ways
	Options   Options
	Timeout   time.Duration // until a pod runs
	Progress  progress.Reporter

	// Held returns the manifests that the destination has, and false where that can't be listed. What pods have copied is
	// counted by it: one that was killed says nothing, and a part of two indexes is sent by two shards. May be nil.
	Held func(context.Context) (map[string]bool, bool)
}

// CopyProven copies what an order names and proves the closure: in one pod, or in shards and a last pod that proves all.
// When the proof finds manifests that were there and not whole, it repairs them and looks once more.
func (l Launcher) CopyProven(ctx context.Context, order Order) (Outcome, error) {
	if l.Held == nil {
		return l.copyProven(ctx, order)
	}
	before, known := l.Held(ctx)
	done, err := l.copyProven(ctx, order)
	after, still := l.Held(context.WithoutCancel(ctx))
	if known && still {
		if done.Counts == nil {
			done.Counts = map[string]int64{}
		}
		for manifest := range before {
			delete(after, manifest)
		}
		done.Counts["manifests copied"] = int64(len(after))
	}
	if l.Options.Shards > 1 {
		done.Summary = done.ofShards(l.Options.Shards)
	}
	return done, err
}

func (l Launcher) copyProven(ctx context.Context, order Order) (Outcome, error) {
	if order.Shards = l.Options.Shards; order.Shards <= 1 {
		order.Work = CopyProven
		return l.run(ctx, order)
	}
	var all Outcome
	for _, order.Repair = range []bool{false, true} {
		order.Work = CopyShard
		copied, err := l.run(ctx, order)
		all = all.and(copied)
		if err != nil {
			return all, err
		}
		proven, err := l.Prove(ctx, order)
		all.total(proven.Counts)
		if all.Proof = proven.Proof; err != nil || all.Proof == nil || all.Proof.Verdict != report.Broken {
			return all, err
		}
	}
	return all, nil
}

// Prove proves the closure and sends nothing.
func (l Launcher) Prove(ctx context.Context, order Order) (Outcome, error) {
	order.Work, order.Shards = Prove, 1
	return l.run(ctx, order)
}

// and adds up what shards came to.
func (o Outcome) and(other Outcome) Outcome {
	if o.Counts == nil {
		o.Counts = map[string]int64{}
	}
	for what, n := range other.Counts {
		o.Counts[what] += n
	}
	if o.Summary != "" && other.Summary != "" {
		o.Summary += "; "
	}
	o.Summary += other.Summary
	for _, note := range other.Notes { // what each shard has to say is said once
		if !slices.Contains(o.Notes, note) {
			o.Notes = append(o.Notes, note)
		}
	}
	return o
}

// total takes over what the source has altogether. More than that was not copied: what several shards need, each may have
// sent.
func (o *Outcome) total(counts map[string]int64) {
	for what, n := range counts {
		o.Counts[what] = n
		if copied := what + " copied"; o.Counts[copied] > n {
			o.Counts[copied] = n
		}
	}
}

// ofShards says what several shards came to.
func (o Outcome) ofShards(shards int) string {
	text := fmt.Sprintf("%d shards: ", shards)
	if _, known := o.Counts["manifests"]; known {
		text += fmt.Sprintf("%s, %s and %s: ", report.Counted(int(o.Counts["tags"]), "tag"), report.Counted(int(o.Counts["manifests"]), "manifest"), report.Counted(int(o.Counts["blobs"]), "blob"))
	}
	return text + fmt.Sprintf("%s and %s copied", report.Counted(int(o.Counts["manifests copied"]), "manifest"), report.Counted(int(o.Counts["blobs copied"]), "blob"))
}

// run makes a Job, waits for its end and takes it away again, with its pods and its Secret.
func (l Launcher) run(ctx context.Context, order Order) (done Outcome, err error) {
	sealed, err := order.seal()
	if err != nil {
		return done, err
	}
	hue, err := l.hue(ctx)
	if err != nil {
		return done, err
	}
	if err := l.clear(ctx); err != nil {
		return done, err
	}
	if err := l.account(ctx, hue.Spec.Template.Spec.ServiceAccountName); err != nil {
		return done, err
	}
	made := job(l.Namespace, l.Role, hue.Spec.Template, l.Options, order)
	if err := l.Cluster.Client.Create(ctx, made); err != nil {
		return done, l.explain(err, "making the Job")
	}
	defer l.away(ctx, made)
	// The Secret goes with the Job, whoever deletes it.
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: made.Namespace, Name: made.Name, Labels: labels(),
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(made, batchv1.SchemeGroupVersion.WithKind("Job"))},
	}, Data: map[string][]byte{orderKey: sealed}}
	if len(l.Options.CA) > 0 {
		secret.Data[caKey] = l.Options.CA
	}
	if err := l.Cluster.Client.Create(ctx, secret); err != nil {
		return done, l.explain(err, "making a Secret for it")
	}
	suspended := made.DeepCopy()
	made.Spec.Suspend = new(false) // by a patch: the Job controller writes its status meanwhile
	if err := l.Cluster.Client.Patch(ctx, made, client.MergeFrom(suspended)); err != nil {
		return done, l.explain(err, "starting the Job")
	}
	l.Progress.Say("Job %s/%s, %s, image %s", made.Namespace, made.Name, report.Counted(max(order.Shards, 1), "pod"), l.Options.Image)
	return l.follow(ctx, made, order)
}

// hue returns hue's Deployment: pods beside it need what it needs.
func (l Launcher) hue(ctx context.Context) (*appsv1.Deployment, error) {
	var found appsv1.Deployment
	key := client.ObjectKey{Namespace: l.Namespace, Name: "hue"}
	if err := l.Cluster.Client.Get(ctx, key, &found); err != nil {
		return nil, l.explain(err, "reading Deployment "+key.String())
	}
	return &found, nil
}

// account looks for the ServiceAccount of the pods: without it Kubernetes makes none, and says so nowhere that one would look.
// Not being allowed to look is fine: the follower says why there is no pod.
func (l Launcher) account(ctx context.Context, hues string) error {
	key := client.ObjectKey{Namespace: l.Namespace, Name: cmp.Or(l.Options.ServiceAccount, hues, "default")}
	err := l.Cluster.Client.Get(ctx, key, &corev1.ServiceAccount{})
	switch {
	case apierrors.IsNotFound(err) && l.Options.ServiceAccount != "":
		return fault.New(fault.Usage, fmt.Sprintf("name one of `%s`, or leave --service-account out: then it is hue's", l.Cluster.Kubectl("--namespace %s get serviceaccounts", l.Namespace)),
			"copying inside cluster %q: there is no ServiceAccount %s", l.Cluster.Name, key)
	case err != nil && !apierrors.IsForbidden(err):
		return l.explain(err, "looking for ServiceAccount "+key.String())
	}
	return nil
}

// clear takes away what an earlier launcher that was killed has left.
func (l Launcher) clear(ctx context.Context) error {
	var left batchv1.JobList
	if err := l.Cluster.Client.List(ctx, &left, client.InNamespace(l.Namespace), client.MatchingLabels(labels())); err != nil {
		return l.explain(err, "looking for Jobs of an earlier copy")
	}
	for i := range left.Items {
		l.Progress.Say("an earlier copy has left Job %s: it is taken away", left.Items[i].Name)
		l.away(ctx, &left.Items[i])
	}
	return nil
}

// away deletes one object, also after an interruption. What can't be deleted is said, and goes by itself: a Job that has
// ended lives for ten minutes.
func (l Launcher) away(ctx context.Context, o client.Object) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	err := l.Cluster.Client.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil && !apierrors.IsNotFound(err) {
		l.Progress.Say("%s/%s could not be deleted (%s): delete it", o.GetNamespace(), o.GetName(), apierrors.ReasonForError(err))
	}
}

func (l Launcher) explain(err error, doing string) error {
	return fault.New(fault.Failed, l.remedy(err), "copying inside cluster %q: %s: %w", l.Cluster.Name, doing, err)
}

// remedy is what to do when Kubernetes does not do what it was asked.
func (l Launcher) remedy(err error) string {
	if apierrors.IsForbidden(err) {
		return "`palette-ecr policies --kubernetes --in-cluster` prints the Role; or copy without --in-cluster"
	}
	return fmt.Sprintf("look with `%s`, then run it again, or copy without --in-cluster", l.Cluster.Kubectl("--namespace %s get jobs,pods --selector %s=%s", l.Namespace, component, copies))
}
