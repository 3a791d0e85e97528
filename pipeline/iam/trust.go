package iam

import (
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// audience is what EKS's webhook writes into service account tokens for AWS, in every partition
// (--token-audience of amazon-eks-pod-identity-webhook).
const audience = "sts.amazonaws.com"

// ServiceAccount of a pod.
type ServiceAccount struct{ Namespace, Name string }

// Subject is the account as a token names it.
func (s ServiceAccount) Subject() string {
	return "system:serviceaccount:" + s.Namespace + ":" + s.Name
}

// The names of the service accounts: hue's in the mural chart, source-controller's in the flux2 chart.
const (
	hueAccount  = "hue"
	fluxAccount = "source-controller"
)

// ServiceAccounts of a principal's pods; nil for the operator, who is no pod. Flux may run elsewhere than
// the release; its namespace is fluxNamespace, or the release's when that is empty.
func ServiceAccounts(p Principal, namespace, fluxNamespace string) []ServiceAccount {
	if fluxNamespace == "" {
		fluxNamespace = namespace
	}
	hue, flux := ServiceAccount{namespace, hueAccount}, ServiceAccount{fluxNamespace, fluxAccount}
	switch p {
	case Hue:
		return []ServiceAccount{hue}
	case SourceController:
		return []ServiceAccount{flux}
	case Combined:
		return []ServiceAccount{hue, flux}
	}
	return nil
}

// Trust says who may take a role, and how.
type Trust struct {
	Mode     target.IdentityMode
	Role     Role             // whose trust policy it is
	Accounts []ServiceAccount // who takes it
	Issuers  []string         // with IRSA: the OIDC issuer URL of every cluster, the hub's first
	Clusters []string         // with pod identity: the ARNs of the EKS clusters, the hub's first; empty for any in the account
}

// on gives the accounts that take the role on a cluster: hue runs on the hub alone, which is the first.
func (t Trust) on(cluster int) []ServiceAccount {
	var accounts []ServiceAccount
	for _, account := range t.Accounts {
		if cluster == 0 || account.Name != hueAccount {
			accounts = append(accounts, account)
		}
	}
	return accounts
}

// Document is the trust policy (AssumeRolePolicyDocument). Errors are *fault.Error, Usage.
func (t Trust) Document() (Document, error) {
	d := Document{Version: Current}
	switch t.Mode {
	case target.IRSA, "":
		if len(t.Issuers) == 0 {
			return d, fault.New(fault.Usage,
				"give --issuer for every cluster; aws eks describe-cluster --name <cluster> --query cluster.identity.oidc.issuer --output text tells it",
				"writing the trust policy of role %q: no OIDC issuer given", t.Role.Name)
		}
		for i, issuer := range t.Issuers {
			id, err := issuerID(issuer)
			if err != nil {
				return d, err
			}
			if accounts := t.on(i); len(accounts) > 0 {
				d.Statements = append(d.Statements, t.irsa(id, accounts))
			}
		}
	case target.PodIdentity:
		d.Statements = t.podIdentity()
	case target.InstanceProfile:
		d.Statements = []Statement{{
			Effect: Allow, Principal: &Principals{Service: []string{ec2Service(t.Role.Partition)}}, Actions: []string{"sts:AssumeRole"},
		}}
	default:
		return d, fault.New(fault.Usage, "take one of irsa, pod-identity, instance-profile",
			"writing the trust policy of role %q: there is no identity mode %q", t.Role.Name, t.Mode)
	}
	return d, nil
}

// irsa is the guide's statement and the audience, which Flux's documentation has and the guide lacks.
func (t Trust) irsa(issuerID string, accounts []ServiceAccount) Statement {
	var subjects []string
	for _, account := range accounts {
		subjects = append(subjects, account.Subject())
	}
	return Statement{
		Effect:    Allow,
		Principal: &Principals{Federated: []string{t.providerARN(issuerID)}},
		Actions:   []string{"sts:AssumeRoleWithWebIdentity"},
		Conditions: []Condition{
			{"StringEquals", issuerID + ":aud", []string{audience}},
			{"StringEquals", issuerID + ":sub", subjects},
		},
	}
}

func (t Trust) providerARN(issuerID string) string {
	return "arn:" + t.Role.Partition + ":iam::" + t.Role.Account + ":oidc-provider/" + issuerID
}

func appendNew(list []string, value string) []string {
	for _, one := range list {
		if one == value {
			return list
		}
	}
	return append(list, value)
}
