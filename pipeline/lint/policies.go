package lint

import (
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// policyRules are those of the package iam: L12, L13 and L14.
func policyRules() []rule {
	looks := map[string]func(*view) error{check.RuleTrust: trustPolicy, check.RulePolicy: rolePolicies, check.RuleOperator: operatorPolicies}
	var all []rule
	for _, r := range check.Rules() {
		all = append(all, rule{Rule: r, check: looks[r.ID]})
	}
	return all
}

func trustPolicy(v *view) error      { return judgePolicies(v, check.RuleTrust) }
func rolePolicies(v *view) error     { return judgePolicies(v, check.RulePolicy) }
func operatorPolicies(v *view) error { return judgePolicies(v, check.RuleOperator) }

// judgePolicies takes over what iam finds by one of its rules.
func judgePolicies(v *view, rule string) error {
	a := v.in.Access
	destination, ok := v.destination()
	if !ok || len(a.Policies) == 0 && a.Trust == nil {
		return nil
	}
	want := v.in.Target
	want.Registry.Endpoint = destination.Registry.Endpoint()
	want.Registry.Repository = destination.Name
	if namespace := destination.Registry.Namespace; namespace != "" {
		want.Registry.Repository = destination.Name[len(namespace)+1:]
	}
	want.Release.Namespace = v.namespace()
	if mode := v.identity(); mode != "" {
		want.Identity.Mode = mode
	}
	if want.Identity.RoleARN == "" {
		if arn := v.accounts()[0].role.text(); rolePattern.MatchString(arn) {
			want.Identity.RoleARN = arn
		}
	}
	order, err := iam.For(want, a.Account)
	if err != nil {
		return err
	}
	order.Wanted.Semver = true // whether an OCIRepository selects by semver stands in no file that lint reads
	order.Issuers, order.Clusters, order.FluxNamespace = a.Issuers, a.Clusters, a.FluxNamespace
	who := a.Principal
	if who == "" {
		who = iam.Combined
	}
	wanted := check.Of(order, who, a.Policies, a.Trust)
	wanted.Facts, wanted.Boundary, wanted.Absent = a.Facts, a.Boundary, a.Absent
	result, err := wanted.Result()
	if err != nil {
		return err
	}
	for _, f := range result.Findings {
		if f.Rule == rule {
			v.findings = append(v.findings, f)
			if f.Severity == report.Warning { // as those are that depend on something
				v.unproven = result.Unproven
			}
		}
	}
	return nil
}
