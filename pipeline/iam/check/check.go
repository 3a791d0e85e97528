// Package check compares IAM policies that exist with what their principal needs.
package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Check compares policies that exist with what a principal needs.
type Check struct {
	Wanted      iam.Wanted
	Principal   iam.Principal
	Policies    []document.Document // identity-based, all that the principal has
	Trust       *document.Document  // the role's trust policy, nil when it is not to be looked at
	Repository  *document.Document  // the repository's own policy, nil when nobody gave it
	Boundary    *document.Document  // the role's permissions boundary, nil when it has none or nobody gave it
	Absent      []Absent            // policies of which only the names were given
	Expected    iam.Trust           // who is to take the role; without issuers those that the trust policy names are taken
	RoleAssumed bool                // nobody named the role
	Facts       Facts

	open *[]string // collects why the verdict is not certain
}

// Of is the check of documents that exist against what an order would write for a principal.
func Of(o iam.Order, p iam.Principal, policies []document.Document, trust *document.Document) Check {
	return Check{Wanted: o.Wanted, Principal: p, Policies: policies, Trust: trust, Expected: o.Trust(p, o.Role), RoleAssumed: o.RoleAssumed}
}

// Result of a check.
type Result struct {
	Findings []report.Finding
	Unproven []string // why the verdict is not certain, each reason once
}

// Findings are those of Result.
func (c Check) Findings() ([]report.Finding, error) {
	result, err := c.Result()
	return result.Findings, err
}

// Result returns what is missing (error), what is granted beyond the need (warning; info for mere reading),
// and what nobody can know from the documents and facts (warning), each with its place in its file. No
// findings: the principal has exactly what it needs, as far as its own policies and its boundary decide;
// service control policies are AWS's to tell. The error is that of Wanted.Needs.
func (c Check) Result() (Result, error) {
	needs, err := c.Wanted.Needs(c.Principal)
	if err != nil {
		return Result{}, err
	}
	c.open = &[]string{}
	findings := c.absent()
	if len(c.Policies) > 0 {
		identity, wrong := c.wrongKind()
		findings = append(findings, wrong...)
		if c.Policies = identity; len(identity) > 0 {
			findings = append(findings, c.missing(needs)...)
			for _, d := range identity {
				findings = append(findings, c.wide(d, needs)...)
			}
			findings = append(findings, c.guideGap()...)
		}
	}
	findings = append(findings, c.repository(needs)...)
	if c.Trust != nil {
		trust, err := c.trust(*c.Trust)
		if err != nil {
			return Result{}, err
		}
		findings = append(findings, trust...)
	}
	return Result{once(findings), *c.open}, nil
}

// unproven notes why the verdict is not certain.
func (c Check) unproven(reason string) {
	if !slices.Contains(*c.open, reason) {
		*c.open = append(*c.open, reason)
	}
}

// once keeps the first of several findings at one place that say one thing, and the first error at a place
// rather than what else could be said of it.
func once(findings []report.Finding) []report.Finding {
	type key struct {
		rule, file, path, message string
	}
	seen, wrong := map[key]bool{}, map[key]bool{}
	var out []report.Finding
	for _, f := range findings {
		at := key{rule: f.Rule, file: f.Place.File, path: f.Place.Path}
		said := at
		said.message = f.Message
		if seen[said] || wrong[at] && f.Severity != report.Error {
			continue
		}
		seen[said] = true
		wrong[at] = wrong[at] || f.Severity == report.Error
		out = append(out, f)
	}
	return out
}

// guideGap mentions the guide's own gap: its policy does not cover its own check.
func (c Check) guideGap() []report.Finding {
	if c.Principal != iam.Combined {
		return nil
	}
	operator, err := c.Wanted.Needs(iam.Operator)
	if err != nil {
		return nil
	}
	for _, need := range operator {
		if need.Check && strings.HasSuffix(need.Action, ":DescribeImages") && !evaluate.Identity(c.Policies, c.request(need)).Allowed() {
			return []report.Finding{finding(c.Policies[0], "Statement", RuleOperator, report.Info,
				"run palette-ecr, and the guide's aws ecr describe-images, with an identity of the operator's: palette-ecr policies --principal operator",
				fmt.Sprintf("the role may not %s, as it should not: looking at ECR takes another identity", need.Action))}
		}
	}
	return nil
}
