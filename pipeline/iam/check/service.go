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

// podIdentity evaluates what EKS Pod Identity asks for each pod: AssumeRole and TagSession.
func (c *trustCheck) podIdentity() {
	clusters := c.expected.Clusters
	if len(clusters) == 0 {
		clusters = c.namedClusters()
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
			c.add(i, "", report.Info, fmt.Sprintf("add StringEquals on %s and %s", iam.TagNamespace, iam.TagServiceAccount),
				"any pod identity association of the account may use the role")
		}
	}
}

// namedClusters are those that the trust policy itself names, the hub's first; or one that stands for any.
func (c *trustCheck) namedClusters() []string {
	var named []string
	for _, s := range c.doc.Statements {
		for _, condition := range s.Conditions {
			if strings.EqualFold(condition.Key, iam.TagCluster) {
				named = append(named, condition.Values...)
			}
		}
	}
	if len(named) == 0 {
		named = []string{"arn:" + c.expected.Role.Partition + ":eks:us-east-1:" + c.expected.Role.Account + ":cluster/any"}
	}
	return named
}

func (c *trustCheck) pod(action, cluster string, account iam.ServiceAccount) {
	decision := evaluate.Resource(c.doc, evaluate.Request{
		Principal: evaluate.Caller{Service: iam.PodsService}, Action: action, Resource: c.expected.Role.ARN(),
		Context: map[string][]string{
			iam.TagNamespace: {account.Namespace}, iam.TagServiceAccount: {account.Name},
			iam.TagCluster: {cluster}, iam.TagClusterName: {cluster[strings.LastIndex(cluster, "/")+1:]},
			"aws:SourceAccount": {c.expected.Role.Account}, "aws:SourceArn": {cluster},
		},
	})
	if decision.Allowed() {
		return
	}
	trusting := -1
	for i, s := range c.doc.Statements {
		if s.Effect == document.Allow && s.Principal != nil && slices.Contains(s.Principal.Service, iam.PodsService) {
			trusting = i
			if evaluate.Look(c.doc, i, evaluate.Request{Action: action}).Action {
				c.add(i, ".Condition", report.Error, "write the trust policy with: palette-ecr policies --identity pod-identity",
					"%s in namespace %s is kept out by the conditions", account.Name, account.Namespace)
				return
			}
		}
	}
	if trusting >= 0 {
		c.add(trusting, ".Action", report.Error, "write Action as [\"sts:AssumeRole\", \"sts:TagSession\"]", "EKS Pod Identity needs %s as well", action)
		return
	}
	c.add(-1, "Statement", report.Error, "write the trust policy with: palette-ecr policies --identity pod-identity",
		"no statement trusts the service %s", iam.PodsService)
}

// instanceProfile evaluates what EC2 asks.
func (c *trustCheck) instanceProfile() {
	service := iam.EC2Service(c.expected.Role.Partition)
	ask := func(service string) bool {
		return evaluate.Resource(c.doc, evaluate.Request{Principal: evaluate.Caller{Service: service}, Action: "sts:AssumeRole", Resource: c.expected.Role.ARN()}).Allowed()
	}
	if ask(service) {
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
			case ask("ec2.amazonaws.com"): // newer regions take it in every partition, and which do is not documented
				severity = report.Warning
			}
			c.add(i, fmt.Sprintf(".Principal.Service[%d]", k), severity, fmt.Sprintf("write %q", service),
				"the service of EC2 in partition %s is %s, not %s", c.expected.Role.Partition, service, named)
			return
		}
	}
	c.add(-1, "Statement", report.Error, "write the trust policy with: palette-ecr policies --identity instance-profile",
		"no statement lets %s take the role with sts:AssumeRole", service)
}
