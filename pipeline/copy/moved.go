package copy

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// moved returns what is to become of a tag that names something else at the destination than in the source. Without Keep
// the source is right. With it the destination is, unless it still has there what was copied before it became the newer
// one: then hue moved the tag in the source while the copy was under way.
func (j *job) moved(tag string, was, want digest.Digest) Outcome {
	switch {
	case !j.Keep:
		return Overwritten
	case j.Base != nil:
		if j.Base[tag] == was.String() {
			return Overwritten
		}
		return Kept
	case j.Since.IsZero():
		return Kept
	}
	pushed, listed := j.listed.pushed[was]
	switch {
	case j.listed.pushed == nil:
		return Unclear
	case !listed || pushed.After(j.Since): // it came after the list was made, or after the source was left
		return Kept
	case j.listed.there[want]: // the tag may have been moved back, at either end
		return Unclear
	}
	return Overwritten
}

// unclear makes a proof that holds unproven for tags of which nobody knows which end has the newer one.
func (v *verifier) unclear(p report.Proof, tags []finding) report.Proof {
	if len(tags) == 0 || p.Verdict != report.Held {
		return p
	}
	p.Verdict = report.Unproven
	p.Summary = fmt.Sprintf("%s of %s and of %s differ, and which is the newer one is not known", report.Counted(len(tags), "tag"), v.src.url, v.dst.url)
	p.Cause = tags[0].String()
	p.Remedy = "have hue push it again, or leave the source's by name (--leave)"
	for _, f := range tags {
		p.Evidence = append(p.Evidence, report.Evidence{Object: f.what, Seen: f.seen})
	}
	return p
}

// BaseOf reads what a destination has under each tag: Options.Base of a later copy, where no Result is at hand.
func BaseOf(ctx context.Context, dst Destination, o Options) (map[string]string, error) {
	j := newJob(nil, dst, o)
	listed, err := j.list(ctx)
	if err != nil {
		return nil, err
	}
	base := map[string]string{}
	if listed.pushed != nil {
		for tag, d := range listed.tags {
			base[tag] = d.String()
		}
		return base, nil
	}
	tags, err := j.dst.tags(ctx)
	if err != nil {
		return nil, j.dst.fail(err, "listing tags", "")
	}
	var mu sync.Mutex
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(2 * j.Concurrency)
	for _, tag := range tags {
		group.Go(func() error {
			desc, err := j.dst.repo.Manifests().Resolve(inner, tag)
			if errors.Is(err, errdef.ErrNotFound) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			base[tag] = desc.Digest.String()
			return j.dst.fail(err, "looking for tag", tag)
		})
	}
	return base, group.Wait()
}
