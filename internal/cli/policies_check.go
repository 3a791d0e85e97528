package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/internal/build"
	"github.com/palette-ecr/palette-ecr/internal/console"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
)

func (a *app) policiesCheckCommand() *cobra.Command {
	var p policyFlags
	var known factFlags
	var output console.Outputs
	var in policyFiles
	var principal string
	c := &cobra.Command{
		Use:   "check [POLICY.json...]",
		Short: "Check IAM policies that exist against what their principal needs",
		Long: `Evaluates the policy documents of one principal, all together, as IAM does, and names what is missing and what is
granted beyond the need, with its place in the file; its trust policy, with --trust; and the repository's own policy,
with --repository-policy; and what --boundary, the role's permissions boundary, leaves of it. A file is a policy document or what the aws command prints: get-role, get-role-policy,
get-policy-version, list-attached-role-policies, ecr get-repository-policy. - is standard input.

Where a condition decides and the value of its key is not known, the answer is neither yes nor no: exit code 4, and the
finding names the key and the flag that gives it.

  palette-ecr policies check --endpoint … --principal source-controller policy.json
  palette-ecr policies check --endpoint … --role-arn … --issuer … --trust trust.json policy.json
  palette-ecr policies check --endpoint … --vpce vpce-0123456789abcdef0 --org-id o-a1b2c3d4e5 policy.json
  aws iam get-role-policy --role-name palette-ecr --policy-name ecr | palette-ecr policies check --endpoint … -`,
		RunE: func(c *cobra.Command, files []string) error {
			order, err := a.order(c.Context(), &p)
			if err != nil {
				return err
			}
			who, err := iam.ParsePrincipal(principal)
			if err != nil {
				return err
			}
			facts, err := known.facts()
			if err != nil {
				return err
			}
			outputs, err := output.Open(append(slices.Clone(files), in.trust, in.repository, in.boundary)...)
			if err != nil {
				return err
			}
			in.policies = files
			given, err := a.read.policyFiles(in)
			if err != nil {
				return err
			}
			if order, err = given.roleOf(order); err != nil {
				return err
			}
			if err := p.unused(c, order, []iam.Principal{who}, given.trust != nil); err != nil {
				return err
			}
			if len(given.identity) == 0 {
				if err := refuse(c, "a boundary is checked with the role's own policies, of which none is given", "boundary"); err != nil {
					return err
				}
			}
			if len(given.identity) == 0 && given.repository == nil {
				if err := refuse(c, "a trust policy is not about requests to ECR", "vpce", "resource-tag"); err != nil {
					return err
				}
			}
			checks := check.Of(order, who, given.identity, given.trust)
			checks.Repository, checks.Boundary, checks.Absent, checks.Facts = given.repository, given.boundary, given.absent, given.factsOf(facts)
			rep, err := check.Review{Check: checks, Version: build.Version(), Now: time.Now}.Report()
			if rep == nil {
				return err
			}
			if e := a.Write(outputs, rep); e != nil {
				return e
			}
			return err
		},
	}
	p.add(c)
	known.add(c)
	output.Add(c.Flags())
	c.Flags().StringVar(&principal, "principal", "combined", "whose policies they are: combined, hue, source-controller, operator")
	c.Flags().StringVar(&in.trust, "trust", "", "file of the role's trust policy, or the output of aws iam get-role")
	c.Flags().StringVar(&in.boundary, "boundary", "", boundaryUsage)
	c.Flags().StringVar(&in.repository, "repository-policy", "", "file of the repository's own policy, which must agree when the role is in another account")
	return c
}

const boundaryUsage = "file of the role's permissions boundary, which must allow too, or the output of aws iam get-policy-version"

var errNoPolicies = fault.New(fault.Usage, "name the files of the policy documents, or give --trust", "reading arguments: no policy document given")
