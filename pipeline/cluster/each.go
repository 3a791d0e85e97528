package cluster

import "golang.org/x/sync/errgroup"

// AtOnce is how many clusters of a fleet are asked at the same time.
const AtOnce = 16

// Each calls do for each of the clusters, AtOnce of them side by side, and waits for all: one that does not answer must
// not hide what the others say. It returns the error of the first in their order, whichever came first.
func Each[C any](all []C, do func(i int, c C) error) error {
	var group errgroup.Group
	group.SetLimit(AtOnce)
	failed := make([]error, len(all))
	for i, c := range all {
		group.Go(func() error {
			failed[i] = do(i, c)
			return nil
		})
	}
	_ = group.Wait() // the errors are in failed
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}
