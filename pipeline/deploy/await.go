package deploy

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// AwaitRollout waits until only new pods of a Deployment run, for at most o.Timeout.
func AwaitRollout(ctx context.Context, c *cluster.Cluster, key client.ObjectKey, o Options) error {
	o.complete()
	return awaitRollout(ctx, c, key, o)
}
