package copy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Verify proves the closure: it reads the source again, and everything that can be reached from it at the
// destination, every manifest with its digest and every blob by a HEAD. What was found is the proof's verdict;
// the error is only for a context that ended. A source that moves meanwhile is read again.
func Verify(ctx context.Context, src Source, dst Destination, o Options) (report.Proof, error) {
	p, _, err := verifyCounted(ctx, src, dst, o)
	return p, err
}

// verifyCounted is Verify that returns what was read of the source too; nil where that could not be read.
func verifyCounted(ctx context.Context, src Source, dst Destination, o Options) (report.Proof, *graph, error) {
	for round := 1; ; round++ {
		c := &copier{job: newJob(&src, dst, o)}
		p, g, err := c.prove(ctx)
		if err != nil || p.Verdict != report.Held {
			return p, g, err
		}
		moved, err := c.meanwhile(ctx, g)
		if err != nil {
			p, err := c.verifier().unproven(ctx, err)
			return p, g, err
		}
		if len(moved) == 0 || round == mostRounds {
			return c.asOf(p, moved), g, nil
		}
	}
}

// prove is Verify of one reading.
func (c *copier) prove(ctx context.Context) (report.Proof, *graph, error) {
	if _, err := c.list(ctx); err != nil { // says, unlike a manifest, that the repository is missing
		p, err := c.verifier().unproven(ctx, err)
		return p, nil, err
	}
	g, err := c.inventory(ctx)
	if err != nil {
		p, err := c.verifier().unproven(ctx, err)
		return p, nil, err
	}
	p, _, err := c.verifier().verify(ctx, g)
	return p, g, err
}

// RunProven is Run and Verify over one reading of the source. When a manifest was there but not whole, which
// Run does not look for, it is repaired and everything read once more; so it is when the source has moved meanwhile, as one
// does to which hue still pushes.
func RunProven(ctx context.Context, src Source, dst Destination, o Options) (Result, report.Proof, error) {
	c := &copier{job: newJob(&src, dst, o)}
	g, result, err := c.run(ctx)
	if err != nil {
		return result, report.Proof{}, err
	}
	var notes []string
	for round, repaired := 1, false; ; round++ {
		p, lacking, err := c.verifier().verify(ctx, g)
		if err == nil && len(lacking) > 0 && !repaired {
			c.note("repairing the destination: %s", Some(names(lacking)))
			repaired, o.Repair = true, true
		} else {
			var moved []string
			if err == nil && p.Verdict == report.Held {
				moved, err = c.meanwhile(ctx, g)
			}
			if err != nil || len(moved) == 0 || round >= mostRounds {
				result.Notes = sorted(append(notes, c.notes...))
				return result, c.asOf(p, moved), err
			}
			c.note("the source moved while it was copied, and is read again: tag %s", Some(moved))
		}
		notes = append(notes, c.notes...)
		c = &copier{job: newJob(&src, dst, o.after(result))}
		var again Result
		g, again, err = c.run(ctx)
		result = result.with(again)
		if err != nil {
			result.Notes = sorted(append(notes, again.Notes...))
			return result, p, err
		}
	}
}

// after are the options of a further reading: what was copied is no tag that moved at the destination.
func (o Options) after(r Result) Options {
	if o.Keep {
		base := maps.Clone(o.Base)
		if base == nil {
			base = map[string]string{}
		}
		maps.Copy(base, r.Base())
		o.Base = base
	}
	return o
}

// asOf says of a proof that the source has moved since it was read.
func (c *copier) asOf(p report.Proof, moved []string) report.Proof {
	if len(moved) == 0 {
		return p
	}
	p.Summary += fmt.Sprintf("; this is of %s, and %s in the source moved since: %s", c.began.UTC().Format("15:04:05 UTC"), report.Counted(len(moved), "tag"), Some(moved))
	p.Evidence = append(p.Evidence, report.Evidence{Object: c.src.url, Seen: "moved since it was read: " + Some(moved), OK: true})
	return p
}

// with adds what a repair, or a further reading, did.
func (r Result) with(repair Result) Result {
	before := map[Tag]Tag{}
	for _, t := range r.Tags {
		before[Tag{Name: t.Name, Digest: t.Digest}] = t
	}
	for i, t := range repair.Tags { // what is there now came with the first
		if first, ok := before[Tag{Name: t.Name, Digest: t.Digest}]; ok && t.Outcome == Present {
			repair.Tags[i] = first
		}
	}
	if len(repair.Tags) > 0 {
		r.Tags, r.Manifests.Total, r.Blobs.Total = repair.Tags, repair.Manifests.Total, repair.Blobs.Total
	}
	r.failed = repair.failed
	r.Manifests.Copied += repair.Manifests.Copied
	r.Blobs.Copied += repair.Blobs.Copied
	r.Bytes += repair.Bytes
	r.Mounted += repair.Mounted
	r.Written = sorted(append(append([]string{}, r.Written...), repair.Written...))
	r.SourceRequests = r.SourceRequests.plus(repair.SourceRequests)
	r.DestinationRequests = r.DestinationRequests.plus(repair.DestinationRequests)
	return r
}

