package iam

import "fmt"

// Policy is the least that the principal needs, as an identity-based policy. That of Combined is, without
// Semver, the guide's own to the byte.
func (w Wanted) Policy(p Principal) (Document, error) {
	needs, err := w.Needs(p)
	if err != nil {
		return Document{}, err
	}
	if len(needs) == 0 {
		return Document{}, fmt.Errorf("writing a policy for %q: it needs nothing", p)
	}
	d := Document{Version: Current}
	for _, need := range needs {
		last := len(d.Statements) - 1
		if last < 0 || d.Statements[last].Resources[0] != need.Resource {
			d.Statements = append(d.Statements, Statement{Effect: Allow, Resources: []string{need.Resource}})
			last++
		}
		d.Statements[last].Actions = append(d.Statements[last].Actions, need.Action)
	}
	return d, nil
}

// RepositoryPolicy is what the repository itself must say when the role is in another account than the
// registry (docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html): a role's own policy
// does not reach over accounts. It has no Resource, since it is attached to one; GetAuthorizationToken is
// not for a repository to grant.
func (w Wanted) RepositoryPolicy(p Principal, role Role) (Document, error) {
	needs, err := w.Needs(p)
	if err != nil {
		return Document{}, err
	}
	s := Statement{Effect: Allow, Principal: &Principals{AWS: []string{role.ARN()}}}
	for _, need := range needs {
		if need.Resource != "*" {
			s.Actions = append(s.Actions, need.Action)
		}
	}
	return Document{Version: Current, Statements: []Statement{s}}, nil
}
