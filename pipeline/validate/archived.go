package validate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// archive is what ECR has archived: it answers 404 for it as for what was never there. It is asked only about what is
// missing, again every poll.
type archive struct {
	images func(context.Context) ([]ecr.Image, error) // nil: there is none
	poll   time.Duration

	known []ecr.Image
	at    time.Time
}

// has returns the archived image that an OCIRepository reads; nil when there is none, or when it can't be seen.
func (a *archive) has(ctx context.Context, r *sourcev1.OCIRepository) *ecr.Image {
	if a.images == nil {
		return nil
	}
	if a.at.IsZero() || time.Since(a.at) >= a.poll {
		images, err := a.images(ctx)
		if err != nil {
			return nil // then it is merely missing
		}
		a.known, a.at = images, time.Now()
	}
	used := uses(r)
	for _, image := range a.known {
		if image.Digest == used.Digest || used.Digest == "" && slices.Contains(image.Tags, used.Tag) {
			return &image
		}
	}
	return nil
}

// missing reports whether a cause says that something is not in the destination.
func (c Cause) missing() bool { return c.ID == "missing-artifact" || c.ID == notInDestination }

// notInDestination is the ID of the cause of a revision that the destination lacks.
const notInDestination = "not-in-destination"

// archivedCause is the cause of what is not missing, but archived.
func (p prover) archivedCause(r *sourcev1.OCIRepository, image ecr.Image) Cause {
	name := image.Digest
	if len(image.Tags) > 0 {
		name = strings.Join(image.Tags, ", ") + ", " + image.Digest
	}
	return Cause{
		ID:    "archived",
		Cause: fmt.Sprintf("ECR has archived what OCIRepository %s/%s reads (%s): it answers 404 until it is restored.", r.Namespace, r.Name, name),
		Remedy: fmt.Sprintf("Restore it with `palette-ecr copy` or `%s`, and take the rule that archives by the last pull out of the lifecycle policy, or run `palette-ecr keep-warm` regularly.",
			ecr.RestoreCommand(p.Destination, image.Digest)),
		Terminal: true,
	}
}
