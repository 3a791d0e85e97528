package validate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// errDecided ends the proofs that still wait once one has failed: the cutover is known to be broken, and a
// person waits for the cause.
var errDecided = errors.New("another proof failed first")

// Clusters gathers the proofs that need clusters, all at once: ready and pull on the hub and on every spoke,
// and push on the hub. The first that fails ends the others. The order of the result is that of the names.
func Clusters(ctx context.Context, hub *cluster.Cluster, spokes []*cluster.Cluster, o Options) []report.Proof {
	o.complete()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		group sync.WaitGroup
		lock  sync.Mutex
		all   []report.Proof
	)
	gather := func(c *cluster.Cluster, prove func(context.Context, *cluster.Cluster, Options) report.Proof) {
		group.Go(func() {
			p := prove(ctx, c, o)
			lock.Lock()
			defer lock.Unlock()
			all = append(all, p)
			if p.Verdict == report.Broken {
				cancel(errDecided)
			}
		})
	}
	for _, c := range append([]*cluster.Cluster{hub}, spokes...) {
		gather(c, Ready)
		gather(c, Pull)
	}
	gather(hub, Push)
	group.Wait()
	order := []string{report.ProofReady, report.ProofPull, report.ProofPush}
	slices.SortStableFunc(all, func(a, b report.Proof) int {
		if a.Name != b.Name {
			return slices.Index(order, a.Name) - slices.Index(order, b.Name)
		}
		return strings.Compare(a.Cluster, b.Cluster)
	})
	return all
}
