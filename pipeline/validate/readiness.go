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
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// readiness is one wait, on one cluster, for workloads to read from where they should.
type readiness struct {
	prover
	patience

	e         expectation
	idle      bool // a cluster without workloads is as it should be
	began     time.Time
	requested string
	asked     map[any]asking
	accounts  accounts
	contents  contents
	archive   archive

	evidence []report.Evidence
	ok, all  int
	broken   []string // before, and still: not among all
	left     int      // that still name the registry to be left
	first    string   // of those
	final    *Cause
	unknown  *Cause // why nothing can be known
	worst    *Cause // of what is not there yet
}

// asking is how often, and when last, an object was asked to reconcile.
type asking struct {
	times int
	last  time.Time
}

// errFinal ends a wait that has become useless.
var errFinal = errors.New("final")

func (w *readiness) prove(ctx context.Context) report.Proof {
	ctx, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	return w.conclude(ctx, follow(ctx, w.at.Client, func(seen objects) (bool, error) { return w.step(ctx, seen) }))
}

// step judges all objects once, asks for reconciles that are due, and reports whether the wait is over.
func (w *readiness) step(ctx context.Context, seen objects) (bool, error) {
	before := w.ok
	w.evidence, w.broken, w.ok, w.all, w.left, w.first, w.worst = nil, nil, 0, 0, 0, "", nil
	var due []*sourcev1.OCIRepository
	for _, key := range sortedKeys(seen) {
		r := seen[key]
		if !w.e.concerns(r) {
			continue
		}
		if w.excused(r) {
			continue
		}
		w.all++
		requested := w.request(r)
		if requested == w.requested && w.isDue(r) {
			due = append(due, r)
		}
		o := w.look(ctx, r, requested)
		w.evidence = append(w.evidence, report.Evidence{Object: "OCIRepository " + key.String(), Seen: o.seen, OK: o.state == settled})
		if o.state == settled {
			w.ok++
		}
	}
	if w.ok != before {
		w.Progress.Count("OCIRepositories Ready on "+w.at.Name, w.ok, w.all)
	}
	if w.final != nil || w.unknown != nil {
		return false, errFinal
	}
	if err := w.ask(ctx, due, seen); err != nil {
		return false, err
	}
	if w.all == 0 {
		return w.idle || time.Since(w.began) >= w.Settle, nil
	}
	return w.ok == w.all, nil
}

// excused reports whether an object was broken before and still is, which the proof then says.
func (w *readiness) excused(r *sourcev1.OCIRepository) bool {
	if !w.Accepted(w.at.Name, r.Namespace, r.Name) {
		return false
	}
	o := w.e.judge(r, "")
	if o.state == settled {
		return false
	}
	name := r.Namespace + "/" + r.Name
	w.broken = append(w.broken, name)
	w.evidence = append(w.evidence, report.Evidence{Object: "OCIRepository " + name, Seen: "broken before the cutover, and accepted: " + o.seen})
	return true
}

// request returns the value that an object must have handled.
func (w *readiness) request(r *sourcev1.OCIRepository) string {
	if w.ReadOnly {
		return r.Annotations[meta.ReconcileRequestAnnotation]
	}
	return w.requested
}

// isDue reports whether an object is to be asked to reconcile: once it names the destination, and again (a few
// times only) should somebody have overwritten the request before it was handled.
func (w *readiness) isDue(r *sourcev1.OCIRepository) bool {
	before := w.asked[r.UID]
	return r.Spec.URL == w.e.url && !r.Spec.Suspend && r.Status.LastHandledReconcileAt != w.requested &&
		r.Annotations[meta.ReconcileRequestAnnotation] != w.requested && before.times < 3 && time.Since(before.last) >= w.Poll
}

// ask annotates objects, several at a time, and takes over what the API server made of them.
func (w *readiness) ask(ctx context.Context, due []*sourcev1.OCIRepository, seen objects) error {
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, meta.ReconcileRequestAnnotation, w.requested)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	asked := make([]*sourcev1.OCIRepository, len(due))
	for i, r := range due {
		w.asked[r.UID] = asking{times: w.asked[r.UID].times + 1, last: time.Now()}
		asked[i] = r.DeepCopy()
		group.Go(func() error {
			err := w.at.Client.Patch(ctx, asked[i], client.RawPatch(types.MergePatchType, patch))
			if apierrors.IsNotFound(err) {
				return nil // deleted meanwhile: the watch will say so
			}
			if err != nil {
				return fmt.Errorf("asking OCIRepository %s/%s to reconcile: %w", r.Namespace, r.Name, err)
			}
			return nil
		})
	}
	err := group.Wait()
	for _, r := range asked {
		seen[client.ObjectKeyFromObject(r)] = r
	}
	return err
}

// look judges one object, also by its ServiceAccount and by what the destination holds, and notes what ends the wait.
func (w *readiness) look(ctx context.Context, r *sourcev1.OCIRepository, requested string) observation {
	o := w.e.judge(r, requested)
	if w.e.provider != "" && r.Spec.URL == w.e.url && o.why == nil {
		wrong, err := w.accounts.wrong(ctx, r)
		switch {
		case err != nil && ctx.Err() == nil:
			w.unknown = &Cause{Cause: sentence(err.Error()) + ".", Remedy: "Use a kubeconfig that may get ServiceAccounts in all namespaces."}
		case wrong != nil:
			o = observation{state: failing, seen: wrong.Cause, why: wrong}
		}
	}
	if o.state != failing {
		w.forget(r.UID)
	}
	switch o.state {
	case settled:
		return w.compare(ctx, r, o)
	case waiting:
		if r.Spec.URL != w.e.url {
			if w.left++; w.first == "" {
				w.first = r.Namespace + "/" + r.Name
			}
		}
	case failing, hopeless:
		w.blame(ctx, r, o)
	}
	return o
}

// blame finds the cause of a failure and ends the wait when it stands.
func (w *readiness) blame(ctx context.Context, r *sourcev1.OCIRepository, o observation) {
	why := w.cause(o)
	if why.missing() {
		if image := w.archive.has(ctx, r); image != nil {
			why = w.archivedCause(r, *image)
		}
	}
	if w.worst == nil {
		w.worst = &why
	}
	if o.state == hopeless || w.patience.final(r.UID, r.Generation, why) {
		w.final = &why
	}
}

// cause is what is behind an observation.
func (p prover) cause(o observation) Cause {
	if o.why != nil {
		return *o.why
	}
	return p.explain(o.message)
}

// compare checks a revision against the destination.
func (w *readiness) compare(ctx context.Context, r *sourcev1.OCIRepository, o observation) observation {
	lacks, err := w.contents.lack(ctx, r.Status.Artifact.Revision)
	if err != nil {
		if ctx.Err() == nil {
			why := w.unseen(err)
			w.unknown = &why
		}
		return observation{state: waiting, seen: o.seen + ", not compared with the destination"}
	}
	if lacks == "" {
		return o
	}
	why := Cause{ID: notInDestination, Cause: fmt.Sprintf("OCIRepository %s/%s: %s.", r.Namespace, r.Name, lacks), Remedy: "Run `palette-ecr copy` again, then `palette-ecr validate`."}
	if image := w.archive.has(ctx, r); image != nil {
		why = w.archivedCause(r, *image)
		w.final = &why
	}
	w.worst = &why
	return observation{state: waiting, seen: lacks}
}

func sortedKeys(seen objects) []client.ObjectKey {
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
