package preflight

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	ruleSource  = "P17"
	ruleRefused = "P18"
	ruleWork    = "P19"
)

func zotRules() []report.Rule {
	return []report.Rule{
		{
			ID: ruleSource, Severity: report.Error,
			Title:  "The source registry can't be read",
			Why:    "What can't be read can't be copied: Zot is down, its certificate isn't trusted, its credentials don't hold, or an artifact in it is incomplete.",
			Source: "https://zotregistry.dev; docs/proofs.md (closure)",
			Fix:    "see whether Zot runs, and that the live registry settings are right: they are what Flux uses too",
		},
		{
			ID: ruleRefused, Severity: report.Error,
			Title:  "ECR would refuse an artifact",
			Why:    "ECR answers 405 to manifests of kinds and with fields that it doesn't know, which Zot takes; and it has limits: 1,000 tags an image, 52,000 MiB a layer. Immutable tags that name something else there can't be moved.",
			Source: "aws/containers-roadmap#2439; https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html",
			Fix:    "push it again in a form that ECR takes, or leave it in Zot by name",
		},
		{
			ID: ruleWork, Severity: report.Info,
			Title:  "What is to be copied, and how long ECR's quotas make it",
			Why:    "PutImage is limited to 10 a second for an account and a region, whatever the network is like.",
			Source: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html; https://docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html",
			Fix:    "nothing; a higher quota can be asked for",
		},
	}
}

// lookAtZot reads what the source has, and what of it the destination lacks.
func lookAtZot(ctx context.Context, l *looker) {
	if l.Survey == nil {
		return
	}
	surveys, err := l.Survey(ctx)
	place := report.Place{Cluster: l.World.Hub.Name, Object: "source registry"}
	switch {
	case err != nil && fromSource(err): // of which AWS knows nothing
		l.find(ruleSource, report.Error, place, fault.RemedyOf(err), "%v", err)
		return
	case err != nil && refusedIdentity(err): // P07 says it
		return
	case l.clusterFails(err):
		return
	case err != nil && denied(err):
		l.cannot(ruleSource, place, "what is to be copied", "ecr:DescribeImages, ecr:BatchGetImage; on the hub get services, list pods, create pods/portforward", err)
		return
	case fault.CodeOf(err) == fault.Usage: // repositories that can't have the names they are to have
		l.find(ruleRefused, report.Error, place, fault.RemedyOf(err), "%v", err)
		return
	case err != nil:
		l.find(ruleSource, report.Error, place, fault.RemedyOf(err), "%v", err)
		return
	}
	var group errgroup.Group
	group.SetLimit(parallel)
	for _, s := range surveys {
		l.survey(place, s)
		if s.Off || s.Destination.Name == l.World.Destination.Name {
			continue // lookAtRepository looks at it
		}
		group.Go(func() error {
			w, err := l.World.WithECR(ctx, s.Destination, l.World.AWS)
			if err != nil {
				l.cannot(ruleRepository, report.Place{Object: "repository " + s.Destination.Name}, "repository "+s.Destination.Name, "", err)
				return nil
			}
			l.repository(w.ECR).look(ctx)
			return nil
		})
	}
	_ = group.Wait() // what can't be seen is a finding
}

// fromSource reports whether the source itself refused or broke, and not ECR.
func fromSource(err error) bool {
	failed, ok := errors.AsType[*copy.Error](err)
	return ok && failed.Side == copy.FromSource
}

// clusterFails reports whether what is to be copied can't be known because one cluster does not say what its workloads use,
// and says so of that cluster: neither ECR nor the hub can help it.
func (l *looker) clusterFails(err error) bool {
	failed, ok := errors.AsType[*cluster.Failure](err)
	if !ok {
		return false
	}
	place := report.Place{Cluster: failed.Cluster, Object: "OCIRepositories"}
	if denied(err) {
		l.cannot(ruleSource, place, "what workloads on cluster "+failed.Cluster+" use", "list ocirepositories.source.toolkit.fluxcd.io in all namespaces on cluster "+failed.Cluster, err)
	} else {
		l.find(ruleSource, report.Error, place, fault.RemedyOf(err), "%v", err)
	}
	return true
}

// survey judges what is to be copied from one repository.
func (l *looker) survey(place report.Place, s copy.Survey) {
	if s.Off {
		l.find(ruleWork, report.Info, place, "", "Zot is off in the live release: there is nothing to copy from")
		return
	}
	if len(s.Incomplete) > 0 {
		l.find(ruleSource, report.Error, place, "push the artifact again, or delete its tag from the source", "%s is incomplete: %s", s.Source, copy.Some(s.Incomplete))
	}
	for _, refused := range s.Refused {
		l.find(ruleRefused, report.Error, place, "push it again in a form that ECR takes, or leave it in Zot by name: --leave REPOSITORY:TAG or REPOSITORY@DIGEST", "%s", refused)
	}
	for _, moved := range s.Immutable {
		l.find(ruleRefused, report.Error, place, "make the repository's tags mutable (aws ecr put-image-tag-mutability), or delete these tags from it", "immutable: %s", moved)
	}
	text := fmt.Sprintf("%s in %s; to copy: %s", report.Counted(s.Manifests, "manifest", "manifests"), s.Source, s.Missing())
	if s.Unseen > 0 {
		text += fmt.Sprintf("; %s not looked for in the source, since there are too many", report.Counted(s.Unseen, "blob"))
	}
	if s.Least > 0 {
		text += "; " + copy.Least(s.Least)
	}
	l.find(ruleWork, report.Info, place, "", "%s", strings.TrimSpace(text))
	l.facts.note(func(f *facts) { f.copying += s.Least })
}
