package lint

import (
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// zotRules are about turning the old registry off.
func zotRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L16", Severity: report.Error,
				Title:  "Zot is off while something needs it",
				Why:    "The guide turns Zot off as the last step, once ECR is known to work. Before that, what still names Zot gets nothing any more, and source-controller loses what it had at its next restart.",
				Source: "the guide, \"Next Steps\"; fluxcd/source-controller config/manager/deployment.yaml (artifacts are in an emptyDir)",
				Fix:    "leave zot.enabled true until palette-ecr validate holds; palette-ecr disable-zot then turns it off",
			},
			check: zotOff,
		},
		{
			Rule: report.Rule{
				ID: "L28", Severity: report.Warning,
				Title:  "Zot also serves what isn't a workload",
				Why:    "On an appliance, or where charts and images were mirrored into it, Zot also holds the charts mural and mural-crds, images and air-gap bundles: with Zot off they are gone, and the next upgrade or pod fails.",
				Source: "spectrocloud/librarium paletteai-inference-launchpad, \"Upgrade the Platform\"; https://docs.palette-ai.com/docs/0.2.x/tasks/profile-bundles/deploy-profilebundles-airgap/",
				Fix:    "keep Zot, or move charts and images first",
			},
			check: zotServes,
		},
	}
}

// zotIsOff reports whether the values turn Zot off, and where.
func (v *view) zotIsOff() (setting, bool) {
	s := v.root.sub(mural.ZotEnabled()...)
	return s, s.value() == false
}

func zotOff(v *view) error {
	off, ok := v.zotIsOff()
	if !ok {
		return nil
	}
	const remedy = "write enabled: true until hue and every spoke are on ECR"
	var users []string
	v.registries(func(r *registrySettings) {
		if r.zot() {
			users = append(users, r.who())
		}
	})
	switch {
	case len(users) > 0:
		who := users[0] + " still uses"
		if len(users) > 1 {
			who = users[0] + " and " + itoa(len(users)-1) + " more still use"
		}
		v.about(report.Error, off, remedy, "zot.enabled is false, but %s Zot", who)
	case !v.hub.endpoint.set() && v.unseen() == "":
		v.about(report.Error, off, remedy, "zot.enabled is false, but hue.ociRegistry.endpoint isn't set: the chart's default is Zot")
	case v.in.Live.Proven != nil && !*v.in.Live.Proven:
		v.about(report.Error, off, "run palette-ecr validate first", "zot.enabled is false, but it isn't proven that ECR works")
	}
	return nil
}

func zotServes(v *view) error {
	off, ok := v.zotIsOff()
	if !ok {
		return nil
	}
	const remedy = "leave Zot on, or move what it serves first"
	if v.in.Live.Appliance {
		v.about(report.Warning, off, remedy, "this installation is an appliance, whose charts, images and bundles are in Zot")
	}
	sources := append(slices.Clone(v.in.Live.ChartSources), v.in.Target.Release.Chart, v.in.Target.Release.CRDs.Chart)
	for _, source := range sources {
		address, ok := strings.CutPrefix(source, "oci://")
		if host, _, _ := strings.Cut(address, "/"); ok && inCluster(host) {
			v.about(report.Warning, off, remedy, "a chart comes from %q, which is in the cluster and may be Zot", source)
		}
	}
	for _, image := range images(v) {
		if host, _, ok := strings.Cut(image, "/"); ok && strings.Contains(host, "zot") {
			v.about(report.Warning, off, remedy, "image %q comes from Zot", image)
			break
		}
	}
	return nil
}

// inCluster reports whether a host is a Service's.
func inCluster(host string) bool {
	name, _, _ := strings.Cut(host, ":")
	return strings.Contains(name, "zot") || strings.HasSuffix(name, ".svc") || strings.HasSuffix(name, ".cluster.local") || name != "" && !strings.Contains(name, ".")
}
