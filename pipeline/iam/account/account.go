// Package account reads from an AWS account what a role is: its policies, its trust, and the OIDC providers that lead
// to it. It only reads.
package account

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// Permissions are the actions that Role takes, for people.
const Permissions = "iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies, iam:GetPolicy, iam:GetPolicyVersion"

// Seen is a role as IAM shows it.
type Seen struct {
	Exists   bool
	Trust    *document.Document
	Policies []document.Document // inline and attached; each is named so in its places
	Boundary string              // ARN of its permissions boundary
	Unseen   []Unseen
}

// Unseen is a policy that could not be read.
type Unseen struct {
	Name string
	Err  error
}

// Role reads a role of the caller's account. That it does not exist is an answer.
func Role(ctx context.Context, config aws.Config, role iam.Role) (Seen, error) {
	r := reader{client: sdk.NewFromConfig(config), name: role.Name}
	out, err := r.client.GetRole(ctx, &sdk.GetRoleInput{RoleName: &r.name})
	if isMissing(err) {
		return Seen{}, nil
	}
	if err != nil {
		return Seen{}, fmt.Errorf("reading role %q: %w", role.Name, err)
	}
	if arn := aws.ToString(out.Role.Arn); arn != role.ARN() {
		return Seen{}, fmt.Errorf("reading role %q: these credentials see %s, not %s: it is in another account, or under another path", role.Name, arn, role.ARN())
	}
	r.seen.Exists = true
	if trust, err := parse("trust policy", out.Role.AssumeRolePolicyDocument); err != nil {
		r.cannot("trust policy", err)
	} else {
		r.seen.Trust = &trust
	}
	if b := out.Role.PermissionsBoundary; b != nil {
		r.seen.Boundary = aws.ToString(b.PermissionsBoundaryArn)
		r.cannot(r.seen.Boundary, errors.New("it is a permissions boundary, which only narrows the others, and is not evaluated here"))
	}
	r.inline(ctx)
	r.attached(ctx)
	return r.seen, nil
}

type reader struct {
	client *sdk.Client
	name   string
	seen   Seen
}

func (r *reader) cannot(name string, err error) {
	r.seen.Unseen = append(r.seen.Unseen, Unseen{name, err})
}

// take adds a policy, or why it can't be read.
func (r *reader) take(name string, encoded *string, err error) {
	var d document.Document
	if err == nil {
		d, err = parse("policy "+name, encoded)
	}
	if err != nil {
		r.cannot(name, err)
		return
	}
	r.seen.Policies = append(r.seen.Policies, d)
}

func (r *reader) inline(ctx context.Context) {
	pages := sdk.NewListRolePoliciesPaginator(r.client, &sdk.ListRolePoliciesInput{RoleName: &r.name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			r.cannot("(inline)", err)
			return
		}
		for _, name := range out.PolicyNames {
			got, err := r.client.GetRolePolicy(ctx, &sdk.GetRolePolicyInput{RoleName: &r.name, PolicyName: &name})
			if err != nil {
				r.take(name, nil, err)
				continue
			}
			r.take(name, got.PolicyDocument, nil)
		}
	}
}

func (r *reader) attached(ctx context.Context) {
	pages := sdk.NewListAttachedRolePoliciesPaginator(r.client, &sdk.ListAttachedRolePoliciesInput{RoleName: &r.name})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			r.cannot("(attached)", err)
			return
		}
		for _, p := range out.AttachedPolicies {
			encoded, err := r.managed(ctx, p.PolicyArn)
			r.take(aws.ToString(p.PolicyName), encoded, err)
		}
	}
}

func (r *reader) managed(ctx context.Context, arn *string) (*string, error) {
	policy, err := r.client.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: arn})
	if err != nil {
		return nil, err
	}
	version, err := r.client.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: arn, VersionId: policy.Policy.DefaultVersionId})
	if err != nil {
		return nil, err
	}
	return version.PolicyVersion.Document, nil
}

// Provider returns the audiences of an OIDC provider. That it does not exist is an answer.
func Provider(ctx context.Context, config aws.Config, arn string) (audiences []string, found bool, err error) {
	out, err := sdk.NewFromConfig(config).GetOpenIDConnectProvider(ctx, &sdk.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: &arn})
	if isMissing(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading OIDC provider %q: %w", arn, err)
	}
	return out.ClientIDList, true, nil
}

func isMissing(err error) bool {
	_, ok := errors.AsType[*types.NoSuchEntityException](err)
	return ok
}

// parse reads a document, which IAM encodes as part of a URL (RFC 3986).
func parse(name string, encoded *string) (document.Document, error) {
	text, err := url.PathUnescape(aws.ToString(encoded))
	if err != nil {
		return document.Document{}, fmt.Errorf("decoding %s: %w", name, err)
	}
	return document.Parse(name, []byte(text))
}
