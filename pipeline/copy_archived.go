package pipeline

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// archived are the images that ECR had archived when the first of this run's artifacts was sent. To a copy they look like
// any that are missing; pushing one again is one of the two ways to restore it.
type archived struct{ images []ecr.Image }

// archivedBefore looks before the first write of a copy, and only then: a run with nothing to copy asks nothing.
func archivedBefore(w *world.World, o *copy.Options) *archived {
	a, once, before := &archived{}, sync.Once{}, o.BeforeWrite
	o.BeforeWrite = func(ctx context.Context) error {
		once.Do(func() {
			var err error
			switch a.images, err = w.ECR.Archived(ctx); {
			case ctx.Err() != nil: // something else has failed already
				return
			case err != nil:
				w.Progress.Say("what ECR has archived can't be seen: %v", err)
			case len(a.images) > 0:
				w.Progress.Say("ECR has archived %s: what Zot has of that is pushed again, which restores it", report.Counted(len(a.images), "image"))
			}
		})
		return before(ctx)
	}
	return a
}

// tell adds to a stage's entry how many images are restored.
func (a *archived) tell(e *Entry, results []copy.Result) {
	n := 0
	for _, image := range a.images {
		if slices.ContainsFunc(results, func(r copy.Result) bool { return slices.Contains(r.Written, image.Digest) }) {
			n++
		}
	}
	if n > 0 {
		e.Summary += fmt.Sprintf("; %s, archived in ECR until now, can be pulled again", report.Counted(n, "manifest"))
		e.Counts["restored from ECR's archive"] = int64(n)
	}
}

// explain names the archive as the cause of a closure that does not hold, where what clusters use is in it. Zot does not
// have it, or it would be restored.
func (a *archived) explain(ctx context.Context, w *world.World, used []copy.Reference, p report.Proof) report.Proof {
	if p.Verdict != report.Broken {
		return p
	}
	images, err := w.ECR.Archived(ctx)
	if err != nil {
		return p
	}
	for _, image := range images {
		for _, r := range used {
			if r.Digest == image.Digest || r.Digest == "" && slices.Contains(image.Tags, r.Tag) {
				p.Cause = fmt.Sprintf("ECR has archived %s, which %s uses and Zot does not have: it answers 404 until it is restored", image.Digest, r.From)
				p.Remedy = "restore it: `" + ecr.RestoreCommand(w.Destination, image.Digest) + "`, then run it again"
				return p
			}
		}
	}
	return p
}
