package preflight

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/account"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const ruleRole = "P11"

func roleRules() []report.Rule {
	return []report.Rule{{
		ID: ruleRole, Severity: report.Error,
		Title:  "The role of hue and source-controller, or what leads to it, isn't there",
		Why:    "A pod's token opens a role only when IAM knows the issuer of its cluster (an OIDC provider with audience sts.amazonaws.com) and the role exists. Nodes give theirs to pods behind a bridge network only with a hop limit of 2. What the role may, and whom it trusts, are rules L12 and L13.",
		Source: "https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html; https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html; kubernetes-sigs/aws-load-balancer-controller#3358",
		Fix:    "make what is missing: palette-ecr policies --format aws writes the commands",
	}}
}

// lookAtRole reads the role, its policies and its trust, and judges them against each cluster's issuer.
func lookAtRole(ctx context.Context, looker *looker) {
	l := roleLook{looker}
	switch identity := l.World.Target.Identity; {
	case identity.Mode == target.InstanceProfile:
		l.hopLimit()
	case identity.Mode == target.PodIdentity:
		l.associations(ctx)
	case identity.RoleARN != "":
		l.look(ctx, identity.RoleARN)
	}
}

// roleLook is the look at what gives hue and source-controller their AWS identity.
type roleLook struct{ *looker }

// look looks at one role.
func (l roleLook) look(ctx context.Context, arn string) {
	place := report.Place{Object: "role " + arn}
	role, err := iam.ParseRole(arn)
	if err != nil {
		return // the target's own check says it
	}
	seen, err := account.Role(ctx, l.World.ECR.AWS(), role)
	err = ecr.Explain(err, l.World.Destination)
	switch {
	case err != nil && refusedIdentity(err):
		return
	case err != nil:
		l.cannot(ruleRole, place, "role "+role.ARN(), account.Permissions+" on "+role.ARN(), err)
		return
	case !seen.Exists:
		l.find(ruleRole, report.Error, place, "create it: `palette-ecr policies --format aws` writes the commands", "it does not exist in account %s", role.Account)
		return
	}
	var issuers []string
	if l.World.Target.Identity.Mode == target.IRSA {
		if issuers = l.issuers(ctx); len(issuers) == 0 {
			seen.Trust = nil // it would be judged by whatever issuer it names itself
		}
		l.providers(ctx, role, issuers)
	}
	l.judge(ctx, role, seen, issuers)
}

// judge compares the documents of the role with what hue and source-controller need.
func (l roleLook) judge(ctx context.Context, role iam.Role, seen account.Seen, issuers []string) {
	order, err := iam.For(l.World.Target, "")
	if err != nil {
		return // lint has said why
	}
	order.Issuers, order.Role = issuers, role
	if eks := l.World.Hub.EKS; eks != nil {
		order.Clusters = []string{eks.ARN}
	}
	l.facts.note(func(f *facts) { order.FluxNamespace = f.fluxNamespace })
	for _, c := range l.reached() {
		list, err := l.facts.workloads(ctx, c)
		for _, r := range list {
			order.Wanted.Semver = order.Wanted.Semver || err == nil && r.Spec.Reference != nil && r.Spec.Reference.SemVer != ""
		}
	}
	place := report.Place{Object: "role " + role.ARN()}
	c := check.Of(order, iam.Combined, seen.Policies, seen.Trust)
	simulated := l.simulate(ctx, role, order.Wanted)
	if simulated.err == nil && len(simulated.Open) == 0 {
		seen.Unseen = nil
	}
	for _, policy := range seen.Unseen { // which IAM has not looked at either
		l.cannot(check.RulePolicy, place, "policy "+policy.Name+" of the role", account.Permissions+", "+account.Simulation, ecr.Explain(policy.Err, l.World.Destination))
	}
	if simulated.err == nil && simulated.Allowed() {
		c.Policies = nil // IAM itself grants all of it
	}
	if text, err := l.World.ECR.RepositoryPolicy(ctx); err != nil {
		l.cannot("L13", report.Place{Object: "repository " + l.World.Destination.Name}, "the repository's policy", "ecr:GetRepositoryPolicy on "+l.World.Destination.ARN(), err)
	} else if text != "" {
		if d, err := document.Parse("the repository's policy", []byte(text)); err == nil {
			c.Repository = &d
		}
	}
	result, err := c.Result()
	if err != nil {
		return
	}
	explained := c.Repository != nil // whose policy can grant what the role's own don't
	for _, f := range result.Findings {
		// A grant beyond the need, and what only the operator needs, are not in the way of a cutover.
		if f.Severity == report.Info || f.Severity != report.Error && len(result.Unproven) == 0 {
			continue
		}
		if f.Rule == check.RulePolicy {
			explained = true
			f.Message += " (" + simulated.how() + ")"
		}
		f.Place = report.Place{Object: f.Place.File + " of role " + role.Name, Path: f.Place.Path}
		l.mu.Lock()
		l.findings = append(l.findings, f)
		l.mu.Unlock()
	}
	if !explained && simulated.err == nil {
		l.denied(place, simulated)
	}
	for _, reason := range result.Unproven {
		l.mu.Lock()
		l.unseen = append(l.unseen, "what role "+role.Name+" may: "+reason)
		l.mu.Unlock()
	}
}

