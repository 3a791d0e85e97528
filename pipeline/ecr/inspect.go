package ecr

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/smithy-go"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// AWS returns the configuration with which the client reaches AWS, for other services. Its region is the registry's.
func (c *Client) AWS() aws.Config { return c.config }

// renewing are the SDK's names for sources of credentials that fetch new ones by themselves, nobody being asked.
var renewing = []string{"AssumeRoleProvider", "WebIdentityCredentials", "EC2RoleProvider", "CredentialsEndpointProvider", "ProcessProvider"}

// Expires returns when the credentials end, and whether their source renews them by itself. Zero is never, or unknown.
func (c *Client) Expires(ctx context.Context) (at time.Time, renewed bool, err error) {
	credentials, err := c.config.Credentials.Retrieve(ctx)
	if err != nil {
		return time.Time{}, false, c.explain(err, "getting AWS credentials")
	}
	if credentials.CanExpire {
		at = credentials.Expires
	}
	return at, slices.Contains(renewing, credentials.Source), nil
}

// settings are what private ECR knows of a repository beside itself. ECR Public has none of them.
func (c *Client) settings() (privateAPI, bool) {
	p, ok := c.api.(privateAPI)
	return p, ok
}

// LifecyclePolicy returns the repository's lifecycle policy as JSON; "" when it has none.
func (c *Client) LifecyclePolicy(ctx context.Context) (string, error) {
	p, ok := c.settings()
	if !ok {
		return "", nil
	}
	out, err := p.client.GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{RegistryId: p.account(), RepositoryName: aws.String(p.repo.Name)})
	if hasCode(err, "LifecyclePolicyNotFoundException") {
		return "", nil
	}
	if err != nil {
		return "", c.explain(err, "reading the lifecycle policy of repository %q", p.repo.Name)
	}
	return aws.ToString(out.LifecyclePolicyText), nil
}

// RepositoryPolicy returns the repository's own policy as JSON; "" when it has none.
func (c *Client) RepositoryPolicy(ctx context.Context) (string, error) {
	p, ok := c.settings()
	if !ok {
		return "", nil
	}
	out, err := p.client.GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{RegistryId: p.account(), RepositoryName: aws.String(p.repo.Name)})
	if hasCode(err, "RepositoryPolicyNotFoundException") {
		return "", nil
	}
	if err != nil {
		return "", c.explain(err, "reading the policy of repository %q", p.repo.Name)
	}
	return aws.ToString(out.PolicyText), nil
}

// PullThrough returns the upstream registry of a pull through cache rule that has the repository under its prefix; ""
// when none has.
func (c *Client) PullThrough(ctx context.Context) (string, error) {
	p, ok := c.settings()
	if !ok {
		return "", nil
	}
	pages := ecr.NewDescribePullThroughCacheRulesPaginator(p.client, &ecr.DescribePullThroughCacheRulesInput{RegistryId: p.account()})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return "", c.explain(err, "listing pull through cache rules")
		}
		for _, rule := range out.PullThroughCacheRules {
			if under(p.repo, aws.ToString(rule.EcrRepositoryPrefix)) {
				return aws.ToString(rule.UpstreamRegistryUrl), nil
			}
		}
	}
	return "", nil
}

// CreatedOnPush reports whether a creation template makes the repository at the first push.
func (c *Client) CreatedOnPush(ctx context.Context) (bool, error) {
	p, ok := c.settings()
	if !ok {
		return false, nil
	}
	pages := ecr.NewDescribeRepositoryCreationTemplatesPaginator(p.client, &ecr.DescribeRepositoryCreationTemplatesInput{})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return false, c.explain(err, "listing repository creation templates")
		}
		for _, t := range out.RepositoryCreationTemplates {
			for _, purpose := range t.AppliedFor {
				if purpose == "CREATE_ON_PUSH" && under(p.repo, aws.ToString(t.Prefix)) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// Signing returns the signing profiles with which ECR signs what is pushed to the repository.
func (c *Client) Signing(ctx context.Context) ([]string, error) {
	p, ok := c.settings()
	if !ok {
		return nil, nil
	}
	out, err := p.client.GetSigningConfiguration(ctx, &ecr.GetSigningConfigurationInput{})
	if hasCode(err, "SigningConfigurationNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, c.explain(err, "reading the signing configuration")
	}
	var profiles []string
	if out.SigningConfiguration == nil {
		return nil, nil
	}
	for _, rule := range out.SigningConfiguration.Rules {
		applies := len(rule.RepositoryFilters) == 0
		for _, f := range rule.RepositoryFilters {
			applies = applies || wildcard(aws.ToString(f.Filter), p.repo.Name)
		}
		if applies {
			profiles = append(profiles, aws.ToString(rule.SigningProfileArn))
		}
	}
	return profiles, nil
}

func (p privateAPI) account() *string { return aws.String(p.repo.Registry.AccountID) }

// under reports whether a repository is under a prefix; ROOT is every one.
func under(r registry.Repository, prefix string) bool {
	return prefix == "ROOT" || prefix != "" && strings.HasPrefix(r.Name, strings.TrimSuffix(prefix, "/")+"/")
}

// wildcard reports whether a name fits a filter of ECR, in which * stands for any text.
func wildcard(filter, name string) bool {
	quoted := strings.ReplaceAll(regexp.QuoteMeta(filter), `\*`, ".*")
	return regexp.MustCompile("^" + quoted + "$").MatchString(name)
}

func hasCode(err error, code string) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && refused.ErrorCode() == code
}
