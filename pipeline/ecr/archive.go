package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Archived lists the manifests that are in ECR's archive storage class, or on their way out of it: nobody can pull them,
// and Images does not list them. ECR Public has no archive.
func (c *Client) Archived(ctx context.Context) ([]Image, error) {
	p, ok := c.settings()
	if !ok {
		return nil, nil
	}
	var all []Image
	for _, status := range []types.ImageStatusFilter{types.ImageStatusFilterArchived, types.ImageStatusFilterActivating} {
		some, err := p.imagesThat(ctx, &types.DescribeImagesFilter{ImageStatus: status})
		if err != nil {
			return nil, c.explain(err, "listing the archived images of repository %q", c.Repository.Name)
		}
		all = append(all, some...)
	}
	return all, nil
}

// RestoreCommand is the AWS CLI's command that brings an image back from the archive.
func RestoreCommand(r registry.Repository, digest string) string {
	return "aws ecr update-image-storage-class --repository-name " + r.Name + " --image-id imageDigest=" + digest +
		" --target-storage-class STANDARD --region " + r.Registry.Region
}
