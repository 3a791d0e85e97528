package copy

import (
	"context"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// checkedBlobs are the blobs that the destination has by its API, and how big they are there. known is false where
// there is no such API.
type checkedBlobs struct {
	known bool
	sizes map[digest.Digest]int64
}

// checkBlobs asks the destination's API for many blobs, a hundred at once. Not being allowed to is fine, as is a
// registry without such an API: then each is asked for.
func (j *job) checkBlobs(ctx context.Context, blobs []*blob) (checkedBlobs, error) {
	if j.layers == nil || len(blobs) == 0 {
		return checkedBlobs{}, nil
	}
	checked := checkedBlobs{known: true, sizes: make(map[digest.Digest]int64, len(blobs))}
	var mu sync.Mutex
	answered, err := askTogether(ctx, j, "BatchCheckLayerAvailability", slices.Chunk(blobs, ecr.MostLayers), func(ctx context.Context, some []*blob) error {
		digests := make([]string, len(some))
		for i, b := range some {
			digests[i] = b.desc.Digest.String()
		}
		sizes, err := j.layers(ctx, digests)
		mu.Lock()
		defer mu.Unlock()
		for d, size := range sizes {
			checked.sizes[digest.Digest(d)] = size
		}
		return err
	})
	if !answered {
		return checkedBlobs{}, err
	}
	return checked, nil
}
