package ecr

import (
	"context"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Options say how to reach AWS. The zero value is right for the command line: the process's environment and
// the SDK's usual credentials.
type Options struct {
	HTTPClient *http.Client     // with proxy and authorities (HTTPClient); nil makes one from the environment
	Config     *aws.Config      // credentials and retries; nil is the SDK's default chain. Region and HTTP client are set here
	Profile    string           // of the shared AWS configuration; "" is the SDK's choice. Not used with Config
	Now        func() time.Time // nil is time.Now
}

// Client is one ECR repository, seen through the API and through the registry.
type Client struct {
	Repository registry.Repository

	api    api
	sts    *sts.Client
	tokens *tokens
	plane  *dataPlane
}

// api is what this package needs of ECR's API. Private and public ECR are different services with the same
// verbs.
type api interface {
	token(context.Context) (encoded string, expires *time.Time, err error)
	describe(context.Context) (RepositoryInfo, error)
	create(context.Context, Settings) error
	images(context.Context) ([]Image, error)
	layers(context.Context, []string) (map[string]int64, error)
}

// Connect makes a client for one repository and gets credentials, so that a person without any hears of it
// before anything is touched. It asks nothing of ECR yet. Errors are *fault.Error.
func Connect(ctx context.Context, repo registry.Repository, o Options) (*Client, error) {
	if !repo.Registry.IsECR() {
		return nil, fault.New(fault.Usage, "give an endpoint such as oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace>",
			"connecting to %q: it is not an ECR registry", repo.Registry.Endpoint())
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTPClient == nil {
		made, err := HTTPClient(os.Getenv)
		if err != nil {
			return nil, err
		}
		o.HTTPClient = made
	}
	c := &Client{Repository: repo}
	// The region is the registry's own, whatever the environment says: an endpoint names exactly one.
	cfg, err := Configure(ctx, repo.Registry.Region, o)
	if err != nil {
		return nil, c.explain(err, "reading the AWS configuration")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, c.explain(err, "getting AWS credentials")
	}
	c.sts = sts.NewFromConfig(cfg, func(s *sts.Options) {
		s.EndpointOptions.UseFIPSEndpoint, s.EndpointOptions.UseDualStackEndpoint = endpointStates(repo.Registry)
	})
	if repo.Registry.Kind == registry.Public {
		c.api = newPublicAPI(cfg, repo)
	} else {
		c.api = newPrivateAPI(cfg, repo)
	}
	c.tokens = newTokens(o.Now, func(ctx context.Context) (string, *time.Time, error) {
		encoded, expires, err := c.api.token(ctx)
		return encoded, expires, c.explain(err, "getting a registry token")
	})
	c.plane = newDataPlane(repo.Registry, o.HTTPClient, c.tokens)
	return c, nil
}

// Caller is who AWS takes us for.
type Caller struct {
	Account string
	ARN     string
}

// Identity asks STS who we are. Everybody may ask.
func (c *Client) Identity(ctx context.Context) (Caller, error) {
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Caller{}, c.explain(err, "asking AWS who we are")
	}
	return Caller{Account: aws.ToString(out.Account), ARN: aws.ToString(out.Arn)}, nil
}
