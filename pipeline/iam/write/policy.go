package write

import (
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// Policy returns the least that the principal needs, as an identity-based policy. That of Combined is, without
// Semver, the guide's own to the byte.
func Policy(w iam.Wanted, p iam.Principal) (document.Document, error) {
	needs, err := w.Needs(p)
	if err != nil {
		return document.Document{}, err
	}
	if len(needs) == 0 {
		return document.Document{}, fmt.Errorf("writing a policy for %q: it needs nothing", p)
	}
	d := document.Document{Version: document.Current}
	for _, need := range needs {
		last := len(d.Statements) - 1
		if last >= 0 && slices.Equal(d.Statements[last].Actions, []string{need.Action}) {
			d.Statements[last].Resources = append(d.Statements[last].Resources, need.Resource)
			continue
		}
		if last < 0 || d.Statements[last].Resources[0] != need.Resource {
			d.Statements = append(d.Statements, document.Statement{Effect: document.Allow, Resources: []string{need.Resource}})
			last++
		}
		d.Statements[last].Actions = append(d.Statements[last].Actions, need.Action)
	}
	return d, nil
}

// RepositoryPolicy returns what the repository itself must say when the role is in another account than the
// registry (docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html): a role's own policy
// does not reach over accounts. It has no Resource, since it is attached to one; GetAuthorizationToken is
// not for a repository to grant.
func RepositoryPolicy(w iam.Wanted, p iam.Principal, role iam.Role) (document.Document, error) {
	needs, err := w.Needs(p)
	if err != nil {
		return document.Document{}, err
	}
	s := document.Statement{Effect: document.Allow, Principal: &document.Principals{AWS: []string{role.ARN()}}}
	for _, need := range needs {
		if need.OfRepository() {
			s.Actions = append(s.Actions, need.Action)
		}
	}
	return document.Document{Version: document.Current, Statements: []document.Statement{s}}, nil
}
