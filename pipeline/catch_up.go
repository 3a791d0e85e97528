package pipeline

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// CaughtUp is a source that has what came to the destination while the release was restored.
type CaughtUp struct{ entry Entry }

// Entry returns what was copied.
func (c CaughtUp) Entry() Entry { return c.entry }

// CatchUp copies what came to ECR while Restore was at work, or all of it when Zot was off before. In the first case
// hue has pushed to Zot again by now, and the tags there are the newer ones; so it has when an earlier rollback restored
// the release and got no further.
func CatchUp(ctx context.Context, w *world.World, s *state.State, in Restored) (CaughtUp, error) {
	resumed := !in.Done && s.Journal.Open && !s.Journal.SwitchedAt.IsZero()
	switch {
	case !in.Done && !resumed:
		return CaughtUp{Entry{Skip: "nothing was restored"}}, nil
	case in.CopiedBack.Return.NoCopyBack:
		return CaughtUp{Entry{Skip: noCopyBack}}, nil
	}
	entry, _, err := copyToSource(ctx, w, s, in.CopiedBack.Done || resumed, in.CopiedBack.base)
	return CaughtUp{entry}, err
}
