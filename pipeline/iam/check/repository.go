package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Absent is a policy of the principal of which only the name was given, or a version that is not in force.
type Absent struct {
	Name     string            // or ARN
	List     document.Document // the file that names it, for its place
	Command  string            // that prints its document
	Boundary bool              // it is the role's permissions boundary
	Outdated string            // the version that was given, in List
}

// absent reports the policies whose documents nobody gave.
func (c Check) absent() []report.Finding {
	var findings []report.Finding
	for _, a := range c.Absent {
		if a.Outdated != "" {
			c.unproven("not every policy was given as it is in force")
			findings = append(findings, finding(a.List, "Statement", RulePolicy, report.Warning, "give the version in force: aws iam get-policy shows DefaultVersionId",
				fmt.Sprintf("version %s of the policy is not its default version: AWS does not use it", a.Outdated)))
			continue
		}
		c.unproven("not every policy was given")
		if name := c.Expected.Role.Name; name != "" && !c.RoleAssumed {
			a.Command = strings.ReplaceAll(a.Command, "<role>", name)
		}
		remedy := "give its document as well: " + a.Command
		if a.Boundary {
			remedy = "give its document with --boundary: " + a.Command
		}
		findings = append(findings, finding(a.List, "", RulePolicy, report.Warning, remedy,
			fmt.Sprintf("%s applies to the role, but its document was not given: what it grants or denies is not known", a.Name)))
	}
	return findings
}

// crossAccount reports whether the role is in another account than the registry.
func (c Check) crossAccount() bool {
	home := c.Wanted.DefaultRole().Account
	return home != "" && c.Expected.Role.Account != "" && home != c.Expected.Role.Account
}

// resourceBased reports whether a document can only be one that is attached to a resource: it names who, and
// not on what.
func resourceBased(d document.Document) bool {
	for _, s := range d.Statements {
		if s.Principal == nil && s.NotPrincipal == nil || len(s.Resources)+len(s.NotResources) > 0 {
			return false
		}
	}
	return true
}

// ofRole reports whether a document with a Principal is a trust policy rather than a repository's.
func ofRole(d document.Document) bool {
	for _, s := range d.Statements {
		if !slices.ContainsFunc(s.Actions, func(action string) bool { return strings.HasPrefix(strings.ToLower(action), "sts:") }) {
			return false
		}
	}
	return true
}

// wrongKind separates the policies of the principal from documents that are attached to something else.
func (c Check) wrongKind() (identity []document.Document, findings []report.Finding) {
	for _, d := range c.Policies {
		switch {
		case !resourceBased(d):
			identity = append(identity, d)
		case ofRole(d):
			findings = append(findings, finding(d, "Statement[0].Principal", RulePolicy, report.Error, "give it with --trust; this place is for what the role may do",
				"this is a role's trust policy (it has a Principal and no Resource), not a policy of what the role may do"))
		default:
			findings = append(findings, finding(d, "Statement[0].Principal", RulePolicy, report.Error, "give it with --repository-policy; this place is for the role's own policies",
				"this is a repository's policy (it has a Principal and no Resource), not a policy of the role"))
		}
	}
	return identity, findings
}

// repository checks the repository's own policy: across accounts AWS asks it too
// (reference_policies_evaluation-logic-cross-account.html), and its Deny wins everywhere.
func (c Check) repository(needs []iam.Need) []report.Finding {
	if c.Repository == nil {
		if len(c.Policies) == 0 || !c.crossAccount() {
			return nil
		}
		c.unproven("the repository's policy was not given")
		r := c.Wanted.Repository
		return []report.Finding{finding(c.Policies[0], "Statement", RulePolicy, report.Warning,
			fmt.Sprintf("give --repository-policy with the output of: aws %s get-repository-policy --repository-name %s", c.service(), r.Name),
			fmt.Sprintf("the role is in account %s and the repository in %s: the repository's own policy must grant it too, and was not given", c.Expected.Role.Account, c.Wanted.DefaultRole().Account))}
	}
	d := *c.Repository
	if !slices.ContainsFunc(d.Statements, func(s document.Statement) bool { return s.Principal != nil || s.NotPrincipal != nil }) {
		return []report.Finding{finding(d, "Statement", RulePolicy, report.Error, "give the role's own policies without --repository-policy",
			"no statement has a Principal: this is not a repository's policy")}
	}
	findings := c.repositoryLacks(d, needs)
	if len(c.Policies) == 0 && len(c.Absent) == 0 {
		c.unproven("the role's own policies were not given")
		findings = append(findings, finding(d, "Statement", RulePolicy, report.Warning, "give the role's own policies as well",
			fmt.Sprintf("the repository's policy alone is never enough: %s needs %s from its own policies, which were not given", c.Principal, loginOf(needs))))
	}
	return findings
}

// loginOf is the action that no repository's policy can grant.
func loginOf(needs []iam.Need) string {
	for _, need := range needs {
		if strings.HasSuffix(need.Action, ":GetAuthorizationToken") {
			return need.Action
		}
	}
	return "permission to log in"
}

func (c Check) service() string {
	if c.Wanted.Repository.Registry.AccountID == "" {
		return "ecr-public"
	}
	return "ecr"
}

func (c Check) repositoryLacks(d document.Document, needs []iam.Need) []report.Finding {
	var findings []report.Finding
	var lacking []string
	denied := map[int][]string{} // by statement
	for _, need := range needs {
		if !need.OfRepository() {
			continue
		}
		switch decision := evaluate.Resource(d, c.request(need)); decision.Verdict {
		case evaluate.ExplicitDeny:
			denied[decision.Statement] = append(denied[decision.Statement], need.Action)
		case evaluate.Depends:
			if !c.crossAccount() && d.Statements[decision.Depends[0].Statement].Effect == document.Allow {
				continue // the role's own policy is enough
			}
			on := strings.Join(decision.On(), ", ")
			c.unproven("it depends on " + on)
			findings = append(findings, finding(d, decision.Depends[0].Path, RulePolicy, report.Warning, giveFlag(decision.On()[0]),
				fmt.Sprintf("whether the repository's policy lets %s %s depends on %s, whose value is not known here", c.Principal, need.Action, on)))
		case evaluate.ImplicitDeny:
			if c.crossAccount() && !need.Check && !need.Spare {
				lacking = append(lacking, need.Action)
			}
		}
	}
	for _, i := range slices.Sorted(maps.Keys(denied)) {
		remedy := "take the role out of the Deny"
		if d.Statements[i].NotPrincipal != nil { // it would have to list each session too (reference_policies_elements_notprincipal.html)
			remedy = fmt.Sprintf(`in place of NotPrincipal write "Principal": "*" and "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "%s"}}`, c.Expected.Role.ARN())
		}
		findings = append(findings, finding(d, fmt.Sprintf("Statement[%d]", i), RulePolicy, report.Error,
			remedy, fmt.Sprintf("the repository's policy denies %s %s", c.Principal, strings.Join(denied[i], ", "))))
	}
	if len(lacking) > 0 {
		findings = append(findings, finding(d, "Statement", RulePolicy, report.Error, "write it with: palette-ecr policies --document repository-policy",
			fmt.Sprintf("the repository's policy does not grant %s %s, which across accounts it must", c.Expected.Role.ARN(), strings.Join(lacking, ", "))))
	}
	return findings
}
