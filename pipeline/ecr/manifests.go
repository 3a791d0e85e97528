package ecr

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// MostManifests is how many images BatchGetImage answers for in one call:
// docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html.
const MostManifests = 100

// Manifest is one as ECR keeps it.
type Manifest struct {
	Tag    string // by which it was asked for; "" for one that was asked for by its digest
	Digest string
	Raw    string
}

// Manifests reads at most MostManifests manifests, by tag or by digest. It needs ecr:BatchGetImage, as pulling does. What is
// not there, or not given as it is kept, is not among them. ECR Public has no such call: nothing is.
func (c *Client) Manifests(ctx context.Context, tags, digests, accepted []string) ([]Manifest, error) {
	private, ok := c.api.(privateAPI)
	if !ok {
		return nil, nil
	}
	manifests, err := private.manifests(ctx, tags, digests, accepted)
	if err != nil {
		return nil, c.explain(err, "reading manifests of repository %q", c.Repository.Name)
	}
	return manifests, nil
}

// ReadsManifests reports whether Manifests can find anything.
func ReadsManifests(r registry.Repository) bool { return r.Registry.Kind == registry.Private }

func (p privateAPI) manifests(ctx context.Context, tags, digests, accepted []string) ([]Manifest, error) {
	var ids []types.ImageIdentifier
	for _, tag := range tags {
		ids = append(ids, types.ImageIdentifier{ImageTag: aws.String(tag)})
	}
	for _, digest := range digests {
		ids = append(ids, types.ImageIdentifier{ImageDigest: aws.String(digest)})
	}
	out, err := p.client.BatchGetImage(ctx, &ecr.BatchGetImageInput{
		RegistryId: aws.String(p.repo.Registry.AccountID), RepositoryName: aws.String(p.repo.Name), ImageIds: ids, AcceptedMediaTypes: accepted,
	})
	if err != nil {
		return nil, err
	}
	var manifests []Manifest
	for _, image := range out.Images {
		if image.ImageId == nil {
			continue
		}
		m := Manifest{Digest: aws.ToString(image.ImageId.ImageDigest), Raw: aws.ToString(image.ImageManifest)}
		if tag := aws.ToString(image.ImageId.ImageTag); slices.Contains(tags, tag) {
			m.Tag = tag
		}
		manifests = append(manifests, m)
	}
	return manifests, nil
}
