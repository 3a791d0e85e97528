package preflight

import (
	"context"
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/lint"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const (
	rulePending = "P03"
	ruleFailed  = "P04"
	ruleManager = "P05"
	ruleLost    = "P06"
)

func releaseRules() []report.Rule {
	return []report.Rule{
		{
			ID: rulePending, Severity: report.Error,
			Title:  "The release is pending",
			Why:    "Its newest revision has begun and not ended: somebody's helm is at work, or was killed. Helm refuses every upgrade until it is repaired (\"another operation (install/upgrade/rollback) is in progress\").",
			Source: "helm/helm#8987; helm.sh/helm/v3/pkg/action (errPending)",
			Fix:    "wait for the helm that works on it, or roll back to the revision before",
		},
		{
			ID: ruleFailed, Severity: report.Warning,
			Title:  "The newest revision of the release has failed",
			Why:    "What is live then is a mixture of two revisions, and what a cutover goes back to when a proof fails is that mixture.",
			Source: "https://helm.sh/docs/helm/helm_status/",
			Fix:    "look at helm history and helm status, and bring the release in order first",
		},
		{
			ID: ruleManager, Severity: report.Error,
			Title:  "Somebody else manages the release",
			Why:    "Two that apply one release undo each other's work: Flux or Argo CD takes the new values back within minutes, and with them the workloads' registry.",
			Source: "https://fluxcd.io/flux/components/helm/helmreleases/#drift-detection; https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/",
			Fix:    "give --managed-by as it is; with Argo CD commit the new values to Git, let it sync, and validate",
		},
		{
			ID: ruleLost, Severity: report.Error,
			Title:  "The live release has a value that the file lacks",
			Why:    "Helm takes the file as the whole of the user's values: what somebody set with helm upgrade --set, or in another file, is lost by the next upgrade without a word.",
			Source: "https://helm.sh/docs/helm/helm_upgrade/ (values are reset with -f unless --reuse-values)",
			Fix:    "take it into the file, keep it with --keep-live, or give it up with --discard-live",
		},
	}
}

// lookAtRelease looks at the state of the release, at who manages it, and at what an upgrade would lose.
func lookAtRelease(ctx context.Context, l *looker) {
	if l.State.Absent() {
		return // it is about to be installed
	}
	w := l.World
	r := w.Target.Release
	place := report.Place{Cluster: w.Hub.Name, Object: "release " + l.releaseName()}
	stuck, err := deploy.Stuck(ctx, w.Hub, deploy.Options{Release: r, Storage: l.State.Managed.Storage, Now: w.Now})
	if err != nil {
		l.cannot(rulePending, place, "whether the release is pending", "list secrets in namespace "+r.Namespace, err)
	}
	for _, p := range stuck {
		if l.Recover {
			break // where nothing shows that somebody is at work, which was looked at
		}
		l.find(rulePending, report.Error, place, "wait until the helm that works on it ends; when none does, `palette-ecr run --recover` repairs it and goes on", "%s", p)
	}
	if l.State.Live.Status == "failed" {
		l.find(ruleFailed, report.Warning, place, fmt.Sprintf("look at `%s`", w.Hub.Helm("history %s --namespace %s", r.Name, r.Namespace)),
			"revision %d of release %s has failed", l.State.Live.Revision, r.Name)
	}
	if err := l.State.Managed.Check(w.Hub, r); fault.CodeOf(err) == fault.Unproven {
		l.cannot(ruleManager, place, "who manages the release", strings.Join(l.State.Managed.Missing, "; "), err)
	} else if err != nil {
		l.find(ruleManager, report.Error, place, fault.RemedyOf(err), "%v", err)
	}
	for _, key := range l.Lost {
		l.find(ruleLost, report.Error, report.Place{Cluster: place.Cluster, Object: place.Object, Path: key.Path},
			"take it into the file, keep it with --keep-live, or give it up with --discard-live", "only the live release has %s", key)
	}
	l.charts(ctx, place)
}

// charts finds out which charts are live, for the rules about their order and their source.
func (l *looker) charts(ctx context.Context, place report.Place) {
	w := l.World
	installed, err := deploy.InstalledCharts(ctx, w.Hub, w.Target.Release, l.State.Managed)
	if err != nil {
		l.cannot(rulePending, place, "which charts are installed", "list secrets in namespace "+w.Target.Release.Namespace, err)
		return
	}
	// A version with the mark of its digest behind it is the version that was asked for.
	versions := lint.Versions{Mural: installed.Version, CRDs: installed.CRDs}
	if chart.SameVersion(w.Target.Release.Version, versions.Mural) {
		versions.Mural = w.Target.Release.Version
	}
	l.facts.note(func(f *facts) {
		f.live.Installed = versions
		if installed.Chart != "" {
			f.live.ChartSources = append(f.live.ChartSources, installed.Chart)
		}
	})
}
