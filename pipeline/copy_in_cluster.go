package pipeline

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/incluster"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// inside copies from pods beside the source, which prove the closure too. Once hue pushes to ECR, what copy writes must be
// noted, digest by digest, so that it can't be taken for a push by hue; a pod has no place to say so much.
func (e *endpoints) inside(ctx context.Context, w *world.World, pairs []copy.Pair) (incluster.Outcome, error) {
	if e.options.Keep {
		return incluster.Outcome{}, fault.New(fault.Usage, "leave --in-cluster out: little is left to copy now", "copying inside the cluster: hue pushes to ECR already, and what is copied since must be noted here")
	}
	if err := w.Lock(ctx); err != nil {
		return incluster.Outcome{}, err
	}
	l := e.launcher(w)
	l.Held = func(ctx context.Context) (map[string]bool, bool) { return copy.Held(ctx, pairs) }
	return l.CopyProven(ctx, e.order(w, pairs))
}

// provenInside proves the closure from a pod beside the source.
func (e *endpoints) provenInside(ctx context.Context, w *world.World, pairs []copy.Pair) (report.Proof, error) {
	if err := w.Lock(ctx); err != nil {
		return report.Proof{}, err
	}
	done, err := e.launcher(w).Prove(ctx, e.order(w, pairs))
	if err != nil {
		return report.Proof{}, err
	}
	return *done.Proof, nil
}

func (e *endpoints) launcher(w *world.World) incluster.Launcher {
	l := incluster.Launcher{
		Cluster: w.Hub, Namespace: w.Target.Release.Namespace, Options: *w.InCluster, Timeout: w.Timeout, Progress: w.Progress,
	}
	if id := w.Target.Identity; id.Mode == target.IRSA && l.Options.ServiceAccount == "" {
		l.Role = id.RoleARN
	}
	return l
}

func (e *endpoints) order(w *world.World, pairs []copy.Pair) incluster.Order {
	order := incluster.Order{Source: e.sealed, Quotas: w.Quotas, Keep: e.options.Keep, Since: e.options.Since}
	for _, p := range pairs {
		order.Pairs = append(order.Pairs, incluster.Pair{Source: p.Source.Repository.Reference.Repository, Destination: p.Destination.Address, References: p.References, Left: p.Left})
	}
	return order
}
