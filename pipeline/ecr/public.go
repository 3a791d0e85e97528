package ecr

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic"
	"github.com/aws/aws-sdk-go-v2/service/ecrpublic/types"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// publicAPI is the service ecr-public, which answers in one region and knows repositories without the alias.
type publicAPI struct {
	client *ecrpublic.Client
	repo   registry.Repository
}

func newPublicAPI(cfg aws.Config, repo registry.Repository) publicAPI {
	return publicAPI{repo: repo, client: ecrpublic.NewFromConfig(cfg)}
}

func (p publicAPI) token(ctx context.Context) (string, *time.Time, error) {
	out, err := p.client.GetAuthorizationToken(ctx, &ecrpublic.GetAuthorizationTokenInput{})
	if err != nil {
		return "", nil, err
	}
	if out.AuthorizationData == nil {
		return "", nil, errNoToken
	}
	return aws.ToString(out.AuthorizationData.AuthorizationToken), out.AuthorizationData.ExpiresAt, nil
}

func (p publicAPI) describe(ctx context.Context) (RepositoryInfo, error) {
	out, err := p.client.DescribeRepositories(ctx, &ecrpublic.DescribeRepositoriesInput{RepositoryNames: []string{p.repo.Name}})
	if err != nil || len(out.Repositories) == 0 {
		return RepositoryInfo{}, err
	}
	r := out.Repositories[0]
	return RepositoryInfo{
		Exists: true, ARN: aws.ToString(r.RepositoryArn), URI: aws.ToString(r.RepositoryUri),
		AccountID: aws.ToString(r.RegistryId), Mutability: "MUTABLE",
	}, nil
}

func (p publicAPI) create(ctx context.Context, with Settings) error {
	in := &ecrpublic.CreateRepositoryInput{RepositoryName: aws.String(p.repo.Name)}
	for _, key := range slices.Sorted(maps.Keys(with.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(with.Tags[key])})
	}
	_, err := p.client.CreateRepository(ctx, in)
	return err
}

func (p publicAPI) images(ctx context.Context) ([]Image, error) {
	pages := ecrpublic.NewDescribeImagesPaginator(p.client, &ecrpublic.DescribeImagesInput{
		RepositoryName: aws.String(p.repo.Name), MaxResults: aws.Int32(page),
	})
	var images []Image
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, d := range out.ImageDetails {
			images = append(images, Image{
				Digest: aws.ToString(d.ImageDigest), Tags: d.ImageTags, PushedAt: aws.ToTime(d.ImagePushedAt),
				Size: aws.ToInt64(d.ImageSizeInBytes), MediaType: aws.ToString(d.ImageManifestMediaType),
			})
		}
	}
	return images, nil
}

func (p publicAPI) layers(ctx context.Context, digests []string) (map[string]int64, error) {
	out, err := p.client.BatchCheckLayerAvailability(ctx, &ecrpublic.BatchCheckLayerAvailabilityInput{
		RepositoryName: aws.String(p.repo.Name), LayerDigests: digests,
	})
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	for _, layer := range out.Layers {
		if layer.LayerAvailability == types.LayerAvailabilityAvailable {
			sizes[aws.ToString(layer.LayerDigest)] = aws.ToInt64(layer.LayerSize)
		}
	}
	return sizes, nil
}
