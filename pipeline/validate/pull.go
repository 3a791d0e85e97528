package validate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/own"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Pull proves that source-controller can fetch from the destination in every way in which this cluster's workloads
// are fetched: a canary OCIRepository for each, made for this proof, has nothing in storage that could stand in for
// ECR. It reads an artifact that such a workload uses. The canaries are deleted whatever happens; those that could
// not be, since the cluster did not answer any more, are returned.
func Pull(ctx context.Context, c Cluster, config Config) (report.Proof, []journal.Leftover) {
	p := config.prover(report.ProofPull, c)
	ctx, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	listed, unlisted := p.list(ctx)
	if unlisted != nil {
		return *unlisted, nil
	}
	return p.pull(ctx, p.expectation().workloads(listed))
}

// workloads are those of a cluster's OCIRepositories that count.
func (e expectation) workloads(listed []sourcev1.OCIRepository) []sourcev1.OCIRepository {
	var all []sourcev1.OCIRepository
	for _, r := range listed {
		if e.concerns(&r) && !e.foreign(&r) {
			all = append(all, r)
		}
	}
	return all
}

// sound are the workloads that were not broken before, and the names of the others: an identity that did not work for
// Zot need not work for ECR. Where all were broken, all count.
func (p prover) sound(workloads []sourcev1.OCIRepository) (kept []sourcev1.OCIRepository, broken []string) {
	for _, r := range workloads {
		if p.Accepted(p.at.Name, r.Namespace, r.Name) {
			broken = append(broken, r.Namespace+"/"+r.Name)
		} else {
			kept = append(kept, r)
		}
	}
	if len(kept) == 0 {
		return workloads, nil
	}
	return kept, broken
}

// list returns the OCIRepositories of the cluster, or the proof that ends with why they can't be seen. A cluster that does
// not answer at all is not waited for as long as one that is at work.
func (p prover) list(ctx context.Context) ([]sourcev1.OCIRepository, *report.Proof) {
	ctx, cancel := context.WithTimeout(ctx, p.Absence)
	defer cancel()
	listed, err := p.at.workloads(ctx)
	if err != nil {
		proof := p.noCanary(ctx, err)
		return nil, &proof
	}
	return listed, nil
}

func (p prover) noCanary(ctx context.Context, err error) report.Proof {
	if timedOut(ctx) {
		return p.silent(err)
	}
	return p.unproven("no canary could be made", Cause{
		Cause: sentence(err.Error()), Remedy: "Make sure that OCIRepositories may be listed, made and deleted in the namespaces of workloads.",
	})
}

func (p prover) pull(ctx context.Context, workloads []sourcev1.OCIRepository) (report.Proof, []journal.Leftover) {
	workloads, broken := p.sound(workloads)
	all, said, untried := choose(identities(workloads), p.Canaries)
	made, err := p.canaries(ctx, all)
	if err != nil {
		return p.unproven("there is nothing that a canary could fetch", p.unseen(err)), nil
	}
	if len(made) == 0 {
		return p.unproven("there is nothing in the destination that a canary could fetch", Cause{
			Cause: "No artifact is in " + p.Destination.URL() + ".", Remedy: "Run `palette-ecr copy`, or deploy any workload, then run `palette-ecr validate` again.",
		}), nil
	}
	f := flock{prover: p, patience: p.patience(), archive: archive{images: p.Archived, poll: p.Poll}, canaries: made, said: said, excuses: excuses(broken), untried: untried}
	var proof report.Proof
	if err := f.create(ctx); err != nil {
		proof = p.noCanary(ctx, err)
	} else {
		proof = f.fetched(ctx)
	}
	return proof, f.remove(ctx)
}

// flock is the canaries of one proof.
type flock struct {
	prover
	patience

	archive  archive
	canaries []*canary
	said     string // of ways that were left out
	excuses  string // of workloads that were broken before
	untried  bool   // one of these is of a kind that no canary tries

	final   *Cause
	worst   *Cause
	missing string // a canary that somebody else took away
}

