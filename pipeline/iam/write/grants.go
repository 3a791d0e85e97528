// Package write writes the least IAM policies that a cutover to ECR needs, and the trust policies.
package write

import (
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Grant is all that one principal is given.
type Grant struct {
	Principal  iam.Principal
	Role       iam.Role
	Mode       target.IdentityMode
	Policy     document.Document
	Trust      *document.Document // nil for the operator, whose identity is there already, and with IRSA when no issuer is known
	Repository *document.Document // what the repository must say, when the role is in another account than the registry
	trust      iam.Trust
	repository registry.Repository
}

// Grants are in the order in which they were asked for.
type Grants []Grant

// For writes the policies that are asked for. Errors are *fault.Error, Usage.
func For(o iam.Order) (Grants, error) {
	o, err := o.Complete()
	if err != nil {
		return nil, err
	}
	role := o.Role
	if partition := o.Wanted.Repository.Registry.Partition; partition != "" && role.Partition != partition {
		return nil, fault.New(fault.Usage, "take a role of the registry's partition: identities don't reach from one into another",
			"writing policies: role %q is in partition %q, but %q is in %q", role.ARN(), role.Partition, o.Wanted.Repository.Registry.Endpoint(), partition)
	}
	var grants Grants
	for _, p := range o.Principals {
		grant, err := grantOf(o, p, role)
		if err != nil {
			return nil, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

func grantOf(o iam.Order, p iam.Principal, role iam.Role) (Grant, error) {
	if p != iam.Combined {
		role.Name += "-" + string(p)
	}
	g := Grant{
		Principal: p, Role: role, Mode: o.Mode, repository: o.Wanted.Repository,
		trust: o.Trust(p, role),
	}
	if _, err := iam.ParseRole(role.ARN()); err != nil {
		return g, err // with the suffix, or out of odd parts, it is none
	}
	var err error
	if g.Policy, err = Policy(o.Wanted, p); err != nil {
		return g, err
	}
	if p == iam.Operator {
		return g, nil
	}
	if known := o.Mode == target.PodIdentity || o.Mode == target.InstanceProfile; known || len(o.Issuers) > 0 {
		trust, err := Trust(g.trust)
		if err != nil {
			return g, err
		}
		g.Trust = &trust
	}
	if home := o.Wanted.DefaultRole().Account; home != role.Account {
		policy, err := RepositoryPolicy(o.Wanted, p, role)
		if err != nil {
			return g, err
		}
		if len(policy.Statements[0].Actions) > 0 {
			g.Repository = &policy
		}
	}
	return g, nil
}

// Documents of a grant by what they are: policy, trust, repository-policy.
func (g Grant) Documents() map[string]document.Document {
	documents := map[string]document.Document{"policy": g.Policy}
	if g.Trust != nil {
		documents["trust"] = *g.Trust
	}
	if g.Repository != nil {
		documents["repository-policy"] = *g.Repository
	}
	return documents
}

// Files has every document under the name of a file: hue-policy.json, hue-trust.json …
func (gs Grants) Files() map[string][]byte {
	files := map[string][]byte{}
	for _, g := range gs {
		for what, d := range g.Documents() {
			files[string(g.Principal)+"-"+what+".json"] = d.JSON()
		}
	}
	return files
}
