package iam

import (
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// For makes of a target the order for its policies: registry, role, identity mode and namespace. What a
// target does not tell (issuers, clusters, semver references) stays to be filled in. The account is that
// of ECR Public, and may be "" when the role's is the same. Errors are *fault.Error, Usage.
func For(t target.Cutover, account string) (Order, error) {
	o := Order{Mode: t.Identity.Mode, Namespace: t.Release.Namespace}
	destination, err := registry.Parse(t.Registry.Endpoint)
	if err != nil {
		return o, err
	}
	if o.Wanted.Repository, err = destination.Repository(t.Registry.Repository); err != nil {
		return o, err
	}
	if t.Identity.RoleARN != "" {
		if o.Role, err = ParseRole(t.Identity.RoleARN); err != nil {
			return o, err
		}
	}
	o.Wanted.Account = account
	return o.complete()
}

// complete fills in the role, and the account of ECR Public.
func (o Order) complete() (Order, error) {
	if o.Wanted.Account == "" {
		o.Wanted.Account = o.Role.Account
	}
	if _, err := o.Wanted.arn(); err != nil {
		return o, err
	}
	if o.Role == (Role{}) {
		o.Role = o.Wanted.DefaultRole()
	}
	return o, nil
}

// Check is the check of documents that exist against what this order would write for a principal.
func (o Order) Check(p Principal, policies []Document, trust *Document) Check {
	return Check{
		Wanted: o.Wanted, Principal: p, Policies: policies, Trust: trust,
		Expected: Trust{o.Mode, o.Role, ServiceAccounts(p, o.Namespace, o.FluxNamespace), o.Issuers, o.Clusters},
	}
}

// Notes tell what the grants leave out, one sentence each.
func (gs Grants) Notes() []string {
	var notes []string
	for _, g := range gs {
		switch {
		case g.Principal == Operator:
		case g.Trust == nil:
			notes = append(notes, fmt.Sprintf("no trust policy for role %s: give --issuer with the cluster's OIDC issuer to get one", g.Role.Name))
		case len(g.Trust.Compact()) > maxTrust:
			notes = append(notes, fmt.Sprintf("the trust policy of role %s has %d characters, more than IAM takes without a raised quota (%d)", g.Role.Name, len(g.Trust.Compact()), maxTrust))
		}
		if g.Repository != nil {
			notes = append(notes, fmt.Sprintf("role %s is in another account than the registry: the repository needs a policy as well", g.Role.Name))
		}
	}
	return notes
}
