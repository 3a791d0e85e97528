package iam

import (
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Order is what policies are asked for.
type Order struct {
	Wanted        Wanted
	Principals    []Principal
	Role          Role // of Combined; the roles of others are named after it. Zero means DefaultRole.
	Mode          target.IdentityMode
	Namespace     string   // of the release
	FluxNamespace string   // of source-controller, "" for the release's
	Issuers       []string // see Trust
	Clusters      []string // see Trust
}

// Grant is all that one principal is given.
type Grant struct {
	Principal  Principal
	Role       Role
	Mode       target.IdentityMode
	Policy     Document
	Trust      *Document // nil for the operator, whose identity is there already, and with IRSA when no issuer is known
	Repository *Document // what the repository must say, when the role is in another account than the registry
	trust      Trust
	repository registry.Repository
}

// Grants are in the order in which they were asked for.
type Grants []Grant

// DefaultRole is palette-ecr in the registry's account.
func (w Wanted) DefaultRole() Role {
	r := w.Repository.Registry
	account := w.Account
	if r.Kind == registry.Private {
		account = r.AccountID
	}
	return Role{Partition: r.Partition, Account: account, Path: "/", Name: "palette-ecr"}
}

// Grants writes the policies. Errors are *fault.Error, Usage.
func (o Order) Grants() (Grants, error) {
	o, err := o.complete()
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
		grant, err := o.grant(p, role)
		if err != nil {
			return nil, err
		}
		grants = append(grants, grant)
	}
	return grants, nil
}

func (o Order) grant(p Principal, role Role) (Grant, error) {
	if p != Combined {
		role.Name += "-" + string(p)
	}
	g := Grant{
		Principal: p, Role: role, Mode: o.Mode, repository: o.Wanted.Repository,
		trust: Trust{o.Mode, role, ServiceAccounts(p, o.Namespace, o.FluxNamespace), o.Issuers, o.Clusters},
	}
	if _, err := ParseRole(role.ARN()); err != nil {
		return g, err // with the suffix, or out of odd parts, it is none
	}
	var err error
	if g.Policy, err = o.Wanted.Policy(p); err != nil {
		return g, err
	}
	if p == Operator {
		return g, nil
	}
	if known := o.Mode == target.PodIdentity || o.Mode == target.InstanceProfile; known || len(o.Issuers) > 0 {
		trust, err := g.trust.Document()
		if err != nil {
			return g, err
		}
		g.Trust = &trust
	}
	if home := o.Wanted.DefaultRole().Account; home != role.Account {
		policy, err := o.Wanted.RepositoryPolicy(p, role)
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
func (g Grant) Documents() map[string]Document {
	documents := map[string]Document{"policy": g.Policy}
	if g.Trust != nil {
		documents["trust"] = *g.Trust
	}
	if g.Repository != nil {
		documents["repository-policy"] = *g.Repository
	}
	return documents
}

// JSON is one object: the documents by principal and by what they are.
func (gs Grants) JSON() []byte {
	var all object
	for _, g := range gs {
		documents := object{{"policy", g.Policy.ordered()}}
		if g.Trust != nil {
			documents = append(documents, pair{"trust", g.Trust.ordered()})
		}
		if g.Repository != nil {
			documents = append(documents, pair{"repository-policy", g.Repository.ordered()})
		}
		all = append(all, pair{string(g.Principal), documents})
	}
	return all.indented()
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
