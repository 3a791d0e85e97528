package lint

import (
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// hostSince says since which source-controller hosts of a kind are taken for ECR. Before, provider aws answers
// "invalid AWS registry".
type hostSince struct {
	is      func(registry.Registry) bool
	version *semver.Version // of source-controller
	flux    string
	sure    *semver.Version // since which no patch release lacks it; nil is version
	source  string
}

var hostsSince = []hostSince{
	{suffix(".on.amazonwebservices.com.cn"), semver.New(1, 9, 0, "", ""), "2.9", semver.New(1, 10, 0, "", ""), "fluxcd/pkg#1268"},
	{suffix(".on.amazonwebservices.eu"), semver.New(1, 9, 0, "", ""), "2.9", semver.New(1, 10, 0, "", ""), "fluxcd/pkg#1268"},
	{suffix(".amazonaws.eu"), semver.New(1, 8, 0, "", ""), "2.8", nil, "fluxcd/flux2#5669, fluxcd/pkg#1060"},
	{suffix(".on.aws"), semver.New(1, 8, 0, "", ""), "2.8", nil, "fluxcd/flux2#5712, fluxcd/pkg#1104"},
}

func suffix(text string) func(registry.Registry) bool {
	return func(r registry.Registry) bool { return strings.HasSuffix(r.Host, text) }
}

// hosts looks at hosts that only some versions of source-controller take.
func hosts(v *view) {
	v.registries(func(r *registrySettings) {
		if r.err != nil || !r.IsECR() {
			return
		}
		for _, h := range hostsSince {
			if h.is(r.Registry) {
				hostSupport(v, r, h)
				return
			}
		}
	})
}

func hostSupport(v *view, r *registrySettings, h hostSince) {
	remedy := "take the registry's host under " + r.Domain() + ", or upgrade to Flux " + h.flux + " (" + h.source + ")"
	if strings.HasSuffix(r.Host, ".amazonaws.eu") {
		remedy = "upgrade to Flux " + h.flux + " (" + h.source + ")"
	}
	sure := h.sure
	if sure == nil {
		sure = h.version
	}
	known := false
	for _, c := range controllers(v) {
		version, err := semver.NewVersion(c.Version)
		if err != nil {
			continue
		}
		known = true
		place := r.endpoint.place()
		place.Cluster = c.Cluster
		switch base := semver.New(version.Major(), version.Minor(), version.Patch(), "", ""); {
		case base.LessThan(h.version):
			v.add(report.Error, place, remedy, "source-controller %s doesn't take %s for ECR, although it is: with provider aws it answers \"invalid AWS registry\"; %s (Flux %s) is the first that does", c.Version, r.Host, h.version, h.flux)
		case base.LessThan(sure):
			v.add(report.Warning, place, remedy, "not every patch release of source-controller %d.%d takes %s for ECR: %s is sure to", version.Major(), version.Minor(), r.Host, sure)
		}
	}
	if !known {
		may := "do"
		if h.sure != nil {
			may = "may"
		}
		v.about(report.Warning, r.endpoint, "give the version (--source-controller), or "+remedy, "whether source-controller takes %s can't be told: %s (Flux %s) and later %s, older ones answer \"invalid AWS registry\"", r.Host, h.version, h.flux, may)
	}
}

// fips looks for hosts that don't exist.
func fips(v *view) {
	v.registries(func(r *registrySettings) {
		if r.err == nil && r.Kind == registry.Private && !r.FIPS && !registry.KnownRegion(r.Region) {
			remedy := "correct the region; one that is newer than this version of palette-ecr is right as it is"
			if near := nearest(r.Region, registry.Regions); near != "" {
				remedy = "write " + near + " if that is meant; a region that is newer than this version of palette-ecr is right as it is"
			}
			v.about(report.Warning, r.endpoint, remedy, "no region %s of AWS is known: the name %s may not exist", r.Region, r.Host)
		}
		if r.err == nil && r.Kind == registry.Private && r.FIPS && !slices.Contains(registry.FIPSRegions, r.Region) {
			v.about(report.Error, r.endpoint, "take the host without -fips, or a region that has one: "+strings.Join(registry.FIPSRegions, ", "), "ECR has no FIPS host in %s: the name %s doesn't exist", r.Region, r.Host)
		}
	})
}

// CheckVersion returns an error for what is not the version of a source-controller.
func CheckVersion(text string) error {
	version, err := semver.StrictNewVersion(strings.TrimPrefix(text, "v"))
	switch {
	case text == "":
	case err != nil:
		return fault.New(fault.Usage, "write it as the image's tag has it, for example v1.6.1", "reading the version of source-controller: %q is not a version", text)
	case version.Major() >= 2: // Flux 2.7 has source-controller 1.7
		return fault.New(fault.Usage, "give that of its image, for example v1.7.4: flux version shows it, and so does kubectl get deployment source-controller -o wide",
			"reading the version of source-controller: %q is a version of Flux", text)
	}
	return nil
}