// verifier reads what a job has, or should have, brought to the destination.
type verifier struct {
	*job
	onlyThere []wanted // what clusters use that only the destination has
}

func (c *copier) verifier() *verifier { return &verifier{job: c.job, onlyThere: c.onlyThere} }

// verify reads the destination for what a graph of the source holds.
func (v *verifier) verify(ctx context.Context, g *graph) (report.Proof, []finding, error) {
	lacking, unclear, err := v.reread(ctx, g)
	if err == nil && len(v.onlyThere) > 0 {
		lacking, err = v.rereadOnlyThere(ctx, lacking)
	}
	if err != nil {
		p, err := v.unproven(ctx, err)
		return p, nil, err
	}
	seen := fmt.Sprintf("%s, %s and %s read again, digests equal", report.Counted(len(g.tags), "tag"), report.Counted(len(g.nodes), "manifest"), report.Counted(len(g.blobs), "blob"))
	p := v.proof(report.Held, fmt.Sprintf("everything in %s is in %s: %s", v.src.url, v.dst.url, seen))
	p.Evidence = []report.Evidence{
		{Object: v.src.url, Seen: fmt.Sprintf("%s, %s, %s, %s reach everything", report.Counted(len(g.tags), "tag"), report.Counted(len(v.References), "reference"), report.Counted(len(g.nodes), "manifest"), report.Counted(len(g.blobs), "blob")), OK: true},
		{Object: v.dst.url, Seen: seen, OK: true},
	}
	if outside := g.outside(); len(outside) > 0 {
		p.Summary += fmt.Sprintf("; %s may not be distributed, and nothing of that is copied", report.Counted(len(outside), "layer"))
		p.Evidence = slices.Insert(p.Evidence, 1, report.Evidence{Object: v.src.url, Seen: "not copied, since they may not be distributed: " + Some(outside), OK: true})
	}
	return v.unclear(v.judge(p, lacking, "what "+v.src.url+" holds"), unclear), lacking, nil
}

// judge makes a proof fail for what is lacking.
func (v *verifier) judge(p report.Proof, lacking []finding, of string) report.Proof {
	if len(lacking) == 0 {
		return p
	}
	p.Verdict = report.Broken
	p.Summary = fmt.Sprintf("%s does not hold all of %s: %s", v.dst.url, of, report.Counted(len(lacking), "thing")+" lacking")
	p.Cause = lacking[0].String()
	p.Remedy = "run `palette-ecr copy`: it sends what is missing"
	p.Evidence[len(p.Evidence)-1].Seen, p.Evidence[len(p.Evidence)-1].OK = report.Counted(len(lacking), "thing")+" lacking", false
	const most = 10
	for i, f := range lacking {
		if i == most {
			p.Evidence = append(p.Evidence, report.Evidence{Object: v.dst.url, Seen: fmt.Sprintf("and %d more", len(lacking)-most)})
			break
		}
		p.Evidence = append(p.Evidence, report.Evidence{Object: f.what, Seen: f.seen})
	}
	return p
}

// unproven makes the proof that could not be made. A repository that isn't there is not unknown: nothing is in it.
func (v *verifier) unproven(ctx context.Context, err error) (report.Proof, error) {
	if ctx.Err() != nil {
		return report.Proof{}, fmt.Errorf("verifying %q: %w", v.dst.url, ctx.Err())
	}
	verdict, summary := report.Unproven, "the closure could not be proven"
	var lacks incompleteError
	switch {
	case isCause(err, ecr.Missing):
		verdict, summary = report.Broken, v.dst.url+" does not exist"
	case errors.As(err, &lacks):
		verdict, summary = report.Broken, "not everything is there to be copied"
	}
	p := v.proof(verdict, summary)
	p.Cause, p.Remedy = err.Error(), fault.RemedyOf(err)
	p.Evidence = []report.Evidence{{Object: v.dst.url, Seen: err.Error()}}
	return p, nil
}

func (v *verifier) proof(verdict report.Verdict, summary string) report.Proof {
	// What came to the source after it was read is not in it; it counts from when the destination was read.
	return report.Proof{Name: report.ProofClosure, Verdict: verdict, Summary: summary, ObservedAt: v.began, ExpiresAt: v.Now().Add(v.Lifetime)}
}
