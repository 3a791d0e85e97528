package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// maxTrust is IAM's default quota for a trust policy, in characters without white space
// (reference_iam-quotas.html).
const maxTrust = 2048

// trustCheck collects the findings about one trust policy.
type trustCheck struct {
	doc      Document
	expected Trust
	findings []report.Finding
	wrong    map[int]bool // statements with an error, which explains why they let nobody in
}

func (c *trustCheck) add(statement int, path string, severity report.Severity, remedy, format string, args ...any) {
	if statement >= 0 {
		path = fmt.Sprintf("Statement[%d]%s", statement, path)
		c.wrong[statement] = c.wrong[statement] || severity == report.Error
	}
	c.findings = append(c.findings, finding(c.doc, path, RuleTrust, severity, remedy, fmt.Sprintf(format, args...)))
}

// trust checks the trust policy in the expected mode.
func (c Check) trust(d Document) ([]report.Finding, error) {
	t := &trustCheck{doc: d, expected: c.Expected, wrong: map[int]bool{}}
	if t.expected.Mode == target.IRSA || t.expected.Mode == "" {
		t.expected.Issuers = slices.Clone(t.expected.Issuers)
		if len(t.expected.Issuers) == 0 {
			t.expected.Issuers = issuersOf(d)
		}
		for i, issuer := range t.expected.Issuers {
			id, err := issuerID(issuer)
			if err != nil {
				return nil, err
			}
			t.expected.Issuers[i] = id
		}
	}
	for i, s := range d.Statements {
		t.statement(i, s)
	}
	switch t.expected.Mode {
	case target.PodIdentity:
		t.podIdentity()
	case target.InstanceProfile:
		t.instanceProfile()
	default:
		t.irsa()
	}
	if size := len(d.Compact()); size > maxTrust {
		t.add(-1, "Statement", report.Warning, "ask AWS for a higher quota, use a role for each cluster, or use EKS Pod Identity, which needs no statement for each cluster",
			"the trust policy has %d characters; IAM takes %d unless the account's quota was raised", size, maxTrust)
	}
	return t.findings, nil
}

// statement finds what is wrong with a statement by itself.
func (c *trustCheck) statement(i int, s Statement) {
	if s.Effect != Allow {
		return
	}
	switch {
	case s.NotPrincipal != nil:
		c.add(i, ".NotPrincipal", report.Error, "name in Principal who may take the role", "NotPrincipal with Allow lets everybody else take the role")
	case s.Principal == nil:
		c.add(i, "", report.Error, "give the role's trust policy (aws iam get-role --query Role.AssumeRolePolicyDocument); what the role may do is another document",
			"the statement has no Principal: this is no trust policy")
	case s.Principal.Everyone || slices.Contains(s.Principal.AWS, "*"):
		c.add(i, ".Principal", report.Error, "name in Principal who may take the role", "Principal \"*\" lets every AWS account in the world take the role")
	case len(s.Principal.Federated) > 0:
		c.federated(i, s)
	}
	if len(s.Resources)+len(s.NotResources) > 0 {
		c.add(i, ".Resource", report.Error, "remove the Resource: the document is attached to its role", "IAM refuses a Resource in a trust policy")
	}
}

// issuersOf takes the issuers that the trust policy itself names.
func issuersOf(d Document) []string {
	var ids []string
	for _, s := range d.Statements {
		if s.Principal == nil {
			continue
		}
		for _, arn := range s.Principal.Federated {
			if _, id, ok := strings.Cut(arn, ":oidc-provider/"); ok && issuerPattern.MatchString(id) {
				ids = appendNew(ids, id)
			}
		}
	}
	return ids
}

// irsa evaluates for every cluster and service account what AWS would.
func (c *trustCheck) irsa() {
	if len(c.expected.Issuers) == 0 {
		c.add(-1, "Statement", report.Error, "write the trust policy with: palette-ecr policies --issuer <the cluster's OIDC issuer>",
			"no statement trusts an OIDC provider, and so no pod can take the role with IRSA")
		return
	}
	for i, id := range c.expected.Issuers {
		for _, account := range c.expected.on(i) {
			request := WebIdentity(c.expected.Role, id, account.Subject(), audience)
			decision := c.doc.EvaluateTrust(request)
			switch decision.Verdict {
			case ExplicitDeny:
				c.add(decision.Statement, "", report.Error, "take the service account out of the Deny", "a Deny keeps %s from taking the role", account.Subject())
			case ImplicitDeny:
				c.whyNot(id, account, decision)
			}
		}
	}
	c.strangers()
}

// whyNot explains why a service account is not let in, unless a statement's own error does.
func (c *trustCheck) whyNot(id string, account ServiceAccount, decision Decision) {
	provider := c.expected.providerARN(id)
	trusting := -1
	for i, s := range c.doc.Statements {
		if s.Effect != Allow || s.Principal == nil {
			continue
		}
		if slices.Contains(s.Principal.Federated, provider) {
			trusting = i
			if c.wrong[i] {
				return
			}
			if c.otherNamespace(i, s, account) {
				return
			}
		}
	}
	if trusting >= 0 {
		reason := "no statement names it"
		if len(decision.Ignored) > 0 {
			reason = decision.Ignored[0]
		}
		c.add(trusting, ".Condition", report.Error, fmt.Sprintf("add %q to the values of %q", account.Subject(), id+":sub"),
			"%s of cluster %s may not take the role: %s", account.Subject(), id, reason)
		return
	}
	for i, s := range c.doc.Statements { // a provider that was meant but is written wrong is found already
		if c.wrong[i] && s.Principal != nil && len(s.Principal.Federated) > 0 {
			return
		}
	}
	c.add(-1, "Statement", report.Error, fmt.Sprintf("add a statement for the cluster's provider: palette-ecr policies --issuer https://%s", id),
		"no statement trusts %s, and so %s cannot take the role there", provider, account.Subject())
}

// otherNamespace finds the account's name in a namespace that isn't the one it runs in.
func (c *trustCheck) otherNamespace(i int, s Statement, account ServiceAccount) bool {
	for _, cond := range s.Conditions {
		for k, value := range cond.Values {
			parts := strings.Split(value, ":")
			if strings.HasSuffix(cond.Key, ":sub") && len(parts) == 4 && parts[3] == account.Name && parts[2] != account.Namespace {
				c.add(i, fmt.Sprintf(".Condition.%s.%s[%d]", cond.Operator, cond.Key, k), report.Error,
					fmt.Sprintf("write %q", account.Subject()),
					"it names namespace %q, but %s runs in %q", parts[2], account.Name, account.Namespace)
				return true
			}
		}
	}
	return false
}

// strangers are subjects that let in others than the expected.
func (c *trustCheck) strangers() {
	var expected []string
	for _, account := range c.expected.Accounts {
		expected = append(expected, account.Subject())
	}
	for i, s := range c.doc.Statements {
		for _, cond := range s.Conditions {
			for k, value := range cond.Values {
				path := fmt.Sprintf(".Condition.%s.%s[%d]", cond.Operator, cond.Key, k)
				if s.Effect == Allow && strings.HasSuffix(cond.Key, ":sub") && strings.HasPrefix(value, "system:serviceaccount:") &&
					!strings.ContainsAny(value, "*?") && !slices.Contains(expected, value) {
					c.add(i, path, report.Warning, "remove it, unless that service account needs ECR too", "it lets %s take the role, who need not", value)
				}
			}
		}
	}
}
