package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// identityRules are about who hue and source-controller are to AWS.
func identityRules() []rule {
	return append(policyRules(), []rule{
		{
			Rule: report.Rule{
				ID: "L09", Severity: report.Error,
				Title:  "Region, account or partition doesn't fit",
				Why:    "The address says in which account and region the registry is. A role of another account needs a repository policy there, one of another partition never gets in, and looking in another region finds an empty registry or none.",
				Source: "the guide's policies and commands, in which all of them are one; https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html",
				Fix:    "write one account and one region everywhere: endpoint, role, policies, --region",
			},
			check: sameAccount,
		},
		{
			Rule: report.Rule{
				ID: "L10", Severity: report.Error,
				Title:  "Service account has no IAM role (IRSA)",
				Why:    "EKS gives a pod its role by the annotation on its service account. Without it the pod falls back to the node's role, which usually may not push, or to nothing (\"no EC2 IMDS role found\").",
				Source: "the guide, \"Configure AWS authentication\", tab EKS; https://fluxcd.io/flux/integrations/aws/",
				Fix:    "annotate both service accounts with " + mural.RoleAnnotation + "; with the identity mode pod-identity or instance-profile say so (--identity)",
			},
			fixable: true, check: annotated,
		},
		{
			Rule: report.Rule{
				ID: "L11", Severity: report.Warning,
				Title:  "Role annotation where pods get their identity otherwise",
				Why:    "With the node's instance profile or EKS Pod Identity the guide has no annotation. Where a webhook acts on it, it wins over the other identity; pods behind a bridge network need a hop limit of 2 for the instance profile.",
				Source: "the guide (\"Skip this step\"), tab AWS IaaS; kubernetes-sigs/aws-load-balancer-controller#3358 (HttpPutResponseHopLimit)",
				Fix:    "remove the annotation, and set HttpPutResponseHopLimit to 2 on the nodes",
			},
			fixable: true, check: notAnnotated,
		},
	}...)
}

// account is a ServiceAccount's values.
type account struct {
	name         string // hue or source-controller
	at           setting
	create, role setting
}

func (v *view) accounts() []account {
	var accounts []account
	for _, a := range []account{
		{name: "hue", at: v.root.sub(mural.HueAccount()...)},
		{name: "source-controller", at: v.root.sub(mural.FluxAccount()...)},
	} {
		a.create, a.role = a.at.sub(mural.Create), a.at.sub(mural.Annotations, mural.RoleAnnotation)
		accounts = append(accounts, a)
	}
	return accounts
}

// rolePattern is the ARN of an IAM role (docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
var rolePattern = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/(?:[\w+=,.@/-]*/)?[\w+=,.@-]{1,64}$`)

func annotated(v *view) error {
	if !v.hub.ecr() || v.identity() != target.IRSA {
		return nil
	}
	for _, a := range v.accounts() {
		arn := a.role.text()
		switch {
		case a.role.unseen(): // L31
		case a.role.empty():
			remedy := "add the annotation " + mural.RoleAnnotation + " with the role's ARN, or say with --identity how else pods get one"
			v.missing(report.Error, a.role, remedy, "service account %s isn't annotated with a role", a.name)
		case arn == "":
			v.about(report.Error, a.role, "write the role's ARN in quotes", "the role of service account %s is %s", a.name, shown(a.role.value()))
		case placeholder.MatchString(arn): // L22
		case !rolePattern.MatchString(arn):
			v.about(report.Error, a.role, "write arn:aws:iam::<account>:role/<name>, the account with its 12 digits", "%q is not the ARN of an IAM role", arn)
		case v.in.Target.Identity.RoleARN != "" && arn != v.in.Target.Identity.RoleARN:
			v.about(report.Error, a.role, "annotate the role that is meant", "service account %s has role %q, not %q", a.name, arn, v.in.Target.Identity.RoleARN)
		}
		created(v, a)
	}
	return nil
}

// created looks at create: false, which leaves the annotation without effect.
func created(v *view, a account) {
	if a.create.value() != false {
		return
	}
	name := v.namespace() + "/" + a.name
	switch {
	case v.in.Live.ServiceAccounts == nil:
		v.about(report.Warning, a.create, "write create: true, or annotate the account yourself", "the chart doesn't make service account %s, and so doesn't annotate it either", a.name)
	case !slices.Contains(v.in.Live.ServiceAccounts, name):
		v.about(report.Error, a.create, "write create: true", "the chart doesn't make service account %s, and the cluster has none", name)
	}
}

func notAnnotated(v *view) error {
	mode := v.identity()
	if mode != target.PodIdentity && mode != target.InstanceProfile {
		return nil
	}
	for _, a := range v.accounts() {
		if a.role.empty() {
			continue
		}
		remedy := "remove it"
		if mode == target.InstanceProfile {
			remedy = "remove it, and see that the nodes' HttpPutResponseHopLimit is 2"
		}
		v.add(report.Warning, a.role.key(), remedy, "service account %s is annotated with a role, but pods get their identity by %s", a.name, mode)
	}
	return nil
}

func sameAccount(v *view) error {
	flaws(v, "L09")
	fips(v)
	if v.hub.err != nil || !v.hub.IsECR() {
		return nil
	}
	r := v.hub.Registry
	if region := v.in.Access.Region; region != "" && region != r.Region {
		if r.Kind == registry.Public {
			v.about(report.Error, v.hub.endpoint, "work in "+registry.PublicRegion, "ECR Public answers in %s only, not in %s", registry.PublicRegion, region)
		} else {
			v.about(report.Error, v.hub.endpoint, "give the region of the registry", "the registry is in %s, but the region given is %s", r.Region, region)
		}
	}
	for _, a := range v.accounts() {
		m := rolePattern.FindStringSubmatch(a.role.text())
		switch {
		case m == nil:
		case m[1] != r.Partition:
			v.about(report.Error, a.role, "take a role of partition "+r.Partition, "the role of %s is in partition %q, the registry in %q: they can't reach each other", a.name, m[1], r.Partition)
		case r.Kind == registry.Private && m[2] != r.AccountID && !v.in.Access.CrossAccount:
			severity := report.Error
			if a.role.text() == v.in.Target.Identity.RoleARN { // it was asked for, and may be meant
				severity = report.Warning
			}
			v.about(severity, a.role, "take a role of the registry's account; if two accounts are meant, give the repository a policy for the role, and say so (--cross-account)", "the role of %s is in account %s, the registry in %s", a.name, m[2], r.AccountID)
		}
	}
	policyRegions(v, r)
	return nil
}

// policyRegions compares the ARNs in the given policies with the registry.
func policyRegions(v *view, r registry.Registry) {
	for _, d := range v.in.Access.Policies {
		for i, s := range d.Statements {
			for k, arn := range s.Resources {
				parts := strings.SplitN(arn, ":", 6)
				if len(parts) < 6 || parts[2] != "ecr" || r.Kind != registry.Private || strings.ContainsAny(parts[3]+parts[4], "*?") {
					continue
				}
				path := "Statement[" + itoa(i) + "].Resource"
				if len(s.Resources) > 1 {
					path += "[" + itoa(k) + "]"
				}
				if parts[3] != r.Region {
					v.add(report.Error, d.Place(path), "write the registry's region", "the policy is for region %s, the registry is in %s", parts[3], r.Region)
				}
				if parts[4] != r.AccountID {
					v.add(report.Error, d.Place(path), "write the registry's account", "the policy is for account %s, the registry is in %s", parts[4], r.AccountID)
				}
			}
		}
	}
}
