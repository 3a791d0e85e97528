package pipeline

import (
	"context"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/source"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/validate"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var copying = Definition{
	Name: "copy", Does: "copies every artifact to ECR, digests kept, and proves the closure",
	Needs: Needs{Live: true}, Work: rights.Copying, draft: draftCopy,
}

// Copied is a destination that has everything that the source has.
type Copied struct {
	Planned Planned
	Closure report.Proof // zero when this run has not copied

	base    bases // what ECR had then; nil when nothing was copied
	written bool  // Zot was still the one that hue pushes to

	entry Entry
}

// Entry returns what was copied, and the closure proof.
func (c Copied) Entry() Entry { return c.entry }

func (c Copied) edit() *values.Rendered { return c.Planned.edit() }

// Copy copies everything from the source to ECR and proves that all of it is there.
func Copy(ctx context.Context, w *world.World, s *state.State, in Planned) (Copied, error) {
	return copyOnto(ctx, w, s, in, nil)
}

// copyOnto is Copy onto what an earlier copy has left in ECR; nil where nobody knows that.
func copyOnto(ctx context.Context, w *world.World, s *state.State, in Planned, base bases) (Copied, error) {
	done := Copied{Planned: in}
	if s.Absent() {
		done.entry.Skip = "nothing is installed yet: there is no Zot to copy from"
		return done, nil
	}
	given := in.Linted.Rendered.Given
	open, err := opening(w, given)
	if err != nil {
		return done, err
	}
	ends, err := openEndpoints(ctx, w, s, open)
	if err != nil {
		return done, err
	}
	defer ends.close()
	archived := archivedBefore(w, &ends.options)
	if ends.source == nil && s.Journal.Original == nil && len(ends.options.References) == 0 {
		done.entry.Skip = "it was installed without Zot, and has no workload yet: there is nothing to copy, and nothing to prove"
		return done, nil
	}
	if ends.source == nil {
		done.entry.Skip = "Zot is off in the live release: there is nothing left to copy from"
		done.Closure, err = copy.Complete(ctx, ends.destination, ends.options)
	} else {
		var pairs []copy.Pair
		if pairs, err = ends.pairs(ctx, w, s, given, open); err != nil {
			return done, err
		}
		base.onto(pairs)
		done.written = !ends.options.Keep
		switch {
		case w.InCluster != nil:
			if err = done.inside(ctx, w, ends, pairs); err == nil {
				done.base, err = readBases(ctx, pairs, ends.options)
			}
		case w.Shard.Part():
			return done, done.shard(ctx, s, ends, pairs)
		default:
			var results []copy.Result
			results, done.Closure, err = copy.RunAll(ctx, pairs, ends.options)
			err = done.note(ctx, s, pairs, results, err)
			done.base = basesOf(pairs, results)
			archived.tell(&done.entry, results)
		}
	}
	if err != nil {
		return done, err
	}
	done.Closure = archived.explain(ctx, w, ends.options.References, done.Closure)
	done.entry.Proofs = []report.Proof{done.Closure}
	return done, proof.Gate(done.Closure)
}

// inside copies from pods in the cluster.
func (c *Copied) inside(ctx context.Context, w *world.World, ends endpoints, pairs []copy.Pair) error {
	came, err := ends.inside(ctx, w, pairs)
	c.entry.Summary, c.entry.Counts, c.entry.Notes = came.Summary, came.Counts, came.Notes
	if err == nil {
		c.Closure = *came.Proof
	}
	return err
}

// shard copies one part of everything. Nothing is proven by it: that takes all parts.
func (c *Copied) shard(ctx context.Context, s *state.State, ends endpoints, pairs []copy.Pair) error {
	results, err := copy.RunEach(ctx, pairs, ends.options)
	err = c.note(ctx, s, pairs, results, err)
	c.entry.Summary = "shard " + ends.options.Shard.String() + ": " + c.entry.Summary + "; copy without --shard proves that nothing is missing"
	return err
}

// note says what was copied, and notes it where that matters, also when the copy ended with an error.
func (c *Copied) note(ctx context.Context, s *state.State, pairs []copy.Pair, results []copy.Result, err error) error {
	c.entry.Summary, c.entry.Counts = copy.Total(pairs, results)
	c.entry.Notes = copy.Notes(pairs, results)
	for _, result := range results {
		if e := noteCopied(ctx, s, result.Written); err == nil {
			err = e
		}
	}
	return err
}

// noteCopied notes what copy wrote since the switch, so that it can't be taken for a push by hue.
func noteCopied(ctx context.Context, s *state.State, digests []string) error {
	if len(digests) == 0 || s.Journal.SwitchedAt.IsZero() {
		return nil
	}
	s.Journal.NoteCopied(digests)
	return s.Journal.Save(ctx)
}

// proveClosure proves what Copy does, and sends nothing.
func proveClosure(ctx context.Context, w *world.World, s *state.State, given Given) (report.Proof, error) {
	ends, err := openEndpoints(ctx, w, s, existing)
	if err != nil {
		return report.Proof{}, err
	}
	defer ends.close()
	if ends.source == nil {
		return copy.Complete(ctx, ends.destination, ends.options)
	}
	pairs, err := ends.pairs(ctx, w, s, given, existing)
	if err != nil {
		return report.Proof{}, err
	}
	if w.InCluster != nil {
		return ends.provenInside(ctx, w, pairs)
	}
	return copy.VerifyAll(ctx, pairs, ends.options)
}

// endpoints are the two registries of a copy.
type endpoints struct {
	source      *copy.Source // nil: Zot is off
	destination copy.Destination
	sealed      source.Sealed // what it takes to reach the source from a pod
	options     copy.Options
	close       func()
}

func openEndpoints(ctx context.Context, w *world.World, s *state.State, open opener) (endpoints, error) {
	destination, err := open(ctx, w.ECR)
	if err != nil {
		return endpoints{}, err
	}
	return openFor(ctx, w, s, destination)
}

// openFor opens the source for a destination.
func openFor(ctx context.Context, w *world.World, s *state.State, destination copy.Destination) (e endpoints, err error) {
	e.close = func() {}
	e.destination, e.options = destination, copy.Options{Progress: w.Progress, Now: w.Now, Quotas: w.Quotas, Shard: w.Shard, BeforeWrite: w.Lock}
	if e.options.References, err = references(ctx, w, s); err != nil {
		return e, err
	}
	settings, ok, err := s.Source(w.Destination)
	if err != nil || !ok {
		return e, err
	}
	// Once hue pushes to ECR, a tag there may be newer than the one that was left in Zot.
	if e.options.Keep, err = s.OnECR(w.Destination); err != nil {
		return e, err
	}
	e.options.Since = s.Journal.CopiedUntil
	opened, err := openSource(ctx, w, settings)
	if err != nil {
		return e, err
	}
	from, err := copy.OpenSource(opened.Address, opened.Access)
	if err != nil {
		opened.Close()
		return e, err
	}
	e.source, e.sealed, e.close = &from, opened.Sealed, opened.Close
	return e, nil
}

// references returns what clusters use of the source, or of the destination after the switch.
func references(ctx context.Context, w *world.World, s *state.State) ([]copy.Reference, error) {
	used, err := usedBy(ctx, w, s, validate.References)
	return slices.Concat(used...), err
}
