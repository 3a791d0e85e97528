package iam

import (
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Order is what policies are asked for.
type Order struct {
	Wanted        Wanted
	Principals    []Principal
	Role          Role // of Combined; the roles of others are named after it. Zero means DefaultRole.
	RoleAssumed   bool // nobody named the role: it is DefaultRole
	Mode          target.IdentityMode
	Namespace     string   // of the release
	FluxNamespace string   // of source-controller, "" for the release's
	Issuers       []string // see Trust
	Clusters      []string // see Trust
}

// For makes of a target the order for its policies: registry, role, identity mode and namespace. What a
// target does not say (issuers, clusters, semver references) stays to be filled in. The account is that
// of ECR Public, and may be "" when the role's is the same. Errors are *fault.Error, Usage.
func For(t target.Cutover, account string) (Order, error) {
	o := Order{Mode: t.Identity.Mode, Namespace: t.Release.Namespace}
	if err := target.CheckNamespace(o.Namespace); err != nil {
		return o, err
	}
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
	o.Wanted.Account, o.Wanted.All = account, t.Registry.AllRepositories
	return o.Complete()
}

// Complete fills in the role, and the account of ECR Public. The error is that of Wanted.Needs.
func (o Order) Complete() (Order, error) {
	if o.Wanted.Account == "" {
		o.Wanted.Account = o.Role.Account
	}
	if _, err := o.Wanted.arn(); err != nil {
		return o, err
	}
	if o.Role == (Role{}) {
		o.Role, o.RoleAssumed = o.Wanted.DefaultRole(), true
	}
	o.Wanted.Role, o.Wanted.Mode = o.Role, o.Mode
	return o, nil
}

// Trust returns who is to take the role of a principal.
func (o Order) Trust(p Principal, role Role) Trust {
	return Trust{o.Mode, role, ServiceAccounts(p, o.Namespace, o.FluxNamespace), o.Issuers, o.Clusters}
}
