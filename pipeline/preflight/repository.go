package preflight

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	ruleRepository = "P09"
	ruleAround     = "P10"
	ruleSettings   = "L18"
)

func repositoryRules() []report.Rule {
	return []report.Rule{
		{
			ID: ruleRepository, Severity: report.Error,
			Title:  "The repository doesn't exist",
			Why:    "ECR makes no repository at a push, unless a creation template says so; Flux's pulls never make one, also not under a pull through cache.",
			Source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-creation-templates.html; fluxcd/source-controller#1951",
			Fix:    "create it, with the command that the finding has",
		},
		{
			ID: ruleAround, Severity: report.Warning,
			Title:  "Something in the account changes what pushes and pulls do",
			Why:    "A pull through cache with the repository under its prefix serves another registry's artifacts under these names. Where ECR signs what is pushed, each pusher needs signer permissions, and signatures are referrers that Zot doesn't have. A key of one's own must stay enabled, or nothing can be pulled.",
			Source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html; https://docs.aws.amazon.com/AmazonECR/latest/userguide/managed-signing.html; https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html",
			Fix:    "take a repository outside the prefix; give hue's role signer:SignPayload and signer:GetSigningProfile; keep the key enabled",
		},
	}
}

// lookAtRepository reads the settings of the destination.
func lookAtRepository(ctx context.Context, l *looker) { l.repository(l.World.ECR).look(ctx) }

// repositoryLook is the look at one repository that is copied to.
type repositoryLook struct {
	*looker
	*ecr.Client
	place report.Place
}

func (l *looker) repository(client *ecr.Client) repositoryLook {
	return repositoryLook{l, client, report.Place{Object: "repository " + client.Repository.Name}}
}

func (l repositoryLook) look(ctx context.Context) {
	info, err := l.Describe(ctx)
	switch {
	case err != nil && refusedIdentity(err): // P07 says it
		return
	case err != nil:
		l.cannot(ruleRepository, l.place, "repository "+l.Repository.Name, "ecr:DescribeRepositories", err)
	case !info.Exists:
		l.missing(ctx)
	default:
		l.settings(ctx, info)
	}
	l.around(ctx, info)
}

// refusedIdentity reports whether AWS takes us for nobody: then every look would say the same.
func refusedIdentity(err error) bool {
	return cause(err) == ecr.BadCredentials || cause(err) == ecr.NoCredentials
}

func (l repositoryLook) missing(ctx context.Context) {
	missing := ecr.NoRepository(l.Repository)
	made, err := l.CreatedOnPush(ctx)
	switch {
	case l.CreateRepositories:
		l.find(ruleRepository, report.Info, l.place, "", "it does not exist yet: this run creates it")
	case err == nil && made:
		l.find(ruleRepository, report.Info, l.place, "", "it does not exist yet; a creation template makes it at the first push, with the settings that the template has")
	default: // whoever may not see templates creates it
		l.find(ruleRepository, report.Error, l.place, fault.RemedyOf(missing), "%v", missing)
	}
}

// settings feeds L18 with the mutability of tags and with the lifecycle policy.
func (l repositoryLook) settings(ctx context.Context, info ecr.RepositoryInfo) {
	settings := &lint.RepositorySettings{Mutability: info.Mutability, Exclusions: info.Exclusions}
	policy, err := l.LifecyclePolicy(ctx)
	if err != nil {
		l.cannot(ruleSettings, l.place, "the lifecycle policy of "+l.Repository.Name, "ecr:GetLifecyclePolicy on "+info.ARN, err)
	}
	settings.Lifecycle = policy
	if l.Repository.Name != l.World.Destination.Name { // no workload follows its tags
		l.facts.note(func(f *facts) { f.further = append(f.further, further{l.Repository, settings}) })
		return
	}
	for _, c := range l.reached() {
		list, err := l.facts.workloads(ctx, c)
		if err != nil {
			continue // the look at Flux says it
		}
		for _, r := range list {
			if r.Spec.Reference != nil && r.Spec.Reference.Tag != "" {
				settings.Tags = append(settings.Tags, r.Spec.Reference.Tag)
			}
		}
	}
	l.facts.note(func(f *facts) { f.live.Repository = settings })
}

// around looks at what else in the account has to do with the repository.
func (l repositoryLook) around(ctx context.Context, info ecr.RepositoryInfo) {
	if info.KMSKey != "" {
		l.find(ruleAround, report.Info, l.place, "keep the key enabled, and its policy as it is", "it is encrypted with key %s: when that is disabled, nothing can be pulled", info.KMSKey)
	}
	var group errgroup.Group
	group.Go(func() error {
		upstream, err := l.PullThrough(ctx)
		switch {
		case err != nil:
			l.cannot(ruleAround, l.place, "pull through cache rules", "ecr:DescribePullThroughCacheRules", err)
		case upstream != "":
			l.find(ruleAround, report.Warning, l.place, "take a repository outside the rule's prefix", "it is under the prefix of a pull through cache of %s: tags of that registry come under the same names", upstream)
		}
		return nil
	})
	group.Go(func() error {
		profiles, err := l.Signing(ctx)
		switch {
		case err != nil:
			l.cannot(ruleAround, l.place, "the signing configuration", "ecr:GetSigningConfiguration", err)
		case len(profiles) > 0:
			l.find(ruleAround, report.Warning, l.place, fmt.Sprintf("give hue's role, and whoever copies, signer:SignPayload and signer:GetSigningProfile on %s", strings.Join(profiles, ", ")),
				"ECR signs what is pushed to it, with %s: each pusher needs signer permissions", strings.Join(profiles, ", "))
		}
		return nil
	})
	_ = group.Wait() // what can't be seen is a finding
}
