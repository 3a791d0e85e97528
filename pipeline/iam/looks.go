package iam

import (
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// looks returns what preflight reads beside the repository, as the operator: what else in the account changes what
// pushes and pulls do, and what leads pods to their role. Without one of them a look stays unproven. Sources: the service
// authorization references of ecr, iam and eks.
func (w Wanted) looks() []Need {
	var all []Need
	add := func(resource, why string, actions ...string) {
		for _, action := range actions {
			all = append(all, Need{Action: action, Resource: resource, Why: why, Check: true})
		}
	}
	if w.Repository.Registry.Kind == registry.Private {
		add("*", "sees whether a pull through cache serves something else under the repository's name", "ecr:DescribePullThroughCacheRules")
		add("*", "sees whether a template makes the repository at the first push", "ecr:DescribeRepositoryCreationTemplates")
		add("*", "sees whether ECR signs what is pushed, for which pushers need rights too", "ecr:GetSigningConfiguration")
	}
	role := w.Role
	if role == (Role{}) {
		role = w.DefaultRole()
	}
	if w.Mode == target.InstanceProfile || role.Account != w.DefaultRole().Account { // nobody sees roles of another account
		return all
	}
	add(role.ARN(), "sees that the role exists, whom it trusts and what it may", "iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies")
	add(role.ARN(), "lets IAM itself decide what the role may, with its boundary", "iam:SimulatePrincipalPolicy")
	iam := "arn:" + role.Partition + ":iam::"
	add(iam+"*:policy/*", "reads the managed policies of the role", "iam:GetPolicy", "iam:GetPolicyVersion")
	if w.Mode != target.PodIdentity {
		add(iam+role.Account+":oidc-provider/*", "sees that IAM knows each cluster's issuer", "iam:GetOpenIDConnectProvider")
		return all
	}
	for _, cluster := range w.EKSClusters {
		add(cluster, "finds the association of a ServiceAccount", "eks:ListPodIdentityAssociations")
	}
	for _, cluster := range w.EKSClusters {
		add(strings.Replace(cluster, ":cluster/", ":podidentityassociation/", 1)+"/*", "reads the association's role", "eks:DescribePodIdentityAssociation")
	}
	return all
}
