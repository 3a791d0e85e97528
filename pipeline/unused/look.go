package unused

import (
	"context"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
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

// Again looks at the objects of every cluster once more, for proofs of an earlier run that still count. It returns them,
// and in the place of one that something on its cluster contradicts what is there now.
func Again(ctx context.Context, clusters []*cluster.Cluster, config Config, known []report.Proof) []report.Proof {
	config = config.withDefaults()
	now := make([]*report.Proof, len(clusters))
	each(ctx, clusters, config, func(ctx context.Context, i int, l look) {
		if l.cluster(ctx); len(l.findings) > 0 {
			p := l.proof()
			now[i] = &p
		}
	})
	known = slices.Clone(known)
	for i, p := range known {
		at := slices.IndexFunc(clusters, func(c *cluster.Cluster) bool { return c.Name == p.Cluster })
		if at >= 0 && now[at] != nil {
			known[i] = *now[at]
		}
	}
	return known
}
