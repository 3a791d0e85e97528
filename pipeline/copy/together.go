package copy

import (
	"context"
	"iter"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// askTogether asks the destination's API about many things, as many at once as one call takes, and reports whether all
// was answered. Where it is not, each is to be asked for by itself.
func askTogether[Q any](ctx context.Context, j *job, verb string, questions iter.Seq[Q], ask func(context.Context, Q) error) (bool, error) {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(j.Concurrency)
	for q := range questions {
		group.Go(func() error {
			if err := j.dst.client.limits[verb].wait(inner, verb); err != nil {
				return err
			}
			return ask(inner, q)
		})
	}
	err := group.Wait()
	if j.givenUp(verb, err) {
		return false, nil
	}
	return err == nil, err
}

// givenUp reports whether the API is not to be asked together any more: since that is not allowed, or since it is throttled
// for as long as the SDK tries. What is asked for by itself waits longer, and at its own pace.
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
