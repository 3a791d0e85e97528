package pipeline

import (
	"context"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// AskClusters completes an order for policies with what the target's clusters say of themselves, the hub first: their
// issuers for IRSA, their ARNs for EKS Pod Identity. The operator may then find those by name that the target names so.
// Nothing is written.
func AskClusters(ctx context.Context, order iam.Order, o Options) (iam.Order, error) {
	o = o.withDefaults()
	targets := append([]target.Cluster{o.Target.Hub}, o.Target.Spokes...)
	inEKS := func(c target.Cluster) bool { return c.EKS != target.EKS{} }
	irsa := order.Mode == "" || order.Mode == target.IRSA
	asked := targets
	if !irsa { // only AWS knows what they need
		asked = slices.DeleteFunc(slices.Clone(targets), func(c target.Cluster) bool { return !inEKS(c) })
	}
	found, err := o.world().Identities(ctx, asked...)
	if err != nil {
		return order, fault.New(fault.CodeOf(err), fault.RemedyOf(err)+"; or give what they would say with --issuer or --cluster, or leave the clusters out with --offline",
			"asking the clusters for their identity: %w", err)
	}
	for _, one := range found {
		if irsa {
			order.Issuers = append(order.Issuers, one.Issuer)
		}
		if one.ARN != "" {
			order.Wanted.EKSClusters = append(order.Wanted.EKSClusters, one.ARN)
		}
	}
	if order.Mode == target.PodIdentity && len(asked) == len(targets) {
		order.Clusters = slices.Clone(order.Wanted.EKSClusters)
	}
	return order, nil
}
