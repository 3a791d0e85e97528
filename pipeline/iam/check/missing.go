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

// lack is why needs are not met: several needs that one wrong ARN spoils are one finding.
type lack struct {
	document int
	path     string
	severity report.Severity
	reason   string // "" when no statement comes near
	remedy   string
	on       string // the keys that it depends on, when it is not certain
}

// missing evaluates every need and explains those that are not met.
func (c Check) missing(needs []iam.Need) []report.Finding {
	var order []lack
	lacking := map[lack][]iam.Need{}
	for _, need := range needs {
		l, ok := c.lackOf(need)
		if ok {
			continue
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

// lackOf says why a need is not met; ok is that it is.
func (c Check) lackOf(need iam.Need) (l lack, ok bool) {
	decision := evaluate.Identity(c.Policies, c.request(need))
	granted := decision.Verdict == evaluate.Allowed || decision.Verdict == evaluate.ImplicitDeny && c.grantedByRepository(need)
	switch {
	case !granted && decision.Verdict == evaluate.ExplicitDeny:
		return c.denied(need, decision), false
	case !granted && decision.Verdict == evaluate.ImplicitDeny:
		return c.nearest(need), false
	}
	if l, within := c.withinBoundary(need); !within && (granted || l.severity == report.Error) {
		return l, false
	}
	if !granted {
		return c.dependency(decision), false
	}
	return lack{}, true
}

// grantedByRepository reports whether the repository's policy grants a need by itself: in one account either policy is
// enough (reference_policies_evaluation-logic_policy-eval-basics.html).
func (c Check) grantedByRepository(need iam.Need) bool {
	return c.Repository != nil && need.OfRepository() && !c.crossAccount() && evaluate.Resource(withoutAccounts(*c.Repository), c.request(need)).Allowed()
}

// withoutAccounts is a policy whose Allows name no account: one that does hands the decision on to that account, where the
// role's own policies make it (reference_policies_elements_principal.html, "AWS account principals").
func withoutAccounts(d document.Document) document.Document {
	d.Statements = slices.Clone(d.Statements)
	for i := range d.Statements {
		if s := &d.Statements[i]; s.Effect == document.Allow && s.Principal != nil {
			named := *s.Principal
			named.AWS = slices.DeleteFunc(slices.Clone(named.AWS), func(name string) bool {
				return strings.HasSuffix(name, ":root") || len(name) == 12 && strings.Trim(name, "0123456789") == ""
			})
			s.Principal = &named
		}
	}
	return d
}

// withinBoundary says what of the role's permissions boundary keeps a need from being met; ok is that nothing does. A
// boundary grants nothing: the role has what both allow (access_policies_boundaries.html).
func (c Check) withinBoundary(need iam.Need) (l lack, ok bool) {
	if c.Boundary == nil {
		return lack{}, true
	}
	alone := c
	alone.Policies, alone.Boundary, alone.Repository = []document.Document{*c.Boundary}, nil, nil
	if l, ok = alone.lackOf(need); ok {
		return lack{}, true
	}
	l.document = len(c.Policies)
	if l.reason == "" { // no statement comes near
		l.severity = report.Error
		l.reason = "the role's permissions boundary does not allow it, and what a boundary does not allow is denied"
		l.remedy = "add it to the boundary, or take the boundary off the role"
	} else {
		l.reason = "in the role's permissions boundary " + l.reason
	}
	return l, false
}

// document is one of the principal's policies, or its boundary behind them.
func (c Check) document(i int) document.Document {
	if i == len(c.Policies) {
		return *c.Boundary
	}
	return c.Policies[i]
}

// denied is the lack by a Deny that applies.
func (c Check) denied(need iam.Need, decision evaluate.Decision) lack {
	s := c.Policies[decision.Document].Statements[decision.Statement]
	l := lack{document: decision.Document, path: fmt.Sprintf("Statement[%d]", decision.Statement), severity: report.Error,
		reason: s.Label(decision.Statement) + " denies it, and a Deny wins over every Allow",
		remedy: "take the action out of the Deny, or the repository out of its Resource"}
	if len(s.Conditions) > 0 {
		l.reason += fmt.Sprintf("; its condition on %s holds", strings.Join(keysOf(s), ", "))
		_, action, _ := strings.Cut(need.Action, ":")
		if need.Resource == "*" && strings.Contains(strings.ToLower(l.reason), ":resourcetag/") {
			l.reason += fmt.Sprintf(", since %s has no resource, and so no tags", action)
			l.remedy = fmt.Sprintf("take %s out of the Deny: list the other actions, or use NotAction", need.Action)
		}
	}
	return l
}

func keysOf(s document.Statement) []string {
	var keys []string
	for _, condition := range s.Conditions {
		keys = append(keys, condition.Key)
	}
	return keys
}

// dependency is the lack of a value that decides.
func (c Check) dependency(d evaluate.Decision) lack {
	first := d.Depends[0]
	s := c.Policies[first.Document].Statements[first.Statement]
	verb := "grants"
	if s.Effect == document.Deny {
		verb = "denies"
	}
	on := strings.Join(d.On(), ", ")
	var remedies []string
	for _, key := range d.On() {
		remedies = append(remedies, giveFlag(key))
	}
	return lack{document: first.Document, path: first.Path, severity: report.Warning, on: on,
		reason: fmt.Sprintf("%s %s it under a condition on %s, whose value is not known here", s.Label(first.Statement), verb, on),
		remedy: strings.Join(remedies, ", ") + ", or see that the condition fits the pods in the cluster"}
}

// lacks words the finding: one for all needs of one cause, one for each where nothing is granted at all.
func (c Check) lacks(l lack, needs []iam.Need) []report.Finding {
	d := c.document(l.document)
	if l.reason != "" {
		var actions []string
		for _, need := range needs {
			actions = append(actions, need.Action)
		}
		verb := "cannot"
		if l.on != "" {
			verb = "may be unable to"
			c.unproven("it depends on " + l.on)
		}
		return []report.Finding{finding(d, l.path, ruleOf(c.Principal, needs), l.severity, l.remedy,
			fmt.Sprintf("%s %s %s: %s", c.Principal, verb, strings.Join(actions, ", "), l.reason))}
	}
	var findings []report.Finding
	for i, need := range needs {
		if need.Check && i > 0 && needs[i-1].Why == need.Why { // one look that takes several
			continue
		}
		severity, remedy := report.Error, fmt.Sprintf("add %s on %q to a statement with Effect Allow", need.Action, need.Resource)
		switch {
		case len(c.Absent) > 0: // one of the policies that nobody gave may grant it
			severity, remedy = report.Warning, "give the documents that are missing, or "+remedy
			c.unproven("not every policy was given")
		case need.Check:
			severity = report.Warning
		case need.Spare:
			severity = report.Info
		case need.Semver: // the guide's own policy lacks it, and does where tags are named
			severity = report.Warning
			remedy += "; give --no-semver if no OCIRepository has spec.ref.semver"
		}
		text := fmt.Sprintf("%s is not granted; with it %s %s", need.Action, c.Principal, need.Why)
		if also := sameLook(needs[i+1:], need); len(also) > 0 {
			actions := strings.Join(append([]string{need.Action}, also...), ", ")
			remedy = strings.Replace(remedy, need.Action, actions, 1)
			text = fmt.Sprintf("%s are not granted; with them %s %s", actions, c.Principal, need.Why)
		}
		findings = append(findings, finding(d, l.path, ruleOf(c.Principal, []iam.Need{need}), severity, remedy, text))
	}
	return findings
}

// sameLook returns the actions that follow a need for the same look.
func sameLook(rest []iam.Need, need iam.Need) []string {
	var actions []string
	for _, other := range rest {
		if !need.Check || other.Why != need.Why {
			break
		}
		actions = append(actions, other.Action)
	}
	return actions
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
