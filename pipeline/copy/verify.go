package copy

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Verify proves the closure: it reads the source again, and everything that can be reached from it at the
// destination, every manifest with its digest and every blob by a HEAD. What was found is the proof's verdict;
// the error is only for a context that ended.
func Verify(ctx context.Context, src Source, dst Destination, o Options) (report.Proof, error) {
	c := &copier{job: newJob(&src, dst, o)}
	v := &verifier{job: c.job}
	if _, err := c.list(ctx); err != nil { // says, unlike a manifest, that the repository is missing
		return v.unproven(ctx, err)
	}
	g, err := c.inventory(ctx)
	if err != nil {
		return v.unproven(ctx, err)
	}
	v.onlyThere = c.onlyThere
	p, _, err := v.verify(ctx, g)
	return p, err
}

// RunProven is Run and Verify over one reading of the source. When a manifest was there but not whole, which
// Run does not look for, it is repaired and everything read once more.
func RunProven(ctx context.Context, src Source, dst Destination, o Options) (Result, report.Proof, error) {
	c := &copier{job: newJob(&src, dst, o)}
	g, result, err := c.run(ctx)
	if err != nil {
		return result, report.Proof{}, err
	}
	p, lacking, err := c.verifier().verify(ctx, g)
	result.Notes = sorted(c.notes)
	if err != nil || len(lacking) == 0 {
		return result, p, err
	}
	c.note("repairing the destination: %s", some(names(lacking)))
	o.Repair = true
	repair := &copier{job: newJob(&src, dst, o)}
	g, repaired, err := repair.run(ctx)
	result = result.with(repaired, c.notes)
	if err != nil {
		return result, p, err
	}
	p, _, err = repair.verifier().verify(ctx, g)
	return result, p, err
}

// with adds what a repair did.
func (r Result) with(repair Result, notes []string) Result {
	r.Manifests.Copied += repair.Manifests.Copied
	r.Blobs.Copied += repair.Blobs.Copied
	r.Bytes += repair.Bytes
	r.Mounted += repair.Mounted
	r.Written = sorted(append(append([]string{}, r.Written...), repair.Written...))
	r.SourceRequests = r.SourceRequests.plus(repair.SourceRequests)
	r.DestinationRequests = r.DestinationRequests.plus(repair.DestinationRequests)
	r.Notes = sorted(append(append([]string{}, notes...), repair.Notes...))
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
		p.Evidence = slices.Insert(p.Evidence, 1, report.Evidence{Object: v.src.url, Seen: "not copied, since they may not be distributed: " + some(outside), OK: true})
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
