package ecr

import (
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// attempts of one API call, the first included. The SDK waits in between, longer when it is throttled.
const attempts = 6

// newRetryer is the SDK's own, but it gives up at once where trying again can't help: a name that does not
// exist, a door that is shut, a certificate of a stranger.
func newRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.MaxBackoff = 5 * time.Second
		final := retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if hopeless(err) {
				return aws.FalseTernary
			}
			return aws.UnknownTernary
		})
		o.Retryables = append([]retry.IsErrorRetryable{final}, o.Retryables...)
	})
}

// Configure returns the SDK's configuration for a region, with the proxy, the authorities and the credentials of o. An
// empty region is that of the environment or the profile, and may stay empty.
func Configure(ctx context.Context, region string, o Options) (aws.Config, error) {
	if o.HTTPClient == nil {
		made, err := HTTPClient(os.Getenv)
		if err != nil {
			return aws.Config{}, err
		}
		o.HTTPClient = made
	}
	if o.Config != nil {
		cfg := o.Config.Copy()
		if region != "" {
			cfg.Region = region
		}
		cfg.HTTPClient = o.HTTPClient
		return cfg, nil
	}
	load := []func(*config.LoadOptions) error{
		config.WithRetryer(newRetryer),
		config.WithHTTPClient(buildable(o.HTTPClient)),
		config.WithLogger(logging.Nop{}), // the library writes to no stream; what matters comes back as an error
	}
	if region != "" {
		load = append(load, config.WithRegion(region))
	}
	if o.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(o.Profile))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	var none config.SharedConfigProfileNotExistError
	switch {
	case errors.As(err, &none):
		return aws.Config{}, fault.New(fault.Usage, "name one that `aws configure list-profiles` shows, with --profile or AWS_PROFILE", "reading the AWS configuration: it has no profile %q", none.Profile)
	case err != nil:
		return aws.Config{}, err
	}
	cfg.HTTPClient = o.HTTPClient
	return cfg, nil
}

// buildable returns the same proxy and authorities in the one kind of client that LoadDefaultConfig can work
// with when AWS_CA_BUNDLE is set. Credentials (STS, SSO) are got through it.
func buildable(c *http.Client) *awshttp.BuildableClient {
	made := awshttp.NewBuildableClient()
	shared, ok := c.Transport.(*http.Transport)
	if !ok {
		return made
	}
	from := shared.Clone() // a request that goes through it for the first time may be changing its TLS settings
	return made.WithTransportOptions(func(to *http.Transport) {
		to.Proxy, to.DialContext = from.Proxy, from.DialContext
		if from.TLSClientConfig != nil {
			to.TLSClientConfig = from.TLSClientConfig
			if pool := to.TLSClientConfig.RootCAs; pool != nil {
				to.TLSClientConfig.RootCAs = pool.Clone() // the SDK adds to it
			}
		}
	})
}

// endpointStates are the switches by which the SDK finds the API's host for a FIPS or dual-stack registry.
func endpointStates(r registry.Registry) (aws.FIPSEndpointState, aws.DualStackEndpointState) {
	fips, dual := aws.FIPSEndpointStateUnset, aws.DualStackEndpointStateUnset
	if r.FIPS {
		fips = aws.FIPSEndpointStateEnabled
	}
	if r.DualStack {
		dual = aws.DualStackEndpointStateEnabled
	}
	return fips, dual
}
