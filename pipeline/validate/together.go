package validate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/journal"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// errDecided ends the proofs that still wait once one has failed: the cutover is known to be broken, and a
// person waits for the cause.
var errDecided = errors.New("another proof failed first")

// Verdicts are the proofs of a fleet, in the order of names and clusters.
type Verdicts struct {
	Proofs    []report.Proof
	Leftovers []journal.Leftover // canaries that could not be deleted: keep them, and Sweep them later
}

// Clusters gathers the proofs that need clusters: ready and pull on the hub and on every spoke, and push on the hub.
// Clusters are looked at side by side, so many at a time, each with its own time and its own verdict. One that does
// not answer is unproven. When a proof has failed the others get a moment to come to theirs. A cluster without
// workloads, when others have some, has nothing to prove.
func Clusters(ctx context.Context, hub Cluster, spokes []Cluster, config Config) Verdicts {
	config = config.withDefaults()
	f := newFleet(ctx, append([]Cluster{hub}, spokes...), config)
	defer f.end()
	f.count()
	f.each(func(ctx context.Context, m *member) {
		var group sync.WaitGroup
		group.Go(func() { f.add(f.ready(ctx, m), nil) })
		group.Go(func() { f.add(f.pull(ctx, m)) })
		if m == f.members[0] {
			group.Go(func() { f.add(Push(ctx, hub, spokes, config), nil) })
		}
		group.Wait()
	})
	return f.verdicts()
}

// AllReady makes the proof ready of every cluster, side by side.
func AllReady(ctx context.Context, clusters []Cluster, config Config) []report.Proof {
	f := newFleet(ctx, clusters, config.withDefaults())
	defer f.end()
	f.count()
	f.each(func(ctx context.Context, m *member) { f.add(f.ready(ctx, m), nil) })
	return f.verdicts().Proofs
}

// AllReturned makes the proof of the rollback of every cluster, side by side.
func AllReturned(ctx context.Context, clusters []Cluster, config Config) []report.Proof {
	f := newFleet(ctx, clusters, config.withDefaults())
	defer f.end()
	f.patient = true // after a rollback every cluster's own state matters
	f.each(func(ctx context.Context, m *member) { f.add(Returned(ctx, m.Cluster, config), nil) })
	return f.verdicts().Proofs
}

// fleet is one look at many clusters.
type fleet struct {
	Config
	members []*member
	patient bool // a failure does not end the others

	ctx    context.Context
	cancel context.CancelCauseFunc
	once   sync.Once

	lock sync.Mutex
	all  Verdicts
}

// member is a cluster with the workloads that were counted on it.
type member struct {
	Cluster
	workloads []sourcev1.OCIRepository
	err       error // why they could not be
	idle      bool  // it has none, and another cluster has some
}

func newFleet(ctx context.Context, clusters []Cluster, config Config) *fleet {
	f := &fleet{Config: config}
	for _, c := range clusters {
		f.members = append(f.members, &member{Cluster: c})
		if c.Source != "" {
			f.Zot.AddURL(c.Source) // a workload may name the address of another cluster
		}
	}
	f.ctx, f.cancel = context.WithCancelCause(ctx)
	return f
}

func (f *fleet) end() { f.cancel(nil) }

// each runs do for every cluster, so many at a time.
func (f *fleet) each(do func(context.Context, *member)) {
	var group errgroup.Group
	group.SetLimit(f.Clusters)
	for _, m := range f.members {
		group.Go(func() error {
			do(f.ctx, m)
			return nil
		})
	}
	_ = group.Wait() // do has no error
}

// count lists the workloads of every cluster.
func (f *fleet) count() {
	f.each(func(ctx context.Context, m *member) {
		ctx, cancel := context.WithTimeout(ctx, f.Absence)
		defer cancel()
		listed, err := m.Cluster.workloads(ctx)
		m.err = err
		m.workloads = f.prover("", m.Cluster).expectation().workloads(listed)
	})
	some := slices.ContainsFunc(f.members, func(m *member) bool { return len(m.workloads) > 0 })
	for _, m := range f.members {
		m.idle = some && m.err == nil && len(m.workloads) == 0
	}
}

// ready makes the proof of one cluster.
func (f *fleet) ready(ctx context.Context, m *member) report.Proof {
	p := f.prover(report.ProofReady, m.Cluster)
	if m.err != nil {
		return p.uncounted(ctx, m.err)
	}
	w := newReadiness(p, p.expectation())
	w.idle = m.idle
	proof := w.prove(ctx)
	if m.idle && proof.Verdict == report.Held && w.all == 0 {
		proof.Summary = nothingToProve
	}
	return proof
}

// pull makes the proof of one cluster.
func (f *fleet) pull(ctx context.Context, m *member) (report.Proof, []journal.Leftover) {
	p := f.prover(report.ProofPull, m.Cluster)
	switch {
	case m.err != nil:
		return p.uncounted(ctx, m.err), nil
	case m.idle:
		return p.held(nothingToProve), nil
	}
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	return p.pull(ctx, m.workloads)
}

const nothingToProve = "no workload here, nothing to prove"

// uncounted is the proof of a cluster whose workloads could not be listed.
func (p prover) uncounted(ctx context.Context, err error) report.Proof {
	if ctx.Err() != nil {
		return p.ended(ctx, "the OCIRepositories can't be seen")
	}
	w := newReadiness(p, p.expectation())
	return w.conclude(ctx, err)
}

// add takes a proof. The first that failed gives the others a moment.
func (f *fleet) add(p report.Proof, leftovers []journal.Leftover) {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.all.Proofs = append(f.all.Proofs, p)
	f.all.Leftovers = append(f.all.Leftovers, leftovers...)
	if p.Verdict == report.Broken && !f.patient {
		f.once.Do(func() {
			timer := time.AfterFunc(2*f.Settle, func() { f.cancel(errDecided) })
			context.AfterFunc(f.ctx, func() { timer.Stop() })
		})
	}
}

func (f *fleet) verdicts() Verdicts {
	order := []string{report.ProofReady, report.ProofPull, report.ProofPush}
	position := func(p report.Proof) int {
		return slices.IndexFunc(f.members, func(m *member) bool { return m.Name == p.Cluster })
	}
	slices.SortStableFunc(f.all.Proofs, func(a, b report.Proof) int {
		if a.Name != b.Name {
			return slices.Index(order, a.Name) - slices.Index(order, b.Name)
		}
		return position(a) - position(b)
	})
	slices.SortFunc(f.all.Leftovers, func(a, b journal.Leftover) int { return strings.Compare(a.String(), b.String()) })
	return f.all
}
