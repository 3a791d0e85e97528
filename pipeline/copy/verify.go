package copy

import (
	"context"
	"errors"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Verify proves the closure: it reads the source again, and everything that can be reached from it at the
// destination, every manifest with its digest and every blob by a HEAD. What was found is the proof's verdict;
// the error is only for a context that ended.
func Verify(ctx context.Context, src Source, dst Destination, o Options) (report.Proof, error) {
	c := newCopier(&src, dst, o)
	if _, err := c.list(ctx); err != nil { // says, unlike a manifest, that the repository is missing
		return c.unproven(ctx, err)
	}
	g, err := c.inventory(ctx)
	if err != nil {
		return c.unproven(ctx, err)
	}
	p, _, err := c.verify(ctx, g)
	return p, err
}

// RunProven is Run and Verify over one reading of the source. When a manifest was there but not whole, which
// Run does not look for, it is repaired and everything read once more.
func RunProven(ctx context.Context, src Source, dst Destination, o Options) (Result, report.Proof, error) {
	c := newCopier(&src, dst, o)
	g, result, err := c.run(ctx)
	if err != nil {
		return result, report.Proof{}, err
	}
	p, lacking, err := c.verify(ctx, g)
	result.Notes = sorted(c.notes)
	if err != nil || len(lacking) == 0 {
		return result, p, err
	}
	c.note("repairing the destination: %s", some(names(lacking)))
	o.Repair = true
	repair := newCopier(&src, dst, o)
	g, repaired, err := repair.run(ctx)
	result = result.with(repaired, c.notes)
	if err != nil {
		return result, p, err
	}
	p, _, err = repair.verify(ctx, g)
	return result, p, err
}

// with adds what a repair did.
func (r Result) with(repair Result, notes []string) Result {
	r.Manifests.Copied += repair.Manifests.Copied
	r.Blobs.Copied += repair.Blobs.Copied
	r.Bytes += repair.Bytes
	r.SourceRequests = r.SourceRequests.plus(repair.SourceRequests)
	r.DestinationRequests = r.DestinationRequests.plus(repair.DestinationRequests)
	r.Notes = sorted(append(append([]string{}, notes...), repair.Notes...))
	return r
}

// verify reads the destination for what a graph of the source holds.
func (c *copier) verify(ctx context.Context, g *graph) (report.Proof, []finding, error) {
	lacking, err := c.reread(ctx, g)
	if err == nil && len(c.onlyThere) > 0 {
		lacking, err = c.rereadOnlyThere(ctx, lacking)
	}
	if err != nil {
		p, err := c.unproven(ctx, err)
		return p, nil, err
	}
	seen := fmt.Sprintf("%s, %s and %s read again, digests equal", count(len(g.tags), "tag"), count(len(g.nodes), "manifest"), count(len(g.blobs), "blob"))
	p := c.proof(report.Held, fmt.Sprintf("everything in %s is in %s: %s", c.src.url, c.dst.url, seen))
	p.Evidence = []report.Evidence{
		{Object: c.src.url, Seen: fmt.Sprintf("%s, %s, %s, %s reach everything", count(len(g.tags), "tag"), count(len(c.References), "reference"), count(len(g.nodes), "manifest"), count(len(g.blobs), "blob")), OK: true},
		{Object: c.dst.url, Seen: seen, OK: true},
	}
	return c.judge(p, lacking, "what "+c.src.url+" holds"), lacking, nil
}

// judge makes a proof fail for what is lacking.
func (c *copier) judge(p report.Proof, lacking []finding, of string) report.Proof {
	if len(lacking) == 0 {
		return p
	}
	p.Verdict = report.Broken
	p.Summary = fmt.Sprintf("%s does not hold all of %s: %s", c.dst.url, of, count(len(lacking), "thing")+" lacking")
	p.Cause = lacking[0].String()
	p.Remedy = "run `palette-ecr copy`: it sends what is missing"
	p.Evidence[len(p.Evidence)-1].Seen, p.Evidence[len(p.Evidence)-1].OK = count(len(lacking), "thing")+" lacking", false
	const most = 10
	for i, f := range lacking {
		if i == most {
			p.Evidence = append(p.Evidence, report.Evidence{Object: c.dst.url, Seen: fmt.Sprintf("and %d more", len(lacking)-most)})
			break
		}
		p.Evidence = append(p.Evidence, report.Evidence{Object: f.what, Seen: f.seen})
	}
	return p
}

// unproven makes the proof that could not be had. A repository that isn't there is not unknown: nothing is in it.
func (c *copier) unproven(ctx context.Context, err error) (report.Proof, error) {
	if ctx.Err() != nil {
		return report.Proof{}, fmt.Errorf("verifying %q: %w", c.dst.url, ctx.Err())
	}
	verdict, summary := report.Unproven, "the closure could not be proven"
	var lacks incompleteError
	switch {
	case isCause(err, ecr.Missing):
		verdict, summary = report.Broken, c.dst.url+" does not exist"
	case errors.As(err, &lacks):
		verdict, summary = report.Broken, "not everything is there to be copied"
	}
	p := c.proof(verdict, summary)
	p.Cause, p.Remedy = err.Error(), fault.RemedyOf(err)
	p.Evidence = []report.Evidence{{Object: c.dst.url, Seen: err.Error()}}
	return p, nil
}

func (c *copier) proof(v report.Verdict, summary string) report.Proof {
	now := c.Now()
	return report.Proof{Name: report.ProofClosure, Verdict: v, Summary: summary, ObservedAt: now, ExpiresAt: now.Add(c.Lifetime)}
}
