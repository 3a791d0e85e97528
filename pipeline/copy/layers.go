package copy

import (
	"context"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

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
	const verb = "BatchCheckLayerAvailability"
	checked := checkedBlobs{known: true, sizes: make(map[digest.Digest]int64, len(blobs))}
	var mu sync.Mutex
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(j.Concurrency)
	for some := range slices.Chunk(blobs, ecr.MostLayers) {
		group.Go(func() error {
			if err := j.dst.client.limits[verb].wait(inner, verb); err != nil {
				return err
			}
			digests := make([]string, len(some))
			for i, b := range some {
				digests[i] = b.desc.Digest.String()
			}
			sizes, err := j.layers(inner, digests)
			mu.Lock()
			defer mu.Unlock()
			for d, size := range sizes {
				checked.sizes[digest.Digest(d)] = size
			}
			return err
		})
	}
	err := group.Wait()
	if j.givenUp(verb, err) {
		return checkedBlobs{}, nil
	}
	return checked, err
}

// givenUp reports whether the API is not to be asked together any more, but each thing by itself: since that is not allowed,
// or since it is throttled for as long as the SDK tries. What is asked for by itself waits longer, and at its own pace.
func (j *job) givenUp(verb string, err error) bool {
	if isCause(err, ecr.Throttled) {
		if bucket := j.dst.client.limits[verb]; bucket != nil {
			bucket.throttled()
		}
		j.note("the destination throttles ecr:%s, so each is asked for by itself", verb)
		return true
	}
	return isCause(err, ecr.Denied)
}
