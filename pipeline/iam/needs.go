package iam

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// Principal is one of those who need something of ECR.
type Principal string

const (
	Hue              Principal = "hue"               // pushes, on the hub
	SourceController Principal = "source-controller" // pulls, on every cluster
	Operator         Principal = "operator"          // the person or CI job that runs palette-ecr: copies, checks, proves
	Combined         Principal = "combined"          // one role for hue and source-controller, as in the guide
)

// Principals in the order in which people read them.
var principals = []Principal{Hue, SourceController, Operator, Combined}

// ParsePrincipal returns the principal of that name; the error is a *fault.Error, Usage.
func ParsePrincipal(name string) (Principal, error) {
	for _, p := range principals {
		if string(p) == name {
			return p, nil
		}
	}
	return "", fault.New(fault.Usage, "take one of hue, source-controller, operator, combined",
		"reading principal %q: there is no such principal", name)
}

// Wanted is what the policies are for.
type Wanted struct {
	Repository registry.Repository
	Account    string // of ECR Public, whose addresses don't contain it; for a private registry its own account
	Semver     bool   // an OCIRepository selects its tag by semver, so that source-controller lists tags
	Create     bool   // the operator may create the repository
	All        bool   // the operator copies every repository of Zot, to the same namespace
	Install    bool   // the operator installs where nothing is yet, and takes away the probe that proves it

	Role Role                // of the pods, which preflight looks at; zero is DefaultRole
	Mode target.IdentityMode // how they get it; "" is IRSA

	EKSClusters []string // ARNs of clusters that the operator reaches by their names in EKS
}

// DefaultRole returns palette-ecr in the registry's account.
func (w Wanted) DefaultRole() Role {
	r := w.Repository.Registry
	account := w.Account
	if r.Kind == registry.Private {
		account = r.AccountID
	}
	return Role{Partition: r.Partition, Account: account, Path: "/", Name: "palette-ecr"}
}

// Need is one action that a principal needs, and why.
type Need struct {
	Action   string
	Resource string // the repository's ARN, or "*" for an action without resource-level permissions
	Why      string
	Check    bool // only to look (lint rule L14): without it something stays unproven, nothing breaks
	Semver   bool // only where an OCIRepository has spec.ref.semver
	Spare    bool // Flux does not ask for it (AmazonEC2ContainerRegistryPullOnly lacks it), other clients do
}

// creating are the actions that only making a repository takes. A repository with tags needs ecr:TagResource too (AWS's
// notice of 2022 to its customers, quoted in estahn/k8s-image-swapper#416).
var creating = []string{"CreateRepository", "TagResource", "PutLifecyclePolicy"}

// OfRepository reports whether the repository's own policy can grant or deny it.
func (n Need) OfRepository() bool { return strings.Contains(n.Resource, ":repository/") }

// Needs returns what a principal needs, in the order in which a policy has it. The error is a *fault.Error,
// Usage: a registry that is not ECR has no IAM policies, and ECR Public needs the account.
func (w Wanted) Needs(p Principal) ([]Need, error) {
	arn, err := w.arn()
	if err != nil {
		return nil, err
	}
	if p == Operator && w.All {
		arn = strings.TrimSuffix(arn, w.Repository.Name) + strings.TrimPrefix(w.Repository.Registry.Namespace+"/*", "/")
	}
	public := w.Repository.Registry.Kind == registry.Public
	var needs []Need
	if p == Operator {
		for _, cluster := range w.EKSClusters {
			needs = append(needs, Need{Action: "eks:DescribeCluster", Resource: cluster, Why: "finds the cluster by its name"})
		}
	}
	for _, r := range rights {
		service, action := "ecr:", r.private
		if public {
			service, action = "ecr-public:", r.public
		}
		if action == "" || !slices.Contains(r.who, p) ||
			slices.Contains(creating, action) && !w.Create || action == "BatchDeleteImage" && !w.Install || action == "ListImages" && p != Operator && !w.Semver {
			continue
		}
		needs = append(needs, Need{
			Action: service + action, Resource: arn, Why: r.why, Check: r.check,
			Semver: action == "ListImages" && p != Operator, Spare: action == "BatchCheckLayerAvailability" && p == SourceController,
		})
	}
	needs = append(needs, Need{Action: "ecr:GetAuthorizationToken", Resource: "*", Why: "gets the token for the registry"})
	if public {
		needs[len(needs)-1].Action = "ecr-public:GetAuthorizationToken"
		needs = append(needs, Need{Action: "sts:GetServiceBearerToken", Resource: "*", Why: "gets the token for ECR Public"})
	}
	if p == Operator {
		needs = append(needs, w.looks()...)
	}
	return needs, nil
}

// arn of the repository.
func (w Wanted) arn() (string, error) {
	r := w.Repository.Registry
	account := w.Account
	switch {
	case !r.IsECR():
		return "", fault.New(fault.Usage, "give the endpoint of Amazon ECR: oci://<account>.dkr.ecr.<region>.amazonaws.com/<namespace>",
			"writing policies for %q: it is not Amazon ECR, which alone has IAM policies", r.Endpoint())
	case r.Kind == registry.Private:
		account = r.AccountID
	case account == "":
		return "", fault.New(fault.Usage, "give --account <12 digits>, or --role-arn of a role in that account",
			"writing policies for %q: the address of ECR Public does not contain its account", r.Endpoint())
	}
	if !accountPattern.MatchString(account) {
		return "", fault.New(fault.Usage, "an account has 12 digits, without hyphens",
			"writing policies for %q: %q is not an AWS account", r.Endpoint(), account)
	}
	return w.Repository.ARNFor(account), nil
}
