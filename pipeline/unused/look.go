package unused

import (
	"context"

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
	each(ctx, clusters, config, func(ctx context.Context, i int, l look) {
		l.cluster(ctx)
		all[i] = Looked{l.findings, l.unseen}
	})
	return all
}
