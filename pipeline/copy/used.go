package copy

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Complete proves that what the clusters use (Options.References) is whole at the destination, when there is
// no source to compare with any more. As with Verify, the error is only for a context that ended, and for a
// reference that is none.
func Complete(ctx context.Context, dst Destination, o Options) (report.Proof, error) {
	v := &verifier{job: newJob(nil, dst, o)}
	if len(v.References) == 0 {
		p := v.proof(report.Unproven, "no cluster uses anything, and there is no source to compare with")
		p.Cause = "there is nothing to look for"
		p.Evidence = []report.Evidence{{Object: v.dst.url, Seen: "not read"}}
		return p, nil
	}
	roots, unknown, err := rootsOf(v.References)
	if err != nil {
		return report.Proof{}, err
	}
	if _, err := v.list(ctx); err != nil { // says, unlike a manifest, that the repository is missing
		return v.unproven(ctx, err)
	}
	g, err := v.walk(ctx, v.dst, false, roots)
	if err != nil {
		return v.unproven(ctx, err)
	}
	lacking, err := v.rereadUsed(ctx, g, v.References)
	if err != nil {
		return v.unproven(ctx, err)
	}
	seen := fmt.Sprintf("%s and %s read, digests right", report.Counted(len(g.nodes), "manifest"), report.Counted(len(g.blobs), "blob"))
	p := v.proof(report.Held, fmt.Sprintf("everything used by %s is whole in %s: %s", users(len(v.References)), v.dst.url, seen))
	p.Evidence = []report.Evidence{{Object: v.dst.url, Seen: seen, OK: true}}
	p = v.judge(p, lacking, "what clusters use")
	for _, from := range unknown {
		p.Evidence = append(p.Evidence, report.Evidence{Object: from, Seen: "uses no tag or digest that is known yet"})
	}
	if len(unknown) > 0 && p.Verdict == report.Held {
		p.Verdict, p.Summary = report.Unproven, fmt.Sprintf("what is used by %s is not known", users(len(unknown)))
		p.Cause, p.Remedy = unknown[0]+" has no revision yet", "wait until it is Ready, then run it again"
	}
	return p, nil
}

func users(n int) string {
	if n == 1 {
		return "1 OCIRepository"
	}
	return fmt.Sprintf("%d OCIRepositories", n)
}

// rootsOf returns what clusters use: the digest where it is known, else the tag. It also names who uses nothing
// that is known.
func rootsOf(references []Reference) (roots []wanted, unknown []string, err error) {
	var exact []Reference
	for _, r := range references {
		switch {
		case r.Digest != "":
			exact = append(exact, Reference{Digest: r.Digest, From: r.From})
		case r.Tag != "":
			exact = append(exact, r)
		default:
			unknown = append(unknown, r.From)
		}
	}
	roots, err = used(exact)
	return roots, unknown, err
}

// rereadUsed collects what the destination lacks of what the clusters use: manifests that were not found when
// it was walked, blobs, and tags, which a cluster asks for before it asks for a digest.
func (v *verifier) rereadUsed(ctx context.Context, g *graph, references []Reference) ([]finding, error) {
	r := &reader{job: v.job, total: len(g.nodes) + len(g.blobs), done: len(g.nodes)}
	for _, w := range g.gone {
		what := "manifest "
		if w.tag != "" {
			what = "tag "
		}
		r.lack(what+w.reference(), "missing (%s)", w.via())
	}
	for reference, wrong := range g.wrong {
		r.lack("manifest "+reference, "%v", wrong)
	}
	var inner context.Context
	r.group, inner = errgroup.WithContext(ctx)
	r.group.SetLimit(2 * v.Concurrency)
	for _, b := range g.sortedBlobs() {
		r.group.Go(func() error { return r.blobOf(inner, b) })
	}
	asked := map[string]bool{}
	for _, ref := range references {
		if ref.Tag == "" || ref.Digest == "" || asked[ref.Tag] {
			continue
		}
		asked[ref.Tag] = true
		r.group.Go(func() error {
			_, err := v.dst.repo.Manifests().Resolve(inner, ref.Tag)
			if errors.Is(err, errdef.ErrNotFound) {
				r.lack("tag "+ref.Tag, "missing (used by %s)", ref.From)
				return nil
			}
			return v.dst.fail(err, "looking for tag", ref.Tag)
		})
	}
	if err := r.group.Wait(); err != nil {
		return nil, err
	}
	return inOrder(r.lacking), nil
}

// rereadOnlyThere does the same for what clusters use that the source does not have.
func (v *verifier) rereadOnlyThere(ctx context.Context, lacking []finding) ([]finding, error) {
	g, err := v.walk(ctx, v.dst, false, v.onlyThere)
	if err != nil {
		return nil, err
	}
	more, err := v.rereadUsed(ctx, g, nil)
	return append(lacking, more...), err
}
