package validate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Ready proves that every workload OCIRepository of a cluster reads from the destination: exactly its URL,
// provider aws, no way to Zot's credentials, not suspended, the request to reconcile handled, Ready for the current
// generation, and with a revision that the destination holds. None names Zot any more, by whatever address.
func Ready(ctx context.Context, c Cluster, config Config) report.Proof {
	p := config.prover(report.ProofReady, c)
	return newReadiness(p, p.expectation()).prove(ctx)
}

// Returned proves that every workload OCIRepository of a cluster reads from this cluster's own address of Zot again,
// and that none names the destination any more: what a rollback has to end with. It holds where there is no workload;
// where nobody knows the cluster's address of Zot it is unproven, since nothing could be looked at.
func Returned(ctx context.Context, c Cluster, config Config) report.Proof {
	p := config.prover(report.ProofReady, c)
	if c.Source == "" {
		return p.unproven("the address at which this cluster reads from Zot is not known", Cause{
			Cause:  fmt.Sprintf("Neither the values nor the journal name the address of Zot for cluster %q.", c.Name),
			Remedy: "Give fleetConfig.spokes an entry with this cluster's name and its ociRegistry, then run `palette-ecr rollback` again.",
		})
	}
	if c.Name != p.Hub.Name { // the others need not wait for one that is gone as for one that is at work
		if _, unlisted := p.list(ctx); unlisted != nil && unlisted.Verdict == report.Unproven {
			return *unlisted
		}
	}
	p.Images, p.Archived = nil, nil // the source is not ECR
	destination := p.Destination.URL()
	e := expectation{url: c.Source, at: c, left: func(url string) bool { return url == destination }}
	// An address of Zot that is not this cluster's own is not left, but not reached either.
	var own registry.Spellings
	own.AddURL(c.Source)
	e.left = func(url string) bool {
		return url == destination || (url != c.Source && pathOf(url) == pathOf(c.Source) && p.Zot.Names(url) && !own.Names(url))
	}
	r := newReadiness(p, e)
	r.idle = true
	return r.prove(ctx)
}

// conclude makes the proof of what the wait ended with.
func (w *readiness) conclude(ctx context.Context, err error) report.Proof {
	tally := fmt.Sprintf("%d of %d workload OCIRepositories are Ready from %s", w.ok, w.all, registry.HostOf(w.e.url)) + excuses(w.broken)
	switch {
	case err == nil && w.all == 0 && w.idle:
		return w.held("no workload OCIRepository here, nothing to move back"+excuses(w.broken), w.evidence...)
	case err == nil && w.all == 0 && len(w.broken) > 0:
		return w.unproven("no workload OCIRepository is left to look at"+excuses(w.broken), Cause{
			Cause: "Every workload of this cluster was broken before the cutover.", Remedy: "Repair one of them, or deploy any workload, then run `palette-ecr validate` again.",
		}, w.evidence...)
	case err == nil && w.all == 0:
		return w.nothing()
	case err == nil:
		return w.held(tally, w.evidence...)
	case w.unknown != nil:
		return w.unproven(tally, *w.unknown, w.evidence...)
	case errors.Is(err, errFinal):
		return w.failed(tally, *w.final, w.evidence...)
	case apierrors.IsForbidden(err):
		return w.unproven("the OCIRepositories can't be seen", Cause{
			Cause: sentence(err.Error()), Remedy: "Use a kubeconfig that may list, watch and patch OCIRepositories in all namespaces.",
		}, w.evidence...)
	case apimeta.IsNoMatchError(err):
		return w.unproven("this cluster knows no OCIRepositories", Cause{
			Cause: "Flux is not installed on this cluster, or is older than 2.6 (OCIRepository v1).", Remedy: "Check that the kubeconfig names the right cluster, then its Flux.",
		})
	case timedOut(ctx):
		if silent := w.at.answers(ctx); silent != nil {
			return w.silent(silent, w.evidence...)
		}
		return w.failed(tally+" after "+w.Timeout.String(), w.late(), w.evidence...)
	case ctx.Err() != nil:
		return w.ended(ctx, tally+" when the wait was ended", w.evidence...)
	}
	return w.silent(err, w.evidence...)
}

// excuses says which workloads a proof is not about; "" when it is about all.
func excuses(broken []string) string {
	if len(broken) == 0 {
		return ""
	}
	const most = 3
	names := strings.Join(broken[:min(len(broken), most)], ", ")
	if len(broken) > most {
		names += ", …"
	}
	return fmt.Sprintf("; nothing is said of %d that were broken before: %s", len(broken), names)
}

// nothing is the proof of a cluster without a workload, when no other cluster has one either.
func (p prover) nothing() report.Proof {
	return p.unproven("no workload OCIRepository names the destination or the source", Cause{
		Cause:  "There is no workload on this cluster, so nothing could be read from ECR.",
		Remedy: "Deploy any workload to it, then run `palette-ecr validate` again.",
	})
}

// late is the cause of what never came.
func (w *readiness) late() Cause {
	if w.left > 0 {
		return Cause{
			Cause:  fmt.Sprintf("Hue has not pointed %d of %d OCIRepositories at %s, for example %s.", w.left, w.all, w.e.url, w.first),
			Remedy: fmt.Sprintf("Read why in Hue's log on the hub: `%s`; one that was made by hand is to be changed by hand.", w.Hub.Kubectl("--namespace %s logs deployment/%s", w.Namespace, w.Hue)),
		}
	}
	if w.worst != nil {
		return *w.worst
	}
	return Cause{
		Cause:  "source-controller has not handled the OCIRepositories in time.",
		Remedy: fmt.Sprintf("Check that it runs: `%s get deployment source-controller --all-namespaces`.", w.at.kubectl()),
	}
}

// begin is what a wait starts with.
func newReadiness(p prover, e expectation) *readiness {
	return &readiness{
		prover: p, e: e, began: time.Now(), requested: p.Now().UTC().Format(time.RFC3339Nano),
		asked: map[any]asking{}, patience: p.patience(), accounts: accounts{at: p.at, poll: p.Poll},
		contents: contents{images: p.Images, poll: p.Poll}, archive: archive{images: p.Archived, poll: p.Poll},
	}
}
