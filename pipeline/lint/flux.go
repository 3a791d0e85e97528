package lint

import (
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// fluxRules are about the source-controllers that pull.
func fluxRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L21", Severity: report.Error,
				Title:  "This source-controller can't log in to the registry",
				Why:    "source-controller 1.6.0 (Flux 2.6.0 and 2.6.1) answers \"invalid AWS registry\" to provider aws with public.ecr.aws; older ones ignore the provider there and pull anonymously, under a low rate limit. Dual-stack hosts and those of the European Sovereign Cloud are taken since 1.8 (Flux 2.8), the dual-stack ones of China since 1.9.",
				Source: "fluxcd/source-controller CHANGELOG 1.6.1 (#1825); fluxcd/pkg#936, #1060, #1104, #1268; fluxcd/flux2#5669, #5712; fluxcd/terraform-provider-flux#763",
				Fix:    "take Flux 2.6.2 or later; for the other hosts the version that the finding names",
			},
			check: fluxVersion,
		},
		{
			Rule: report.Rule{
				ID: "L25", Severity: report.Warning,
				Title:  "More than one source-controller, or the role is on the wrong one",
				Why:    "Several Flux installations in one cluster aren't supported: both reconcile the same objects. And the role that the values give to mural's source-controller doesn't help when another one pulls.",
				Source: "fluxcd/kustomize-controller#778; fluxcd-community/helm-charts charts/flux2 (watchAllNamespaces)",
				Fix:    "keep one Flux (flux2.enabled: false when the cluster has one), and annotate its source-controller",
			},
			check: oneFlux,
		},
	}
}

// controllers are the source-controllers that are known of: seen in clusters, or in the rendered chart.
func controllers(v *view) []SourceController {
	if v.in.Live.SourceControllers != nil {
		return v.in.Live.SourceControllers
	}
	var found []SourceController
	for _, image := range images(v) {
		name, version, _ := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
		if name == "source-controller" {
			version, _, _ = strings.Cut(version, "@")
			found = append(found, SourceController{Namespace: v.namespace(), Version: version})
		}
	}
	return found
}

func fluxVersion(v *view) error {
	hosts(v)
	if !v.hub.isPublic() {
		return nil
	}
	for _, c := range controllers(v) {
		version, err := semver.NewVersion(c.Version)
		if err != nil {
			continue
		}
		place := v.hub.endpoint.place()
		place.Cluster = c.Cluster
		switch base := semver.New(version.Major(), version.Minor(), version.Patch(), "", ""); {
		case base.Equal(semver.New(1, 6, 0, "", "")):
			v.add(report.Error, place, "upgrade to Flux 2.6.2 (source-controller 1.6.1) or later", "source-controller %s refuses provider aws for public.ecr.aws", c.Version)
		case base.LessThan(semver.New(1, 6, 0, "", "")):
			v.add(report.Warning, place, "upgrade to Flux 2.6.2 (source-controller 1.6.1) or later", "source-controller %s ignores provider aws for public.ecr.aws, and pulls anonymously", c.Version)
		}
	}
	return nil
}

func oneFlux(v *view) error {
	if !v.judged {
		return nil
	}
	role := v.accounts()[1].role
	if v.in.Live.SourceControllers == nil {
		// Flux applies the HelmRelease, so there is one in the cluster before the chart brings its own.
		if v.file.Kind() == values.HelmRelease && len(controllers(v)) > 0 {
			v.add(report.Warning, v.root.sub(mural.Flux).key(), "set flux2.enabled to false, and annotate the service account of the Flux that is there",
				"Flux manages this release, and the chart installs a second source-controller into %s", v.namespace())
		}
		return nil
	}
	byCluster := map[string][]string{}
	var clusters []string
	for _, c := range v.in.Live.SourceControllers {
		if byCluster[c.Cluster] == nil {
			clusters = append(clusters, c.Cluster)
		}
		byCluster[c.Cluster] = append(byCluster[c.Cluster], c.Namespace)
	}
	for i, cluster := range clusters {
		namespaces := byCluster[cluster]
		place := v.root.sub(mural.Flux).key()
		place.Cluster = cluster
		switch {
		case len(namespaces) > 1:
			v.add(report.Warning, place, "keep one Flux in the cluster", "%d source-controllers run in the cluster, in %s: each reconciles every OCIRepository", len(namespaces), strings.Join(namespaces, " and "))
		case i == 0 && namespaces[0] != v.namespace() && !role.empty():
			place = role.key()
			place.Cluster = cluster
			v.add(report.Warning, place, "annotate the service account source-controller in "+namespaces[0], "the role is given to source-controller in %s, but the one that pulls runs in %s", v.namespace(), namespaces[0])
		}
	}
	return nil
}
