package pipeline

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/source"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// openSource reaches the registry that hue's settings name, as Flux does. The caller closes it.
func openSource(ctx context.Context, w *world.World, settings mural.Registry) (*source.Registry, error) {
	return source.Open(ctx, w.Hub, settings, source.Options{Namespace: w.Target.Release.Namespace, HTTPClient: w.HTTPClient})
}
