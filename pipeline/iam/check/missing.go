package check

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// lack is why needs are not met: several needs that one wrong ARN spoils are one finding.
type lack struct {
	document int
	path     string
	severity report.Severity
	reason   string // "" when no statement comes near
	remedy   string
}

// missing evaluates every need and explains those that are not met.
func (c Check) missing(needs []iam.Need) []report.Finding {
	var order []lack
	lacking := map[lack][]iam.Need{}
	for _, need := range needs {
		decision := evaluate.Identity(c.Policies, c.request(need))
		if decision.Allowed() {
			continue
		}
		l := c.nearest(need)
		if decision.Verdict == evaluate.ExplicitDeny {
			path := fmt.Sprintf("Statement[%d]", decision.Statement)
			s := c.Policies[decision.Document].Statements[decision.Statement]
			l = lack{decision.Document, path, report.Error, s.Label(decision.Statement) + " denies it, and a Deny wins over every Allow",
				"take the action out of the Deny, or the repository out of its Resource"}
			if len(s.Conditions) > 0 {
				l.reason += " (its conditions were taken as they are without knowing every request)"
			}
		}
		if _, known := lacking[l]; !known {
			order = append(order, l)
		}
		lacking[l] = append(lacking[l], need)
	}
	var findings []report.Finding
	for _, l := range order {
		findings = append(findings, c.lacks(l, lacking[l])...)
	}
	return findings
}

// lacks words the finding: one for all needs of one cause, one for each where nothing is granted at all.
func (c Check) lacks(l lack, needs []iam.Need) []report.Finding {
	d := c.Policies[l.document]
	if l.reason != "" {
		var actions []string
		for _, need := range needs {
			actions = append(actions, need.Action)
		}
		return []report.Finding{finding(d, l.path, ruleOf(c.Principal, needs), l.severity, l.remedy,
			fmt.Sprintf("%s cannot %s: %s", c.Principal, strings.Join(actions, ", "), l.reason))}
	}
	var findings []report.Finding
	for _, need := range needs {
		severity, remedy := report.Error, fmt.Sprintf("add %s on %q to a statement with Effect Allow", need.Action, need.Resource)
		switch {
		case need.Check:
			severity = report.Warning
		case need.Spare:
			severity = report.Info
		case need.Semver: // the guide's own policy lacks it, and does where tags are named
			severity = report.Warning
			remedy += "; give --no-semver if no OCIRepository has spec.ref.semver"
		}
		findings = append(findings, finding(d, l.path, ruleOf(c.Principal, []iam.Need{need}), severity, remedy,
			fmt.Sprintf("%s is not granted; with it %s %s", need.Action, c.Principal, need.Why)))
	}
	return findings
}

// ruleOf: the operator's need to look has a rule of its own.
func ruleOf(p iam.Principal, needs []iam.Need) string {
	for _, need := range needs {
		if !need.Check || p != iam.Operator {
			return RulePolicy
		}
	}
	return RuleOperator
}

// nearest looks for the Allow statement that was meant to meet the need and says what is wrong with it.
func (c Check) nearest(need iam.Need) lack {
	found := lack{path: "Statement"}
	for i, d := range c.Policies {
		for j, s := range d.Statements {
			path := fmt.Sprintf("Statement[%d]", j)
			fit := evaluate.Look(d, j, c.request(need))
			if s.Effect != document.Allow || !fit.Action {
				continue
			}
			switch {
			case s.Principal != nil || s.NotPrincipal != nil:
				return lack{i, path + ".Principal", report.Error, "the statement has a Principal, which IAM refuses in a policy of a role",
					"remove the Principal; it belongs into the trust policy or into the repository's policy"}
			case fit.Resource == evaluate.No:
				if l, ok := c.wrongResource(i, path, s, need); ok {
					return l
				}
			case fit.Condition != evaluate.Yes:
				l := lack{i, path + ".Condition", report.Warning, "it is granted under a condition that cannot be checked from here",
					"see whether the condition holds for pods in the cluster, or remove it"}
				if len(fit.Ignored) > 0 {
					l.severity, l.reason, l.remedy = report.Error, fit.Ignored[0], "use one of IAM's condition operators and variables that the request has"
				}
				return l
			}
		}
		if l, ok := otherService(i, d, need); ok {
			found = l
		}
	}
	return found
}

// otherService finds the action under ecr where it should be under ecr-public, and the other way round.
func otherService(i int, d document.Document, need iam.Need) (lack, bool) {
	service, action, _ := strings.Cut(need.Action, ":")
	other := map[string]string{"ecr": "ecr-public", "ecr-public": "ecr"}[service]
	for j, s := range d.Statements {
		for k, listed := range s.Actions {
			if s.Effect == document.Allow && other != "" && strings.HasPrefix(strings.ToLower(listed), other+":") &&
				evaluate.Glob(strings.ToLower(listed), strings.ToLower(other+":"+action)) {
				return lack{i, fmt.Sprintf("Statement[%d].Action[%d]", j, k), report.Error,
					fmt.Sprintf("the statement grants %s, but the registry's actions are those of %s", listed, service),
					fmt.Sprintf("write %s:… for a registry at %s", service, map[string]string{"ecr": "<account>.dkr.ecr.<region>", "ecr-public": "public.ecr.aws"}[service])}, true
			}
		}
	}
	return lack{}, false
}
