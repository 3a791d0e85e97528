package pipeline

import (
	"context"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// bases are what a destination had under each tag when a copy ended, by the name of its repository.
type bases map[string]map[string]string

func basesOf(pairs []copy.Pair, results []copy.Result) bases {
	all := bases{}
	for i, r := range results {
		all[pairs[i].Destination.Address.Name] = r.Base()
	}
	return all
}

// readBases asks the destination, after pods have copied.
func readBases(ctx context.Context, pairs []copy.Pair, o copy.Options) (all bases, err error) {
	all = bases{}
	for _, p := range pairs {
		if all[p.Destination.Address.Name], err = copy.BaseOf(ctx, p.Destination, o); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// onto gives each pair what its destination had.
func (b bases) onto(pairs []copy.Pair) {
	for i := range pairs {
		pairs[i].Base = b[pairs[i].Destination.Address.Name]
	}
}

// overtaken reports whether hue could still push to Zot after it was read: until no pod had the old settings.
func (c Copied) overtaken(switched time.Time) bool {
	return c.base != nil && (c.written || !c.Closure.ObservedAt.After(switched))
}

// catchUp copies what came to Zot between the reading of it and the switch, and proves the closure again. Since then hue
// pushes to ECR: a tag that it has moved there stays.
func catchUp(ctx context.Context, w *world.World, s *state.State, before Copied) (Copied, error) {
	w.Progress.Say("copying what hue pushed to Zot before the switch")
	here := *w
	here.InCluster = nil // little is left, and what is written since the switch is noted here
	return copyOnto(ctx, &here, s, before.Planned, before.base)
}

// copiedUntil returns when the newest manifest came to the destination, by its own clock; now where nobody may know.
func copiedUntil(ctx context.Context, w *world.World) time.Time {
	newest := time.Time{}
	if w.ECR != nil {
		images, err := w.ECR.Images(ctx)
		if err != nil {
			return w.Now()
		}
		for _, image := range images {
			if image.PushedAt.After(newest) {
				newest = image.PushedAt
			}
		}
	}
	if newest.IsZero() {
		return w.Now()
	}
	return newest
}
