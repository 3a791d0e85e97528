package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/drift"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// lookInECR looks whether ECR still gives what clusters read: a lifecycle rule may have archived or deleted it. A cluster
// does not notice before its source-controller restarts.
func lookInECR(ctx context.Context, w *world.World, o ecr.Options) (drift.Found, error) {
	w, err := w.WithECR(ctx, w.Destination, o)
	if err != nil {
		return drift.Found{}, err
	}
	there, err := w.ECR.Images(ctx)
	if err == nil {
		var archived []ecr.Image
		if archived, err = w.ECR.Archived(ctx); err == nil {
			return usedUp(ctx, w, there, archived), nil
		}
	}
	return drift.Found{Unseen: []string{fmt.Sprintf("what %s holds: %v", w.Destination.URL(), err)}}, nil
}

func usedUp(ctx context.Context, w *world.World, there, archived []ecr.Image) drift.Found {
	var found drift.Found
	for _, c := range w.Clusters() {
		if w.Unreached[c.Name] != nil { // said already
			continue
		}
		some := *w
		some.Hub, some.Spokes = c, nil
		used, err := readFromECR(ctx, &some)
		if err != nil {
			found.Unseen = append(found.Unseen, err.Error())
			continue
		}
		found.Findings = append(found.Findings, drift.Lost(c.Name, w.Destination, used[0], there, archived)...)
	}
	return found
}
