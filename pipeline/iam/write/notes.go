package write

import (
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
)

// Notes say what the grants leave out, one sentence each.
func (gs Grants) Notes() []string {
	var notes []string
	for _, g := range gs {
		switch {
		case g.Principal == iam.Operator:
		case g.Trust == nil:
			notes = append(notes, fmt.Sprintf("no trust policy for role %s: give --issuer with the cluster's OIDC issuer to get one", g.Role.Name))
		case len(g.Trust.Compact()) > iam.MaxTrust:
			notes = append(notes, fmt.Sprintf("the trust policy of role %s has %d characters, more than IAM takes without a raised quota (%d)", g.Role.Name, len(g.Trust.Compact()), iam.MaxTrust))
		}
		if g.Repository != nil {
			notes = append(notes, fmt.Sprintf("role %s is in another account than the registry: the repository needs a policy as well", g.Role.Name))
		}
	}
	return notes
}
