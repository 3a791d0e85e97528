package ecr

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/smithy-go"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// RepositoryInfo is what ECR says of a repository.
type RepositoryInfo struct {
	Exists     bool
	ARN        string
	URI        string // host/path
	AccountID  string // the account that owns it
	Mutability string // of tags: MUTABLE, IMMUTABLE, or one of them _WITH_EXCLUSION. ECR Public has only MUTABLE
}

// Immutable reports whether no tag can ever be moved. With exclusions some can.
func (r RepositoryInfo) Immutable() bool { return r.Mutability == "IMMUTABLE" }

// Image is a manifest in the repository.
type Image struct {
	Digest    string
	Tags      []string // empty for a manifest without
	PushedAt  time.Time
	Size      int64 // bytes, as ECR counts: layers compressed, an index as its biggest child
	MediaType string
}

// page is how many results one request for images or repositories asks for: the most that ECR gives.
const page = 1000

// Describe asks ECR for the repository. That it does not exist is an answer, not an error; see Require.
func (c *Client) Describe(ctx context.Context) (RepositoryInfo, error) {
	info, err := c.api.describe(ctx)
	if isNoRepository(err) {
		return RepositoryInfo{}, nil
	}
	if err != nil {
		return RepositoryInfo{}, c.explain(err, "describing repository %q", c.Repository.Name)
	}
	if c.Repository.Registry.Kind == registry.Public && info.URI != "" && info.URI != c.Repository.Reference() {
		return RepositoryInfo{}, fault.New(fault.Usage,
			"use credentials of the account that owns the alias "+c.Repository.Registry.Alias+", or correct the alias in the endpoint",
			"describing repository %q: in account %s it is %q, not %q", c.Repository.Name, info.AccountID, info.URI, c.Repository.Reference())
	}
	return info, nil
}

// Require is Describe with an error when the repository does not exist; its remedy is the command that makes it.
func (c *Client) Require(ctx context.Context) (RepositoryInfo, error) {
	info, err := c.Describe(ctx)
	if err == nil && !info.Exists {
		err = NoRepository(c.Repository)
	}
	return info, err
}

// Settings are those of a repository that Create makes. The zero value is ECR's own: tags that can be moved, its default
// encryption, nothing else. ECR Public knows none but tags.
type Settings struct {
	Mutability string // of tags: MUTABLE or IMMUTABLE
	KMSKey     string // ARN or alias of the key that encrypts it
	ScanOnPush bool
	Tags       map[string]string // of the repository
	Lifecycle  string            // JSON of a lifecycle policy
}

// Create makes the repository. One that exists already is fine, and stays as it is. It refuses to make it in another account than the endpoint names.
func (c *Client) Create(ctx context.Context, with Settings) error {
	if want := c.Repository.Registry.AccountID; want != "" {
		caller, err := c.Identity(ctx)
		if err != nil {
			return err
		}
		if caller.Account != want {
			return fault.New(fault.Usage, "use credentials of account "+want+", or correct the endpoint",
				"creating repository %q: these credentials are of account %s, the endpoint names account %s", c.Repository.Name, caller.Account, want)
		}
	}
	if c.Repository.Registry.Kind == registry.Public && (with.Mutability != "" || with.KMSKey != "" || with.ScanOnPush || with.Lifecycle != "") {
		return fault.New(fault.Usage, "leave out registry.create but for its tags", "creating repository %q: ECR Public has neither mutability nor encryption, scans or lifecycle policies to set", c.Repository.Name)
	}
	err := c.api.create(ctx, with)
	var refused smithy.APIError
	if errors.As(err, &refused) && refused.ErrorCode() == "RepositoryAlreadyExistsException" {
		return nil
	}
	return c.explain(err, "creating repository %q", c.Repository.Name)
}

// Images lists every manifest in the repository, a thousand a request. It needs ecr:DescribeImages, which
// the guide's policy for workloads does not grant.
func (c *Client) Images(ctx context.Context) ([]Image, error) {
	images, err := c.api.images(ctx)
	if err != nil {
		return nil, c.explain(err, "listing the images of repository %q", c.Repository.Name)
	}
	return images, nil
}

// CreateCommand is the AWS CLI's command that makes the repository.
func CreateCommand(r registry.Repository) string {
	service := "ecr"
	if r.Registry.Kind == registry.Public {
		service = "ecr-public"
	}
	return strings.Join([]string{"aws", service, "create-repository", "--repository-name", r.Name, "--region", r.Registry.Region}, " ")
}
