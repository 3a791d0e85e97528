package validate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Ready proves that every workload OCIRepository of a cluster reads from the destination: exactly its URL,
// provider aws, no secretRef, not suspended, the request to reconcile handled, Ready for the current
// generation, and with a revision that the destination holds. None names the source any more.
func Ready(ctx context.Context, c *cluster.Cluster, o Options) report.Proof {
	o.complete()
	return o.await(ctx, c, Expectation{URL: o.Destination.URL(), Not: o.Source, NotHost: host(o.Source), Provider: "aws"})
}

// Returned tells that every workload OCIRepository of a cluster reads from the source again, and that none
// names the destination any more: what a way back has to end with. It holds where there is no workload too.
func Returned(ctx context.Context, c *cluster.Cluster, o Options) report.Proof {
	o.complete()
	o.Images = nil // the source is not ECR
	return o.await(ctx, c, Expectation{URL: o.Source, Not: o.Destination.URL()})
}

// watcher is one wait on one cluster.
type watcher struct {
	o         *Options
	c         *cluster.Cluster
	e         Expectation
	began     time.Time
	requested string
	asked     map[types.UID]asking
	since     map[types.UID]standing
	contents  *contents
	askedAt   time.Time // when the contents were asked for
	evidence  []report.Evidence
	ok, all   int
	left      int // that still name the registry to be left
	final     *Cause
	unknown   *Cause // why nothing can be known
	worst     *Cause // of what is not there yet
}

// asking is how often, and when last, an object was asked to reconcile.
type asking struct {
	times int
	last  time.Time
}

// standing is a cause that an object shows without a break.
type standing struct {
	cause string
	from  time.Time
}

// errFinal ends a wait that has become useless.
var errFinal = errors.New("final")

func (o *Options) await(ctx context.Context, c *cluster.Cluster, e Expectation) report.Proof {
	p := o.proof(report.ProofReady, c.Name)
	w := &watcher{o: o, c: c, e: e, began: time.Now(), requested: o.Now().UTC().Format(time.RFC3339Nano), asked: map[types.UID]asking{}, since: map[types.UID]standing{}}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	err := follow(ctx, c.Client, func(seen objects) (bool, error) { return w.step(ctx, seen) })
	p.Evidence = w.evidence
	return w.conclude(ctx, p, err)
}

func (w *watcher) conclude(ctx context.Context, p report.Proof, err error) report.Proof {
	o, where := w.o, host(w.e.URL)
	tally := fmt.Sprintf("%d of %d workload OCIRepositories are Ready from %s", w.ok, w.all, where)
	switch {
	case err == nil && w.all == 0 && w.e.URL == o.Source:
		return o.held(p, "there is no workload OCIRepository")
	case err == nil && w.all == 0:
		return o.unproven(p, "no workload OCIRepository names the destination or the source", Cause{
			Cause:  "There is no workload on this cluster, so nothing could be read from ECR.",
			Remedy: "Deploy any workload to it, then run `palette-ecr validate` again.",
		})
	case err == nil:
		return o.held(p, tally)
	case w.unknown != nil:
		return o.unproven(p, tally, *w.unknown)
	case errors.Is(err, errFinal):
		return o.broken(p, tally, *w.final)
	case apierrors.IsForbidden(err):
		return o.unproven(p, "the OCIRepositories can't be seen", Cause{
			Cause: sentence(err.Error()), Remedy: "Use a kubeconfig that may list, watch and patch OCIRepositories in all namespaces.",
		})
	case apimeta.IsNoMatchError(err):
		return o.unproven(p, "this cluster knows no OCIRepositories", Cause{
			Cause: "Flux is not installed on this cluster, or is older than 2.6 (OCIRepository v1).", Remedy: "Check that the kubeconfig names the right cluster, then its Flux.",
		})
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return o.broken(p, tally+" after "+o.Timeout.String(), w.late())
	case ctx.Err() != nil:
		return o.unproven(p, tally+" when the wait was ended", Cause{Cause: "The wait was ended before it was decided: " + sentence(context.Cause(ctx).Error()) + ".", Remedy: "Run `palette-ecr validate` again."})
	}
	return o.unproven(p, "the OCIRepositories can't be seen", Cause{Cause: sentence(err.Error()), Remedy: "Check the connection to the cluster and run `palette-ecr validate` again."})
}

// late is the cause of what never came.
func (w *watcher) late() Cause {
	if w.left > 0 {
		return Cause{
			Cause:  fmt.Sprintf("Hue has not pointed %d of %d OCIRepositories at %s.", w.left, w.all, w.e.URL),
			Remedy: fmt.Sprintf("Read why in Hue's log: `kubectl --namespace %s logs deployment/%s`.", w.o.Namespace, w.o.Hue),
		}
	}
	if w.worst != nil {
		return *w.worst
	}
	return Cause{
		Cause:  "source-controller has not handled the OCIRepositories in time.",
		Remedy: fmt.Sprintf("Check that it runs: `kubectl --namespace %s get deployment source-controller`.", w.o.Namespace),
	}
}

