// Package baseline remembers what was broken before anything was touched: a workload that was suspended for months, a
// Deployment that crashes. Neither a cutover nor its rollback may fail on these, and neither may hide behind them.
package baseline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
)

// Item is one object that is broken.
type Item struct {
	Cluster   string `json:"cluster"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Cause     string `json:"cause"`
	URL       string `json:"url,omitempty"` // that an OCIRepository reads from

	passing bool // it is under way, and may be well in a moment
}

// String is the object as people write it, and as --accept-broken takes it.
func (i Item) String() string {
	return strings.Join([]string{i.Cluster, i.Kind, i.Namespace, i.Name}, "/")
}

func (i Item) is(other Item) bool { return i.String() == other.String() }

// Snapshot is what is broken at one moment. It goes into the journal as JSON.
type Snapshot struct {
	TakenAt time.Time `json:"takenAt"`
	Looked  int       `json:"looked"` // at how many objects
	Broken  []Item    `json:"broken,omitempty"`
	Unseen  []string  `json:"unseen,omitempty"` // rights that it would take to see the rest
}

// Passing reports whether something that is broken may be well in a moment: an OCIRepository that is being fetched, a
// Deployment that is rolling out.
func (s Snapshot) Passing() bool {
	return slices.ContainsFunc(s.Broken, func(i Item) bool { return i.passing })
}

// Suspended is the part of a snapshot that somebody has suspended: that is a decision, and no registry's fault.
func (s Snapshot) Suspended() Snapshot {
	s.Broken = slices.DeleteFunc(slices.Clone(s.Broken), func(i Item) bool { return i.Cause != suspended })
	return s
}

// Take looks at the OCIRepositories of a cluster, in all namespaces, and at what runs in the release's. It takes five
// lists, and writes nothing. What may not be listed is in Unseen.
func Take(ctx context.Context, c *cluster.Cluster, namespace string, now time.Time) (Snapshot, error) {
	l := &looker{cluster: c, namespace: namespace}
	var (
		sources      sourcev1.OCIRepositoryList
		deployments  appsv1.DeploymentList
		statefulSets appsv1.StatefulSetList
		daemonSets   appsv1.DaemonSetList
		pods         corev1.PodList
	)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.list(ctx, &sources, "ocirepositories.source.toolkit.fluxcd.io", "") })
	group.Go(func() error { return l.list(ctx, &deployments, "deployments.apps", namespace) })
	group.Go(func() error { return l.list(ctx, &statefulSets, "statefulsets.apps", namespace) })
	group.Go(func() error { return l.list(ctx, &daemonSets, "daemonsets.apps", namespace) })
	group.Go(func() error { return l.list(ctx, &pods, "pods", namespace) })
	if err := group.Wait(); err != nil {
		return Snapshot{}, err
	}
	l.pods = pods.Items
	for _, o := range sources.Items {
		if own.Is(&o) {
			continue // made for a proof by a run that was killed, perhaps: it is nobody's workload, and goes with the next proof
		}
		cause, passing := sourceCause(&o)
		l.note(Item{Kind: "OCIRepository", Cause: cause, URL: o.Spec.URL, passing: passing}, o.ObjectMeta)
	}
	for _, o := range deployments.Items {
		l.note(l.why("Deployment", o.Spec.Selector, o.Status.ObservedGeneration >= o.Generation, wanted(o.Spec.Replicas), o.Status.AvailableReplicas, o.Status.UpdatedReplicas), o.ObjectMeta)
	}
	for _, o := range statefulSets.Items {
		l.note(l.why("StatefulSet", o.Spec.Selector, o.Status.ObservedGeneration >= o.Generation, wanted(o.Spec.Replicas), o.Status.AvailableReplicas, o.Status.UpdatedReplicas), o.ObjectMeta)
	}
	for _, o := range daemonSets.Items {
		l.note(l.why("DaemonSet", o.Spec.Selector, o.Status.ObservedGeneration >= o.Generation, o.Status.DesiredNumberScheduled, o.Status.NumberAvailable, o.Status.UpdatedNumberScheduled), o.ObjectMeta)
	}
	for _, o := range pods.Items {
		if metav1.GetControllerOf(&o) == nil { // others are their controller's business
			message, _ := cluster.Waiting(o)
			l.note(Item{Kind: "Pod", Cause: message}, o.ObjectMeta)
		}
	}
	slices.SortFunc(l.broken, func(a, b Item) int { return cmp.Compare(a.String(), b.String()) })
	slices.Sort(l.unseen)
	return Snapshot{TakenAt: now.UTC(), Looked: l.looked, Broken: l.broken, Unseen: l.unseen}, nil
}

// Join is the snapshot of several clusters, or of several moments.
func Join(all ...Snapshot) Snapshot {
	var joined Snapshot
	for _, s := range all {
		if joined.TakenAt.IsZero() || s.TakenAt.Before(joined.TakenAt) {
			joined.TakenAt = s.TakenAt
		}
		joined.Looked += s.Looked
		for _, i := range s.Broken {
			if !joined.Has(i) {
				joined.Broken = append(joined.Broken, i)
			}
		}
		joined.Unseen = append(joined.Unseen, s.Unseen...)
	}
	return joined
}

type looker struct {
	cluster   *cluster.Cluster
	namespace string
	pods      []corev1.Pod
	looked    int
	broken    []Item

	mu     sync.Mutex
	unseen []string
}

func (l *looker) list(ctx context.Context, list client.ObjectList, resource, namespace string) error {
	err := l.cluster.Client.List(ctx, list, client.InNamespace(namespace))
	switch {
	case apierrors.IsForbidden(err):
		in := "in all namespaces"
		if namespace != "" {
			in = "in namespace " + namespace
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.unseen = append(l.unseen, fmt.Sprintf("list %s %s on cluster %q", resource, in, l.cluster.Name))
		return nil
	case meta.IsNoMatchError(err), apierrors.IsNotFound(err):
		return nil // the cluster has no such kind
	case err != nil:
		return fmt.Errorf("listing %s on cluster %q: %w", resource, l.cluster.Name, err)
	}
	return nil
}

// note counts an object; an empty cause is a healthy one.
func (l *looker) note(i Item, o metav1.ObjectMeta) {
	l.looked++
	if i.Cause != "" && o.DeletionTimestamp == nil {
		i.Cluster, i.Namespace, i.Name = l.cluster.Name, o.Namespace, o.Name
		l.broken = append(l.broken, i)
	}
}

func wanted(replicas *int32) int32 {
	if replicas == nil {
		return 1
	}
	return *replicas
}

// why says why not all replicas are available, with what the first pod says that doesn't run.
func (l *looker) why(kind string, selector *metav1.LabelSelector, observed bool, wanted, available, updated int32) Item {
	i := Item{Kind: kind, passing: true}
	if observed && available >= wanted && updated >= wanted {
		return i
	}
	i.Cause = fmt.Sprintf("%d of %d replicas are available", available, wanted)
	if available >= wanted {
		i.Cause = "it is rolling out"
	}
	if matches, err := metav1.LabelSelectorAsSelector(selector); err == nil && !matches.Empty() {
		for _, pod := range l.pods {
			if message, _ := cluster.Waiting(pod); message != "" && matches.Matches(labels.Set(pod.Labels)) {
				i.Cause, i.passing = i.Cause+"; "+message, false
				break
			}
		}
	}
	return i
}

const suspended = "it is suspended"

// sourceCause says why an OCIRepository counts as broken, and whether that may pass in a moment.
func sourceCause(o *sourcev1.OCIRepository) (cause string, passing bool) {
	if o.Spec.Suspend {
		return suspended, false
	}
	ready := meta.FindStatusCondition(o.Status.Conditions, "Ready")
	switch {
	case ready == nil:
		return "it has not been reconciled yet", true
	case ready.Status != metav1.ConditionTrue:
		return fmt.Sprintf("%s: %s", ready.Reason, ready.Message), ready.Status == metav1.ConditionUnknown
	case ready.ObservedGeneration != 0 && ready.ObservedGeneration != o.Generation:
		return "its change has not been reconciled yet", true
	}
	return "", false
}
