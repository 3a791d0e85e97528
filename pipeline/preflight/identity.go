package preflight

import (
	"context"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	ruleIdentity = "P07"
	ruleExpiry   = "P08"
)

func identityRules() []report.Rule {
	return []report.Rule{
		{
			ID: ruleIdentity, Severity: report.Error,
			Title:  "AWS doesn't accept our credentials",
			Why:    "Expired, unknown or wrongly signed credentials fail the copy at its first request, and those of another account than the registry's may read it and fail at its first push.",
			Source: "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html (everybody may ask)",
			Fix:    "log in again (aws sso login, a new session), or name the right profile with --profile",
		},
		{
			ID: ruleExpiry, Severity: report.Warning,
			Title:  "AWS credentials may end before the copy does",
			Why:    "A session of an hour is short for a registry of 100,000 artifacts, at 10 PutImage a second. What ends in the middle of a copy can be resumed; after the switch, proofs are left that nobody can make.",
			Source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html; https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html (session duration)",
			Fix:    "take a longer session, or a profile that renews itself",
		},
	}
}

// lookAtIdentity asks AWS who we are, and until when.
func lookAtIdentity(ctx context.Context, l *looker) {
	client, at := l.World.ECR, l.World.Destination.Registry
	place := report.Place{Object: "AWS credentials"}
	expires, renewed, err := client.Expires(ctx)
	if err == nil && !renewed {
		l.facts.note(func(f *facts) { f.expires = expires })
	}
	caller, err := client.Identity(ctx)
	switch {
	case err != nil && (refusedIdentity(err) || denied(err)):
		l.find(ruleIdentity, report.Error, place, fault.RemedyOf(err), "%v", err)
	case err != nil:
		l.cannot(ruleIdentity, place, "who we are to AWS", "sts:GetCallerIdentity", err)
	case at.Kind == registry.Private && caller.Account != at.AccountID:
		l.find(ruleIdentity, report.Warning, place, "use credentials of account "+at.AccountID+", or see that the repository's policy lets "+caller.ARN+" push",
			"they are those of account %s, the registry is in account %s", caller.Account, at.AccountID)
	}
}

// margin is what a run takes beside its copy: deploying, and the waits of the proofs.
const margin = 15 * time.Minute

// judgeTime compares the end of the credentials with the time that the run takes.
func (l *looker) judgeTime() {
	if l.facts.expires.IsZero() {
		return
	}
	need := margin + l.facts.copying
	left := l.facts.expires.Sub(l.World.Now()).Round(time.Second)
	place := report.Place{Object: "AWS credentials"}
	switch {
	case left <= 0:
		l.find(ruleIdentity, report.Error, place, "log in again", "they ended at %s", l.facts.expires.UTC().Format(time.RFC3339))
	case left < need:
		l.find(ruleExpiry, report.Warning, place, "take a session of at least "+need.String()+", or a profile that renews itself",
			"they end in %s, at %s, unless they are renewed; the run takes at least %s", left, l.facts.expires.UTC().Format(time.RFC3339), need)
	}
}
