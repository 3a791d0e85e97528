package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/account"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// simulation is what IAM itself says of a role, where it may be asked.
type simulation struct {
	account.Simulated
	err error // why IAM could not be asked
}

// simulate lets IAM decide what the role may. Unlike its documents, IAM knows boundaries and policies that we may not
// read. A policy of the repository is not part of it.
func (l roleLook) simulate(ctx context.Context, role iam.Role, wanted iam.Wanted) simulation {
	needs, err := wanted.Needs(iam.Combined)
	if err != nil {
		return simulation{err: err}
	}
	seen, err := account.Simulate(ctx, l.World.ECR.AWS(), role, needs)
	return simulation{seen, ecr.Explain(err, l.World.Destination)}
}

// how says what a judgement of the role's policies rests on.
func (s simulation) how() string {
	switch {
	case s.err != nil:
		return "judged by the role's documents, since " + account.Simulation + " may not be used"
	case len(s.Open) > 0:
		return "judged by the role's documents, since IAM's simulation lacks the values of " + strings.Join(s.Open, ", ")
	}
	return "IAM's simulation says so too"
}

// denied adds what IAM denies and no document that we have read explains: a boundary, or a policy of the organization.
func (l roleLook) denied(place report.Place, s simulation) {
	for _, d := range s.Denied {
		l.find(check.RulePolicy, report.Error, place,
			fmt.Sprintf("grant %s on %s, in the role's policies and in its permissions boundary, and see that no policy of the organization denies it", d.Need.Action, d.Need.Resource),
			"IAM's simulation denies it %s (%s), with which it %s", d.Need.Action, d.Decision, d.Need.Why)
	}
}
