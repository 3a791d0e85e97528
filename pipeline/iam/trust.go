package iam

import (
	"regexp"
	"strings"

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

// podIdentity restricts the role to the service accounts by the tags that EKS puts on the session
// (docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html); without them any association in the account
// could use it.
func (t Trust) podIdentity() []Statement {
	if len(t.Clusters) == 0 {
		return podStatements(t.Accounts, nil)
	}
	statements := podStatements(t.on(0), t.Clusters[:1])
	if len(t.Clusters) > 1 {
		statements = append(statements, podStatements(t.on(1), t.Clusters[1:])...)
	}
	return statements
}

// podStatements are one for each namespace: in one for several, every name would be trusted in every one.
func podStatements(accounts []ServiceAccount, clusters []string) []Statement {
	var namespaces []string
	names := map[string][]string{}
	for _, account := range accounts {
		namespaces = appendNew(namespaces, account.Namespace)
		names[account.Namespace] = append(names[account.Namespace], account.Name)
	}
	var statements []Statement
	for _, namespace := range namespaces {
		s := Statement{
			Effect:    Allow,
			Principal: &Principals{Service: []string{podsService}},
			Actions:   []string{"sts:AssumeRole", "sts:TagSession"},
			Conditions: []Condition{
				{"StringEquals", tagNamespace, []string{namespace}},
				{"StringEquals", tagServiceAccount, names[namespace]},
			},
		}
		if len(clusters) > 0 {
			s.Conditions = append(s.Conditions, Condition{"StringEquals", tagCluster, clusters})
		}
		statements = append(statements, s)
	}
	return statements
}

// Tags that EKS Pod Identity puts on sessions (docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html).
const (
	tagNamespace      = "aws:RequestTag/kubernetes-namespace"
	tagServiceAccount = "aws:RequestTag/kubernetes-service-account"
	tagCluster        = "aws:RequestTag/eks-cluster-arn"
	tagClusterName    = "aws:RequestTag/eks-cluster-name"
)

func appendNew(list []string, value string) []string {
	for _, one := range list {
		if one == value {
			return list
		}
	}
	return append(list, value)
}

var issuerPattern = regexp.MustCompile(`^[a-z0-9.-]+(?::\d+)?(?:/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?$`)

// issuerID is the issuer as IAM writes it, in provider ARNs and in condition keys: the URL without https://.
func issuerID(issuer string) (string, error) {
	id := strings.TrimPrefix(issuer, "https://")
	if !issuerPattern.MatchString(id) {
		return "", fault.New(fault.Usage,
			"give it as EKS does: https://oidc.eks.<region>.amazonaws.com/id/<id>, without a slash at the end",
			"reading OIDC issuer %q: it is not an https:// URL of host and path", issuer)
	}
	return id, nil
}

// WebIdentity is the request that AWS evaluates a trust policy for when a pod shows its service account
// token (AssumeRoleWithWebIdentity). The partition and account are the role's.
func WebIdentity(role Role, issuer, subject string, audiences ...string) Request {
	id := strings.TrimPrefix(issuer, "https://")
	return Request{
		Principal: Caller{Federated: Trust{Role: role}.providerARN(id)},
		Action:    "sts:AssumeRoleWithWebIdentity",
		Resource:  role.ARN(),
		Context:   map[string][]string{id + ":sub": {subject}, id + ":aud": audiences},
	}
}
