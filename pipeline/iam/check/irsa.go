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

// irsa evaluates for every cluster and service account what AWS would.
func (c *trustCheck) irsa() {
	if len(c.expected.Issuers) == 0 {
		c.add(-1, "Statement", report.Error, c.command(), "no statement trusts an OIDC provider, and so no pod can take the role with IRSA")
		return
	}
	for i, id := range c.expected.Issuers {
		for _, account := range c.expected.On(i) {
			request := c.facts.webIdentity(WebIdentity(c.expected.Role, id, account.Subject(), iam.Audience))
			decision := evaluate.Resource(c.doc, request)
			switch decision.Verdict {
			case evaluate.ExplicitDeny:
				c.add(decision.Statement, "", report.Error, removeIt+", or take the service account out of the Deny", "a Deny keeps %s from taking the role", account.Subject())
			case evaluate.Depends:
				c.depends(decision)
			case evaluate.ImplicitDeny:
				c.whyNot(id, account, request, decision)
			}
		}
	}
	c.strangers()
}

// whyNot explains why a service account is not let in, unless a statement's own error does.
func (c *trustCheck) whyNot(id string, account iam.ServiceAccount, request evaluate.Request, decision evaluate.Decision) {
	provider := c.expected.ProviderARN(id)
	trusting := -1
	for i, s := range c.doc.Statements {
		if s.Effect != document.Allow || s.Principal == nil {
			continue
		}
		if slices.Contains(s.Principal.Federated, provider) {
			trusting = i
			if c.wrong[i] || c.otherNamespace(i, s, account) {
				return
			}
		}
	}
	if trusting >= 0 {
		c.conditionsOf(trusting, id, account, request, decision)
		return
	}
	for i, s := range c.doc.Statements { // a provider that was meant but is written wrong is found already
		if c.wrong[i] && s.Principal != nil && len(s.Principal.Federated) > 0 {
			return
		}
	}
	c.add(-1, "Statement", report.Error, c.command(), "no statement trusts %s, and so %s cannot take the role there", provider, account.Subject())
}

// conditionsOf says which conditions of the statement that trusts the provider keep the account out.
func (c *trustCheck) conditionsOf(i int, id string, account iam.ServiceAccount, request evaluate.Request, decision evaluate.Decision) {
	who := fmt.Sprintf("%s of cluster %s may not take the role", account.Subject(), id)
	if !c.named(account) {
		reason := "no statement names it"
		if len(decision.Ignored) > 0 {
			reason = decision.Ignored[0]
		}
		c.add(i, ".Condition", report.Error, addValue(account.Subject(), id+":sub"), "%s: %s", who, reason)
		return
	}
	for _, path := range evaluate.Look(c.doc, i, request).False {
		reason := "the condition does not hold"
		if len(decision.Ignored) > 0 {
			reason = decision.Ignored[0]
		}
		c.add(i, "."+path, report.Error, removeIt, "%s: %s", who, reason)
	}
}

// named reports whether some condition names the account.
func (c *trustCheck) named(account iam.ServiceAccount) bool {
	for _, s := range c.doc.Statements {
		for _, cond := range s.Conditions {
			if strings.HasSuffix(cond.Key, ":sub") && !evaluate.Negated(cond.Operator) && slices.Contains(cond.Values, account.Subject()) {
				return true
			}
		}
	}
	return false
}

// otherNamespace finds the account's name in a namespace that isn't the one it runs in.
func (c *trustCheck) otherNamespace(i int, s document.Statement, account iam.ServiceAccount) bool {
	for _, cond := range s.Conditions {
		for k, value := range cond.Values {
			parts := strings.Split(value, ":")
			if strings.HasSuffix(cond.Key, ":sub") && !evaluate.Negated(cond.Operator) && len(parts) == 4 && parts[3] == account.Name && parts[2] != account.Namespace {
				c.add(i, fmt.Sprintf(".Condition.%s.%s[%d]", cond.Operator, cond.Key, k), report.Error, writeValue(account.Subject()),
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
				if s.Effect == document.Allow && strings.HasSuffix(cond.Key, ":sub") && !evaluate.Negated(cond.Operator) &&
					strings.HasPrefix(value, "system:serviceaccount:") && !strings.ContainsAny(value, "*?") && !slices.Contains(expected, value) {
					c.add(i, path, report.Warning, removeIt+", unless that service account needs ECR too", "it lets %q take the role, who need not", value)
				}
			}
		}
	}
}
