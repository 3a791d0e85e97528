package write

import (
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Trust writes the trust policy (AssumeRolePolicyDocument). Errors are *fault.Error, Usage.
func Trust(t iam.Trust) (document.Document, error) {
	d := document.Document{Version: document.Current}
	switch t.Mode {
	case target.IRSA, "":
		if len(t.Issuers) == 0 {
			return d, fault.New(fault.Usage,
				"give --issuer for every cluster; aws eks describe-cluster --name <cluster> --query cluster.identity.oidc.issuer --output text prints it",
				"writing the trust policy of role %q: no OIDC issuer given", t.Role.Name)
		}
		for i, issuer := range t.Issuers {
			id, err := iam.IssuerID(issuer)
			if err != nil {
				return d, err
			}
			if accounts := t.On(i); len(accounts) > 0 {
				d.Statements = append(d.Statements, irsa(t, id, accounts))
			}
		}
	case target.PodIdentity:
		d.Statements = podIdentity(t)
	case target.InstanceProfile:
		d.Statements = []document.Statement{{
			Effect: document.Allow, Principal: &document.Principals{Service: []string{iam.EC2Service(t.Role.Partition)}}, Actions: []string{"sts:AssumeRole"},
		}}
	default:
		return d, fault.New(fault.Usage, "take one of irsa, pod-identity, instance-profile",
			"writing the trust policy of role %q: there is no identity mode %q", t.Role.Name, t.Mode)
	}
	return d, nil
}

// irsa is the guide's statement and the audience, which Flux's documentation has and the guide lacks.
func irsa(t iam.Trust, issuerID string, accounts []iam.ServiceAccount) document.Statement {
	var subjects []string
	for _, account := range accounts {
		subjects = append(subjects, account.Subject())
	}
	return document.Statement{
		Effect:    document.Allow,
		Principal: &document.Principals{Federated: []string{t.ProviderARN(issuerID)}},
		Actions:   []string{"sts:AssumeRoleWithWebIdentity"},
		Conditions: []document.Condition{
			{Operator: "StringEquals", Key: issuerID + ":aud", Values: []string{iam.Audience}},
			{Operator: "StringEquals", Key: issuerID + ":sub", Values: subjects},
		},
	}
}

// podIdentity restricts the role to the service accounts by the tags that EKS puts on the session
// (docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html); without them any association in the account
// could use it.
func podIdentity(t iam.Trust) []document.Statement {
	if len(t.Clusters) == 0 {
		return podStatements(t.Accounts, nil)
	}
	statements := podStatements(t.On(0), t.Clusters[:1])
	if len(t.Clusters) > 1 {
		statements = append(statements, podStatements(t.On(1), t.Clusters[1:])...)
	}
	return statements
}

// podStatements are one for each namespace: in one for several, every name would be trusted in every one.
func podStatements(accounts []iam.ServiceAccount, clusters []string) []document.Statement {
	var namespaces []string
	names := map[string][]string{}
	for _, account := range accounts {
		if !slices.Contains(namespaces, account.Namespace) {
			namespaces = append(namespaces, account.Namespace)
		}
		names[account.Namespace] = append(names[account.Namespace], account.Name)
	}
	var statements []document.Statement
	for _, namespace := range namespaces {
		s := document.Statement{
			Effect:    document.Allow,
			Principal: &document.Principals{Service: []string{iam.PodsService}},
			Actions:   []string{"sts:AssumeRole", "sts:TagSession"},
			Conditions: []document.Condition{
				{Operator: "StringEquals", Key: iam.TagNamespace, Values: []string{namespace}},
				{Operator: "StringEquals", Key: iam.TagServiceAccount, Values: names[namespace]},
			},
		}
		if len(clusters) > 0 {
			s.Conditions = append(s.Conditions, document.Condition{Operator: "StringEquals", Key: iam.TagCluster, Values: clusters})
		}
		statements = append(statements, s)
	}
	return statements
}