// errGone ends the wait for a canary that somebody took away.
var errGone = errors.New("a canary is gone")

// fetched waits until every canary's artifact is in source-controller's storage, or until it is plain that one will
// not be.
func (f *flock) fetched(ctx context.Context) report.Proof {
	err := follow(ctx, f.at.Client, func(all objects) (bool, error) { return f.step(ctx, all) }, client.MatchingLabels{own.Label: own.Name})
	var evidence []report.Evidence
	for _, c := range f.canaries {
		evidence = append(evidence, report.Evidence{Object: c.name() + " (" + c.identity.String() + ")", Seen: c.seen, OK: c.ok})
	}
	host := registry.HostOf(f.Destination.URL())
	switch {
	case err == nil && f.untried:
		return f.unproven("not every way in which workloads are fetched was tried", Cause{
			Cause: "Of the ways in which this cluster's workloads are fetched, " + f.said + ".", Remedy: "Allow more canaries in one cluster.",
		}, evidence...)
	case err == nil:
		return f.held(f.summary(host), evidence...)
	case errors.Is(err, errGone):
		return f.unproven("the canary was taken away", Cause{
			Cause:  f.missing + " was deleted or replaced by somebody else before source-controller had fetched it: perhaps by another palette-ecr.",
			Remedy: "Run `palette-ecr validate` again when nobody else does.",
		}, evidence...)
	case errors.Is(err, errFinal):
		return f.failed("source-controller can't fetch from "+host, *f.final, evidence...)
	case timedOut(ctx):
		if silent := f.at.answers(ctx); silent != nil {
			return f.silent(silent, evidence...)
		}
		return f.failed("source-controller did not fetch from "+host, f.late(), evidence...)
	case ctx.Err() != nil:
		return f.ended(ctx, "the canary's wait was ended", evidence...)
	}
	return f.silent(err, evidence...)
}

func (f *flock) summary(host string) string {
	text := "source-controller fetched a new OCIRepository from " + host
	if len(f.canaries) > 1 {
		text = fmt.Sprintf("source-controller fetched %d new OCIRepositories from %s, one for each way in which workloads are fetched", len(f.canaries), host)
	}
	if f.said != "" {
		text += "; " + f.said
	}
	return text + f.excuses
}

func (f *flock) late() Cause {
	if f.worst != nil {
		return *f.worst
	}
	var late []string
	for _, c := range f.canaries {
		if !c.ok {
			late = append(late, c.name()+": "+c.seen)
		}
	}
	return Cause{
		Cause:  "source-controller has not fetched the canary within " + f.Timeout.String() + ": " + strings.Join(late, "; ") + ".",
		Remedy: fmt.Sprintf("Check that it runs: `%s get deployment source-controller --all-namespaces`.", f.at.kubectl()),
	}
}

// step judges every canary once.
func (f *flock) step(ctx context.Context, all objects) (bool, error) {
	e := expectation{url: f.Destination.URL(), provider: "aws", keepCert: true, at: f.at}
	done := true
	for _, c := range f.canaries {
		r := all[client.ObjectKeyFromObject(c.object)]
		if r == nil || r.UID != c.object.UID {
			c.seen, f.missing = "it is gone", c.name()
			return false, errGone
		}
		o := e.judge(r, "")
		c.seen = o.seen
		c.ok = o.state == settled && apimeta.IsStatusConditionTrue(r.Status.Conditions, sourcev1.ArtifactInStorageCondition)
		done = done && c.ok
		if o.state != failing && o.state != hopeless {
			f.forget(r.UID)
			continue
		}
		why := f.cause(o)
		if why.missing() {
			if image := f.archive.has(ctx, r); image != nil {
				why = f.archivedCause(r, *image)
			}
		}
		if f.worst == nil {
			f.worst = &why
		}
		if f.patience.final(r.UID, r.Generation, why) {
			f.final = &why
			return false, errFinal
		}
	}
	return done, nil
}
