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

// podIdentity evaluates what EKS Pod Identity asks for each pod: AssumeRole and TagSession. Without clusters
// the keys that name one are unknown.
func (c *trustCheck) podIdentity() {
	clusters := c.expected.Clusters
	if len(clusters) == 0 {
		clusters = []string{""}
	}
	for i, cluster := range clusters {
		for _, account := range c.expected.On(i) {
			for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
				c.pod(action, cluster, account)
			}
		}
	}
	for i, s := range c.doc.Statements {
		if s.Effect == document.Allow && s.Principal != nil && slices.Contains(s.Principal.Service, iam.PodsService) && len(s.Conditions) == 0 {
			c.add(i, "", report.Info, c.command(), "any pod identity association of the account may use the role")
		}
	}
}

func (c *trustCheck) pod(action, cluster string, account iam.ServiceAccount) {
	request := c.facts.pod(c.expected.Role, cluster, account)
	request.Action = action
	decision := evaluate.Resource(c.doc, request)
	switch decision.Verdict {
	case evaluate.Allowed:
		return
	case evaluate.Depends:
		c.depends(decision)
		return
	case evaluate.ExplicitDeny:
		c.add(decision.Statement, "", report.Error, removeIt+", or take the service account out of the Deny", "a Deny keeps %s in namespace %s from taking the role", account.Name, account.Namespace)
		return
	}
	trusting := -1
	for i, s := range c.doc.Statements {
		if s.Effect == document.Allow && s.Principal != nil && slices.Contains(s.Principal.Service, iam.PodsService) {
			trusting = i
			if fit := evaluate.Look(c.doc, i, request); fit.Action {
				message := "%s in namespace %s is kept out by the conditions"
				if keys := c.failing(i, request); len(keys) > 0 {
					message += " on " + strings.ReplaceAll(strings.Join(keys, ", "), "%", "%%")
				}
				if len(fit.Ignored) > 0 {
					message += ": " + strings.ReplaceAll(fit.Ignored[0], "%", "%%")
				}
				c.add(i, ".Condition", report.Error, c.command(), message, account.Name, account.Namespace)
				return
			}
		}
	}
	if trusting >= 0 {
		c.add(trusting, ".Action", report.Error, writeValue("sts:AssumeRole", "sts:TagSession"), "EKS Pod Identity needs %s as well", action)
		return
	}
	c.add(-1, "Statement", report.Error, c.command(), "no statement trusts the service %s", iam.PodsService)
}

// failing are the keys of a statement's conditions that do not hold for a request, each looked at by itself.
func (c *trustCheck) failing(statement int, r evaluate.Request) (keys []string) {
	alone := c.doc
	alone.Statements = slices.Clone(c.doc.Statements[statement : statement+1])
	for _, condition := range c.doc.Statements[statement].Conditions {
		alone.Statements[0].Conditions = []document.Condition{condition}
		if evaluate.Resource(alone, r).Verdict == evaluate.ImplicitDeny && !slices.Contains(keys, condition.Key) {
			keys = append(keys, condition.Key)
		}
	}
	return keys
}

// depends reports the keys that decide whether a pod may take the role.
func (c *trustCheck) depends(d evaluate.Decision) {
	said := map[string]bool{}
	for _, one := range d.Depends {
		if said[one.Path] {
			continue
		}
		said[one.Path] = true
		c.unproven("it depends on " + one.Key)
		s := c.doc.Statements[one.Statement]
		holds := "the trust policy holds only where %s"
		if s.Effect == document.Deny {
			holds = "a Deny keeps pods out where %s"
		}
		c.add(one.Statement, strings.TrimPrefix(one.Path, fmt.Sprintf("Statement[%d]", one.Statement)), report.Warning,
			giveFlag(one.Key)+" to check it", holds+", whose value is not known here", c.said(s, one))
	}
}

// said words the condition that a dependency is about.
func (c *trustCheck) said(s document.Statement, d evaluate.Dependency) string {
	for _, condition := range s.Conditions {
		if strings.HasSuffix(d.Path, "."+condition.Operator+"."+condition.Key) {
			return fmt.Sprintf("%s on %s is %s", condition.Operator, condition.Key, strings.Join(condition.Values, ", "))
		}
	}
	return "it has the right " + d.Key
}

// instanceProfile evaluates what EC2 asks.
func (c *trustCheck) instanceProfile() {
	service := iam.EC2Service(c.expected.Role.Partition)
	ask := func(service string) evaluate.Decision {
		return evaluate.Resource(c.doc, c.facts.instance(c.expected.Role, service))
	}
	switch decision := ask(service); decision.Verdict {
	case evaluate.Allowed:
		return
	case evaluate.Depends:
		for _, one := range decision.Depends {
			c.unproven("it depends on " + one.Key)
			c.add(one.Statement, strings.TrimPrefix(one.Path, fmt.Sprintf("Statement[%d]", one.Statement)), report.Warning,
				giveFlag(one.Key)+" to check it", "whether the node may take the role depends on %s, whose value is not known here", one.Key)
		}
		return
	}
	for i, s := range c.doc.Statements {
		if s.Principal == nil || s.Effect != document.Allow {
			continue
		}
		for k, named := range s.Principal.Service {
			severity := report.Error
			switch {
			case !strings.HasPrefix(named, "ec2.") || named == service:
				continue
			case ask("ec2.amazonaws.com").Allowed(): // newer regions take it in every partition, and which do is not documented
				severity = report.Warning
			}
			c.add(i, fmt.Sprintf(".Principal.Service[%d]", k), severity, writeValue(service),
				"the service of EC2 in partition %s is %s, not %s", c.expected.Role.Partition, service, named)
			return
		}
	}
	c.add(-1, "Statement", report.Error, c.command(), "no statement lets %s take the role with sts:AssumeRole", service)
}