// step judges all objects once, asks for reconciles that are due, and tells whether the wait is over.
func (w *watcher) step(ctx context.Context, seen objects) (bool, error) {
	before := w.ok
	w.evidence, w.ok, w.all, w.left, w.worst = nil, 0, 0, 0, nil
	var due []*sourcev1.OCIRepository
	for _, key := range sorted(seen) {
		r := seen[key]
		if !w.e.concerns(r) {
			continue
		}
		w.all++
		requested := w.request(r)
		if requested == w.requested && w.isDue(r) {
			due = append(due, r)
		}
		f := w.look(ctx, r, requested)
		w.evidence = append(w.evidence, report.Evidence{Object: "OCIRepository " + key.String(), Seen: f.seen, OK: f.state == settled})
		if f.state == settled {
			w.ok++
		}
	}
	if w.ok != before {
		w.o.Progress.Count("OCIRepositories Ready on "+w.c.Name, w.ok, w.all)
	}
	if w.final != nil || w.unknown != nil {
		return false, errFinal
	}
	if err := w.ask(ctx, due, seen); err != nil {
		return false, err
	}
	if w.all == 0 {
		return w.e.URL == w.o.Source || time.Since(w.began) >= w.o.Settle, nil
	}
	return w.ok == w.all, nil
}

// request gives the value that an object must have handled.
func (w *watcher) request(r *sourcev1.OCIRepository) string {
	if w.o.ReadOnly {
		return r.Annotations[meta.ReconcileRequestAnnotation]
	}
	return w.requested
}

// isDue tells that an object is to be asked to reconcile: once it names the destination, and again (a few
// times only) should somebody have overwritten the request before it was handled.
func (w *watcher) isDue(r *sourcev1.OCIRepository) bool {
	before := w.asked[r.UID]
	return r.Spec.URL == w.e.URL && !r.Spec.Suspend && r.Status.LastHandledReconcileAt != w.requested &&
		r.Annotations[meta.ReconcileRequestAnnotation] != w.requested && before.times < 3 && time.Since(before.last) >= w.o.Poll
}

// ask annotates objects, several at a time, and takes over what the API server made of them.
func (w *watcher) ask(ctx context.Context, due []*sourcev1.OCIRepository, seen objects) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, meta.ReconcileRequestAnnotation, w.requested)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	asked := make([]*sourcev1.OCIRepository, len(due))
	for i, r := range due {
		w.asked[r.UID] = asking{times: w.asked[r.UID].times + 1, last: time.Now()}
		asked[i] = r.DeepCopy()
		group.Go(func() error {
			return client.IgnoreNotFound(w.c.Client.Patch(ctx, asked[i], client.RawPatch(types.MergePatchType, patch)))
		})
	}
	err := group.Wait()
	for _, r := range asked {
		seen[client.ObjectKeyFromObject(r)] = r
	}
	return err
}

// look judges one object, also by what the destination holds, and notes what ends the wait.
func (w *watcher) look(ctx context.Context, r *sourcev1.OCIRepository, requested string) finding {
	f := w.e.judge(r, requested)
	if f.state != failing {
		delete(w.since, r.UID)
	}
	switch f.state {
	case settled:
		f = w.compare(ctx, r, f)
	case waiting:
		if w.e.left(r) {
			w.left++
		}
	case failing, hopeless:
		w.blame(r, f)
	}
	return f
}

// blame finds the cause of a failure and ends the wait when it stands.
func (w *watcher) blame(r *sourcev1.OCIRepository, f finding) {
	why := w.o.explain(f.fault)
	if f.why != nil {
		why = *f.why
	}
	if w.worst == nil {
		w.worst = &why
	}
	shown := fmt.Sprint(r.Generation, why.ID)
	if w.since[r.UID].cause != shown {
		w.since[r.UID] = standing{cause: shown, from: time.Now()}
	}
	if f.state == hopeless || w.o.stands(why, time.Since(w.since[r.UID].from)) {
		w.final = &why
	}
}

// compare checks a revision against the destination, which is asked again, now and then, while it differs.
func (w *watcher) compare(ctx context.Context, r *sourcev1.OCIRepository, f finding) finding {
	if w.o.Images == nil {
		return f
	}
	lacks := ""
	for fresh := false; ; fresh = true {
		if w.contents != nil {
			if lacks = w.contents.lacks(r.Status.Artifact.Revision); lacks == "" {
				return f
			}
		}
		if fresh || (w.contents != nil && time.Since(w.askedAt) < w.o.Poll) {
			break
		}
		images, err := w.o.Images(ctx)
		if err != nil {
			w.unknown = &Cause{Cause: "What the destination holds can't be seen: " + sentence(err.Error()), Remedy: "Give the identity that runs palette-ecr ecr:DescribeImages on " + w.o.Destination.ARN() + "; `palette-ecr policies` prints the operator's policy."}
			return finding{state: waiting, seen: f.seen + ", not compared with the destination"}
		}
		w.contents, w.askedAt = indexed(images), time.Now()
	}
	w.worst = &Cause{Cause: fmt.Sprintf("OCIRepository %s/%s: %s.", r.Namespace, r.Name, lacks), Remedy: "Run `palette-ecr copy` again, then `palette-ecr validate`."}
	return finding{state: waiting, seen: lacks}
}

func sorted(seen objects) []client.ObjectKey {
	keys := make([]client.ObjectKey, 0, len(seen))
	for key := range seen {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b client.ObjectKey) int {
		if a.String() < b.String() {
			return -1
		}
		return 1
	})
	return keys
}
