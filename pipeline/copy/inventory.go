package copy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// inventory reads everything that is in the source: what its tags name, and what clusters use.
func (c *copier) inventory(ctx context.Context) (*graph, error) {
	tags, err := c.src.tags(ctx)
	if err = c.src.fail(err, "listing tags", ""); err != nil && !isCause(err, ecr.Missing) {
		return nil, err
	}
	if err != nil {
		c.note("%s is not there: the source has nothing", c.src.url)
	}
	c.listedTags = tags
	roots, err := used(c.References)
	if err != nil {
		return nil, err
	}
	for _, tag := range tags {
		roots = append(roots, wanted{tag: tag})
	}
	roots = slices.DeleteFunc(roots, func(w wanted) bool { return slices.Contains(c.Left, w.reference()) })
	if roots, err = c.ownRoots(ctx, roots); err != nil {
		return nil, err
	}
	for _, left := range c.Left {
		if _, err := digest.Parse(left); err != nil && !slices.Contains(tags, left) {
			c.note("%s is left by name, and the source has no such tag", left)
			continue
		}
		c.note("%s stays in the source by name", left)
	}
	g, err := c.walk(ctx, c.src, true, roots)
	if err == nil {
		g.leave(c.Left)
	}
	if err != nil {
		return nil, err
	}
	if outside := g.outside(); len(outside) > 0 {
		c.note("%s may not be distributed: not copied are %s", report.Counted(len(outside), "layer"), Some(outside))
	}
	return g, c.settle(ctx, g)
}

// used returns what clusters use as manifests to read.
func used(references []Reference) ([]wanted, error) {
	var roots []wanted
	for i := range references {
		ref := &references[i]
		if ref.Tag != "" {
			roots = append(roots, wanted{tag: ref.Tag, ref: ref})
		}
		if ref.Digest == "" {
			continue
		}
		d, err := digest.Parse(ref.Digest)
		if err != nil {
			return nil, fmt.Errorf("reading the digest %q that %s uses: %w", ref.Digest, ref.From, err)
		}
		roots = append(roots, wanted{digest: d, ref: ref})
	}
	return roots, nil
}

// settle decides what it means that something is not in the source. What a cluster uses may be at the
// destination already; anything else that is missing makes the copy incomplete, which is an error.
func (c *copier) settle(ctx context.Context, g *graph) error {
	var lost, broken []string
	for _, w := range g.gone {
		switch {
		case w.parent != nil:
			broken = append(broken, fmt.Sprintf("%s (%s) is missing", w.digest, w.via()))
		case w.ref == nil:
			c.note("tag %s was deleted from the source meanwhile", w.tag)
		case w.tag == "" && (g.tags[w.ref.Tag] != nil || c.named[w.ref.Tag] != ""):
			c.note("%s still has %s, which the source no longer holds; its tag %s has moved on", w.ref.From, w.digest, w.ref.Tag)
		default:
			there, err := c.existsAtDestination(ctx, w.reference())
			if err != nil {
				return err
			}
			if !there {
				lost = append(lost, fmt.Sprintf("%s uses %s", w.ref.From, w.reference()))
				continue
			}
			c.onlyThere = append(c.onlyThere, w)
		}
	}
	if len(lost) > 0 {
		return incomplete("have hue push it again, or delete the OCIRepository if nothing needs it",
			"looking for what the clusters use: %s, which is neither in %s nor in %s", Some(lost), c.src.url, c.dst.url)
	}
	return c.broken(ctx, g, broken)
}

// broken is the error of a source that is incomplete, nil when it isn't. What is missing of manifests is given.
func (c *copier) broken(ctx context.Context, g *graph, missing []string) error {
	if len(missing)+len(g.wrong) == 0 {
		return nil
	}
	for reference, err := range g.wrong {
		if len(missing)+len(g.wrong) == 1 {
			return incomplete(pushAgain, "%w", err)
		}
		missing = append(missing, "manifest "+reference+": "+causeOf(err))
	}
	blobs, _, err := c.lackingBlobs(ctx, g.sortedBlobs()) // so that all is named at once
	if err != nil {
		return err
	}
	missing = sorted(append(missing, blobs...))
	return incomplete(pushAgain, "reading %s: it is incomplete there, %s: %s", c.src.url, report.Counted(len(missing), "fault"), Some(missing))
}

// incompleteError says that something is not there to be copied, which is a finding and not a failure to look.
type incompleteError struct{ error }

func (e incompleteError) Unwrap() error { return e.error }

func incomplete(remedy, format string, args ...any) error {
	return fault.New(fault.Failed, remedy, "%w", incompleteError{fmt.Errorf(format, args...)})
}

func isCause(err error, cause ecr.Cause) bool {
	var refused *ecr.Error
	return errors.As(err, &refused) && refused.Cause == cause
}

// Some names the first few of many.
func Some(all []string) string {
	const most = 10
	if len(all) > most {
		return strings.Join(all[:most], ", ") + fmt.Sprintf(", and %d more", len(all)-most)
	}
	return strings.Join(all, ", ")
}
