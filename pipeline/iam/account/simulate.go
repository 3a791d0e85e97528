package account

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
)

// Simulation is the permission that Simulate takes.
const Simulation = "iam:SimulatePrincipalPolicy"

// Simulated is what IAM decides of a role's needs.
type Simulated struct {
	Denied []Denied
	Open   []string // condition keys that a decision may depend on, whose values requests have and a simulation has not
}

// Denied is a need that the role's policies, its boundary or its organization don't grant.
type Denied struct {
	Need     iam.Need
	Decision string // IAM's word: implicitDeny or explicitDeny
}

// Allowed reports whether IAM grants all of it, whatever requests are like.
func (s Simulated) Allowed() bool { return len(s.Denied)+len(s.Open) == 0 }

// Simulate asks IAM what a role may do. Policies of repositories are not part of it.
func Simulate(ctx context.Context, config aws.Config, role iam.Role, needs []iam.Need) (Simulated, error) {
	client := sdk.NewFromConfig(config)
	var s Simulated
	for resource, some := range byResource(needs) {
		in := &sdk.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(role.ARN()), ResourceArns: []string{resource}}
		for _, need := range some {
			in.ActionNames = append(in.ActionNames, need.Action)
		}
		pages := sdk.NewSimulatePrincipalPolicyPaginator(client, in)
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			if err != nil {
				return Simulated{}, fmt.Errorf("simulating what role %q may: %w", role.Name, err)
			}
			for _, result := range out.EvaluationResults {
				s.add(some, result)
			}
		}
	}
	slices.SortFunc(s.Denied, func(a, b Denied) int { return slices.Index(needs, a.Need) - slices.Index(needs, b.Need) })
	slices.Sort(s.Open)
	s.Open = slices.Compact(s.Open)
	return s, nil
}

func byResource(needs []iam.Need) map[string][]iam.Need {
	all := map[string][]iam.Need{}
	for _, need := range needs {
		all[need.Resource] = append(all[need.Resource], need)
	}
	return all
}

// add takes one answer. With values missing no answer is certain.
func (s *Simulated) add(asked []iam.Need, result types.EvaluationResult) {
	if len(result.MissingContextValues) > 0 {
		s.Open = append(s.Open, result.MissingContextValues...)
		return
	}
	if result.EvalDecision == types.PolicyEvaluationDecisionTypeAllowed {
		return
	}
	for _, need := range asked {
		if need.Action == aws.ToString(result.EvalActionName) {
			s.Denied = append(s.Denied, Denied{need, string(result.EvalDecision)})
		}
	}
}
