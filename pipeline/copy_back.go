package pipeline

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/proof"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// CopiedBack is a source that has what the destination has.
type CopiedBack struct {
	Return Return
	Done   bool // by this run

	base map[string]string // what the source had under each tag then

	entry Entry
}

// Entry returns what was copied back.
func (c CopiedBack) Entry() Entry { return c.entry }

const noCopyBack = "--no-copy-back: hue pushes again what it renders, and what only ECR has stays there"

// CopyBack is Copy with its endpoints exchanged. While hue pushes to ECR, its tags are the newer ones.
func CopyBack(ctx context.Context, w *world.World, s *state.State, planned PlannedReturn) (CopiedBack, error) {
	in := planned.Return
	done := CopiedBack{Return: in}
	on, err := s.OnECR(w.Destination)
	if err != nil {
		return done, err
	}
	waits := false
	if on && !in.NoCopyBack {
		if waits, err = zotWasTurnedOff(w, s); err != nil {
			return done, err
		}
	}
	switch {
	case !on:
		done.entry.Skip = notOnECR
	case in.NoCopyBack:
		done.entry.Skip = noCopyBack
	case waits:
		done.entry.Skip = "Zot is off: it follows once Zot is on"
	default:
		done.entry, done.base, err = copyToSource(ctx, w, s, false, nil)
		done.Done = err == nil
	}
	return done, err
}

// zotWasTurnedOff reports whether Zot is off now and was on before the cutover: the source may have been another
// registry than Zot.
func zotWasTurnedOff(w *world.World, s *state.State) (bool, error) {
	off, err := s.CutOver(w.Destination)
	if err != nil || !off {
		return false, err
	}
	_, was, err := s.Original()
	return was, err
}

// copyToSource copies what ECR has to the source, and returns what the source has under each tag then. With keep, tags stay
// that the source has already, unless they are as they were in base.
func copyToSource(ctx context.Context, w *world.World, s *state.State, keep bool, base map[string]string) (Entry, map[string]string, error) {
	ends, err := openBack(ctx, w, s)
	if err != nil {
		return Entry{}, nil, err
	}
	defer ends.close()
	ends.options.Keep, ends.options.Base = keep, base
	result, p, err := copy.RunProven(ctx, *ends.source, ends.destination, ends.options)
	if err != nil {
		return Entry{}, nil, orWithoutCopy(err)
	}
	if p.Remedy != "" {
		p.Remedy = "run `palette-ecr rollback` again"
	}
	return Entry{Summary: result.String(), Counts: result.Counts(), Proofs: []report.Proof{p}}, result.Base(), orWithoutCopy(proof.Gate(p))
}

// openBack is openEndpoints the other way round: from ECR to the source.
func openBack(ctx context.Context, w *world.World, s *state.State) (e endpoints, err error) {
	settings, _, err := s.Original()
	if err != nil {
		return e, err
	}
	from, err := copy.FromECR(ctx, w.ECR)
	if err != nil {
		return e, orWithoutCopy(err)
	}
	e.source, e.options = &from, copy.Options{Progress: w.Progress, Now: w.Now}
	if e.options.References, err = references(ctx, w, s); err != nil {
		return e, orLeaveBehind(w, err)
	}
	opened, err := openSource(ctx, w, settings)
	if err != nil {
		return e, orWithoutCopy(err)
	}
	e.close = opened.Close
	if e.destination, err = copy.OpenDestination(opened.Address, opened.Access); err != nil {
		opened.Close()
	}
	return e, err
}
