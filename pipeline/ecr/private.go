package ecr

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// privateAPI is the service ecr. Every call names the registry's account, so that credentials of another
// account are refused and never answered from the wrong registry.
type privateAPI struct {
	client *ecr.Client
	repo   registry.Repository
}

func newPrivateAPI(cfg aws.Config, repo registry.Repository) privateAPI {
	return privateAPI{repo: repo, client: ecr.NewFromConfig(cfg, func(o *ecr.Options) {
		o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint = endpointStates(repo.Registry)
	})}
}

func (p privateAPI) token(ctx context.Context) (string, *time.Time, error) {
	out, err := p.client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return "", nil, err
	}
	if len(out.AuthorizationData) == 0 {
		return "", nil, errNoToken
	}
	return aws.ToString(out.AuthorizationData[0].AuthorizationToken), out.AuthorizationData[0].ExpiresAt, nil
}

func (p privateAPI) describe(ctx context.Context) (RepositoryInfo, error) {
	out, err := p.client.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{
		RegistryId: aws.String(p.repo.Registry.AccountID), RepositoryNames: []string{p.repo.Name},
	})
	if err != nil || len(out.Repositories) == 0 {
		return RepositoryInfo{}, err
	}
	r := out.Repositories[0]
	info := RepositoryInfo{
		Exists: true, ARN: aws.ToString(r.RepositoryArn), URI: aws.ToString(r.RepositoryUri),
		AccountID: aws.ToString(r.RegistryId), Mutability: string(r.ImageTagMutability),
	}
	for _, f := range r.ImageTagMutabilityExclusionFilters {
		info.Exclusions = append(info.Exclusions, aws.ToString(f.Filter))
	}
	if e := r.EncryptionConfiguration; e != nil {
		info.KMSKey = aws.ToString(e.KmsKey)
	}
	return info, nil
}

func (p privateAPI) create(ctx context.Context, with Settings) error {
	in := &ecr.CreateRepositoryInput{RepositoryName: aws.String(p.repo.Name), ImageTagMutability: types.ImageTagMutability(with.Mutability)}
	if with.KMSKey != "" {
		in.EncryptionConfiguration = &types.EncryptionConfiguration{EncryptionType: types.EncryptionTypeKms, KmsKey: aws.String(with.KMSKey)}
	}
	if with.ScanOnPush {
		in.ImageScanningConfiguration = &types.ImageScanningConfiguration{ScanOnPush: true}
	}
	for _, key := range slices.Sorted(maps.Keys(with.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(with.Tags[key])})
	}
	if _, err := p.client.CreateRepository(ctx, in); err != nil || with.Lifecycle == "" {
		return err
	}
	_, err := p.client.PutLifecyclePolicy(ctx, &ecr.PutLifecyclePolicyInput{
		RegistryId: aws.String(p.repo.Registry.AccountID), RepositoryName: aws.String(p.repo.Name), LifecyclePolicyText: aws.String(with.Lifecycle),
	})
	return err
}

func (p privateAPI) images(ctx context.Context) ([]Image, error) { return p.imagesThat(ctx, nil) }

// imagesThat lists the images that a filter lets through; nil is those that can be pulled.
func (p privateAPI) imagesThat(ctx context.Context, filter *types.DescribeImagesFilter) ([]Image, error) {
	pages := ecr.NewDescribeImagesPaginator(p.client, &ecr.DescribeImagesInput{
		RegistryId: aws.String(p.repo.Registry.AccountID), RepositoryName: aws.String(p.repo.Name), MaxResults: aws.Int32(page), Filter: filter,
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

func (p privateAPI) layers(ctx context.Context, digests []string) (map[string]int64, error) {
	out, err := p.client.BatchCheckLayerAvailability(ctx, &ecr.BatchCheckLayerAvailabilityInput{
		RegistryId: aws.String(p.repo.Registry.AccountID), RepositoryName: aws.String(p.repo.Name), LayerDigests: digests,
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
