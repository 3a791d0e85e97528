package lint

import (
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// releaseRules are about the release that gets the values.
func releaseRules() []rule {
	return []rule{{
		Rule: report.Rule{
			ID: "L27", Severity: report.Error,
			Title:  "mural would be upgraded before its CRDs",
			Why:    "mural counts on the CRDs of its partner mural-crds. Upgraded first, or without them, the release can be left failed half-way.",
			Source: "the guide (\"manage the mural-crds chart separately\"); https://docs.palette-ai.com/docs/0.1.x/installation-and-setup/upgrade/",
			Fix:    "name the version of mural-crds (--crds-version); in a HelmRelease, let mural depend on mural-crds",
		},
		check: crdsFirst,
	}}
}

func crdsFirst(v *view) error {
	release, installed := v.in.Target.Release, v.in.Live.Installed
	if r := v.file.HelmRelease(); r != nil && v.file.Kind() == values.HelmRelease && !r.Patch { // what a patch is laid over may say it
		if !slices.ContainsFunc(r.DependsOn, func(name string) bool { return strings.HasSuffix(name, "mural-crds") }) {
			place := r.Place
			place.EndLine, place.EndColumn = 0, 0
			v.add(report.Warning, place, "add spec.dependsOn with mural-crds, unless something else keeps the order", "the HelmRelease %s doesn't depend on mural-crds", r.Name)
		}
	}
	place := report.Place{Object: "release " + v.namespace() + "/" + first(release.Name, "mural")}
	upgraded := installed.Mural != "" && release.Version != "" && installed.Mural != release.Version
	switch {
	case upgraded && release.CRDs.Version == "":
		v.add(report.Error, place, "give --crds-version with the partner of mural "+release.Version, "mural goes from %s to %s, but no version of mural-crds is named", installed.Mural, release.Version)
	case older(release.CRDs.Version, installed.CRDs):
		v.add(report.Error, place, "give a version of mural-crds that isn't older", "mural-crds would go back from %s to %s, and Kubernetes drops fields that older CRDs don't have", installed.CRDs, release.CRDs.Version)
	}
	return nil
}

// older compares versions; unknown ones aren't older.
func older(a, b string) bool {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	return errA == nil && errB == nil && va.LessThan(vb)
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
