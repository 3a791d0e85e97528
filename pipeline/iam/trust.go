package iam

import (
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Audience is what EKS's webhook writes into service account tokens for AWS, in every partition
// (--token-audience of amazon-eks-pod-identity-webhook).
const Audience = "sts.amazonaws.com"

// MaxTrust is IAM's default quota for a trust policy, in characters without white space
// (reference_iam-quotas.html).
const MaxTrust = 2048

// Tags that EKS Pod Identity puts on sessions (docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html).
const (
	TagNamespace      = "aws:RequestTag/kubernetes-namespace"
	TagServiceAccount = "aws:RequestTag/kubernetes-service-account"
	TagCluster        = "aws:RequestTag/eks-cluster-arn"
	TagClusterName    = "aws:RequestTag/eks-cluster-name"
)

// ServiceAccount of a pod.
type ServiceAccount struct{ Namespace, Name string }

// Subject returns the account as a token names it.
func (s ServiceAccount) Subject() string {
	return "system:serviceaccount:" + s.Namespace + ":" + s.Name
}

// The names of the service accounts: hue's in the mural chart, source-controller's in the flux2 chart.
const (
	hueAccount  = "hue"
	fluxAccount = "source-controller"
)

// ServiceAccounts returns those of a principal's pods; nil for the operator, who is no pod. Flux may run
// elsewhere than the release; its namespace is fluxNamespace, or the release's when that is empty.
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

// On returns the accounts that take the role on a cluster: hue runs on the hub alone, which is the first.
func (t Trust) On(cluster int) []ServiceAccount {
	return slices.DeleteFunc(slices.Clone(t.Accounts), func(account ServiceAccount) bool {
		return cluster != 0 && account.Name == hueAccount
	})
}

// ProviderARN returns the ARN of the IAM OIDC provider of an issuer, which IssuerID returned.
func (t Trust) ProviderARN(issuerID string) string {
	return "arn:" + t.Role.Partition + ":iam::" + t.Role.Account + ":oidc-provider/" + issuerID
}
