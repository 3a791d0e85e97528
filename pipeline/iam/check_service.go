package iam

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// podIdentity evaluates what EKS Pod Identity asks for each pod: AssumeRole and TagSession.
func (c *trustCheck) podIdentity() {
	clusters := c.expected.Clusters
	if len(clusters) == 0 {
		clusters = c.namedClusters()
	}
	for i, cluster := range clusters {
		for _, account := range c.expected.on(i) {
			for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
				c.pod(action, cluster, account)
			}
		}
	}
	for i, s := range c.doc.Statements {
		if s.Effect == Allow && s.Principal != nil && slices.Contains(s.Principal.Service, podsService) && len(s.Conditions) == 0 {
			c.add(i, "", report.Info, fmt.Sprintf("add StringEquals on %s and %s", tagNamespace, tagServiceAccount),
				"any pod identity association of the account may use the role")
		}
	}
}

// namedClusters are those that the trust policy itself names, the hub's first; or one that stands for any.
func (c *trustCheck) namedClusters() []string {
	var named []string
	for _, s := range c.doc.Statements {
		for _, condition := range s.Conditions {
			if strings.EqualFold(condition.Key, tagCluster) {
				for _, arn := range condition.Values {
					named = appendNew(named, arn)
				}
			}
		}
	}
	if len(named) == 0 {
		named = []string{"arn:" + c.expected.Role.Partition + ":eks:us-east-1:" + c.expected.Role.Account + ":cluster/any"}
	}
	return named
}

func (c *trustCheck) pod(action, cluster string, account ServiceAccount) {
	decision := c.doc.EvaluateTrust(Request{
		Principal: Caller{Service: podsService}, Action: action, Resource: c.expected.Role.ARN(),
		Context: map[string][]string{
			tagNamespace: {account.Namespace}, tagServiceAccount: {account.Name},
			tagCluster: {cluster}, tagClusterName: {cluster[strings.LastIndex(cluster, "/")+1:]},
			"aws:SourceAccount": {c.expected.Role.Account}, "aws:SourceArn": {cluster},
		},
	})
	if decision.Allowed() {
		return
	}
	trusting := -1
	for i, s := range c.doc.Statements {
		if s.Effect == Allow && s.Principal != nil && slices.Contains(s.Principal.Service, podsService) {
			trusting = i
			e := newEvaluation(Request{Action: action}, c.doc, true)
			if e.actionFits(s) {
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
		"no statement trusts the service %s", podsService)
}

// instanceProfile evaluates what EC2 asks.
func (c *trustCheck) instanceProfile() {
	service := ec2Service(c.expected.Role.Partition)
	ask := func(service string) bool {
		return c.doc.EvaluateTrust(Request{Principal: Caller{Service: service}, Action: "sts:AssumeRole", Resource: c.expected.Role.ARN()}).Allowed()
	}
	if ask(service) {
		return
	}
	for i, s := range c.doc.Statements {
		if s.Principal == nil || s.Effect != Allow {
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