// issuers returns the OIDC issuer of every cluster, the hub's first, as each API server names it.
func (l roleLook) issuers(ctx context.Context) []string {
	clusters := l.reached()
	found := make([]string, len(clusters))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i, c := range clusters {
		group.Go(func() error {
			issuer, err := c.Issuer(ctx)
			if err != nil {
				l.cannot("L12", report.Place{Cluster: c.Name}, "the OIDC issuer of cluster "+c.Name, "get /.well-known/openid-configuration (ClusterRole system:service-account-issuer-discovery)", err)
			}
			found[i] = issuer
			return nil
		})
	}
	_ = group.Wait() // what can't be seen is a finding
	return slices.DeleteFunc(found, func(issuer string) bool { return issuer == "" })
}

// providers looks for the IAM OIDC provider of each issuer.
func (l roleLook) providers(ctx context.Context, role iam.Role, issuers []string) {
	for _, issuer := range slices.Compact(slices.Sorted(slices.Values(issuers))) {
		id, err := iam.IssuerID(issuer)
		if err != nil { // an issuer inside the cluster, which AWS can't reach
			l.find(ruleRole, report.Error, report.Place{Object: "issuer " + issuer}, "give the cluster an issuer that AWS can reach, or take another --identity", "%v", err)
			continue
		}
		arn := (iam.Trust{Role: role}).ProviderARN(id)
		place := report.Place{Object: "OIDC provider " + arn}
		audiences, found, err := account.Provider(ctx, l.World.ECR.AWS(), arn)
		switch {
		case err != nil:
			l.cannot(ruleRole, place, "the OIDC provider of issuer "+issuer, "iam:GetOpenIDConnectProvider on "+arn, ecr.Explain(err, l.World.Destination))
		case !found:
			l.find(ruleRole, report.Error, place, "`aws iam create-open-id-connect-provider --url "+issuer+" --client-id-list "+iam.Audience+"`", "IAM in account %s has none for issuer %s: its tokens open no role", role.Account, issuer)
		case !slices.Contains(audiences, iam.Audience):
			l.find(ruleRole, report.Error, place, "`aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "+arn+" --client-id "+iam.Audience+"`", "its audiences (%s) lack %s", strings.Join(audiences, ", "), iam.Audience)
		}
	}
}

// hopLimit says what nobody can see from here.
func (l roleLook) hopLimit() {
	place := report.Place{Object: "instance profile of the nodes"}
	l.find(ruleRole, report.Warning, place, "`aws ec2 describe-instances --query 'Reservations[].Instances[].[InstanceId,MetadataOptions.HttpPutResponseHopLimit,IamInstanceProfile.Arn]'` on every node",
		"unproven: the role of the nodes, and whether their HttpPutResponseHopLimit lets pods reach it (2 behind a bridge network), can't be seen from here; validate proves it with a canary")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unseen = append(l.unseen, "the instance profile of the nodes")
}
