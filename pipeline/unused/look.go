package unused

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// Looked is what one cluster shows: what names Zot, and what could not be looked at.
type Looked struct {
	Findings []Finding
	Unseen   []string
}

// Look looks through the objects of every cluster, side by side, as Prove does, and leaves Zot's catalog alone: once
// Zot is off there is none.
func Look(ctx context.Context, clusters []*cluster.Cluster, config Config) []Looked {
	config = config.withDefaults()
	all := make([]Looked, len(clusters))
	var group errgroup.Group
	group.SetLimit(config.Parallel)
	for i, c := range clusters {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, config.Timeout)
			defer cancel()
			l := look{config: config, c: c}
			l.cluster(ctx)
			all[i] = Looked{l.findings, l.unseen}
			return nil
		})
	}
	_ = group.Wait() // the looks have no errors: what they could not see is in them
	return all
}
