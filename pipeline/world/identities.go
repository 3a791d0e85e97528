package world

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/eks"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Identity is what trust policies call a cluster.
type Identity struct {
	Name   string // as the target has it
	Issuer string // of service account tokens, for IRSA
	ARN    string // of a cluster that was found by its name in EKS, for Pod Identity; else empty
}

// Identities asks clusters what trust policies call them, in their order. A cluster that is named as an EKS cluster is
// not reached itself, since AWS says it.
func (w World) Identities(ctx context.Context, targets ...target.Cluster) ([]Identity, error) {
	all := make([]Identity, len(targets))
	err := cluster.Each(targets, func(i int, t target.Cluster) error {
		found, err := w.identity(ctx, t)
		all[i] = found
		return err
	})
	return all, err
}

func (w *World) identity(ctx context.Context, t target.Cluster) (Identity, error) {
	if t.EKS != (target.EKS{}) {
		found, err := eks.Describe(ctx, t.EKS, w.eks())
		return Identity{Name: t.Name, Issuer: found.Issuer, ARN: found.ARN}, err
	}
	c, err := w.Connect(ctx, t)
	if err != nil {
		return Identity{}, err
	}
	issuer, err := c.Issuer(ctx)
	return Identity{Name: t.Name, Issuer: issuer}, err
}
