// Package check compares IAM policies that exist with what their principal needs.
package check

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Check compares policies that exist with what a principal needs.
type Check struct {
	Wanted    iam.Wanted
	Principal iam.Principal
	Policies  []document.Document // identity-based, all that the principal has
	Trust     *document.Document  // the role's trust policy, nil when it is not to be looked at
	Expected  iam.Trust           // who is to take the role; without issuers those that the trust policy names are taken
}

// Findings tells what is missing (error), what is granted beyond the need (warning; info for mere reading),
// and what cannot be told from the documents (warning), each with its place in its file. No findings: the
// principal has exactly what it needs, as far as its own policies decide; boundaries and service control
// policies are AWS's to tell. The error is that of Wanted.Needs.
func (c Check) Findings() ([]report.Finding, error) {
	needs, err := c.Wanted.Needs(c.Principal)
	if err != nil {
		return nil, err
	}
	var findings []report.Finding
	if len(c.Policies) > 0 {
		findings = append(findings, c.missing(needs)...)
		for _, d := range c.Policies {
			findings = append(findings, c.wide(d, needs)...)
		}
		findings = append(findings, c.guideGap()...)
	}
	if c.Trust != nil {
		trust, err := c.trust(*c.Trust)
		if err != nil {
			return nil, err
		}
		findings = append(findings, trust...)
	}
	return once(findings), nil
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

// request for a need, with the condition keys that are known to be in it.
func (c Check) request(need iam.Need) evaluate.Request {
	r := c.Wanted.Repository.Registry
	context := map[string][]string{
		"aws:SecureTransport":       {"true"},
		"aws:ViaAWSService":         {"false"},
		"aws:RequestedRegion":       {r.Region},
		"aws:PrincipalIsAWSService": {"false"},
	}
	if role := c.Expected.Role; role.Account != "" {
		context["aws:PrincipalAccount"] = []string{role.Account}
		context["aws:PrincipalArn"] = []string{role.ARN()}
	}
	if account := c.Wanted.DefaultRole().Account; account != "" && need.Resource != "*" {
		context["aws:ResourceAccount"] = []string{account}
	}
	if need.Action == "sts:GetServiceBearerToken" {
		context["sts:AWSServiceName"] = []string{"ecr-public.amazonaws.com"}
	}
	return evaluate.Request{Action: need.Action, Resource: need.Resource, Context: context}
}

// guideGap tells of the guide's own gap: its policy does not cover its own check.
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

// Of is the check of documents that exist against what an order would write for a principal.
func Of(o iam.Order, p iam.Principal, policies []document.Document, trust *document.Document) Check {
	return Check{Wanted: o.Wanted, Principal: p, Policies: policies, Trust: trust, Expected: o.Trust(p, o.Role)}
}
