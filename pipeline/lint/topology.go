package lint

import (
	"slices"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// topologyRules compare hub and spokes: there is one registry, where hue writes and every spoke reads.
func topologyRules() []rule {
	return []rule{
		{
			Rule: report.Rule{
				ID: "L06", Severity: report.Error,
				Title:  "Hub and spokes don't use one registry",
				Why:    "Hue pushes to one registry, and every spoke pulls from where its own entry points: one that points elsewhere gets nothing new, and nothing at all once Zot is off.",
				Source: "the guide (\"every spoke cluster references the same ECR registry\"); https://docs.palette-ai.com/docs/what-is-paletteai/architecture/oci-registries",
				Fix:    "give every fleetConfig.spokes[i].ociRegistry hue's endpoint and provider",
			},
			fixable: true, check: oneRegistry,
		},
		{
			Rule: report.Rule{
				ID: "L07", Severity: report.Error,
				Title:  "A spoke reads another repository than hue writes",
				Why:    "All artifacts are in one repository, told apart by tag and digest. The guide's own example has hue's repository as a placeholder and mural-workloads in the spokes: copied as it is, hue pushes to one and spokes pull from another.",
				Source: "the guide, \"Update each entry under fleetConfig.spokes\"",
				Fix:    "give every spoke hue's repository",
			},
			fixable: true, check: oneRepository,
		},
		{
			Rule: report.Rule{
				ID: "L24", Severity: report.Error,
				Title:  "Entry of a spoke is incomplete, or settings have the wrong shape",
				Why:    "fleetConfig.spokes is a list, and Helm replaces lists whole: an entry with only a name and a registry loses kubeconfig and klusterlet, which the chart's templates need. What should be a mapping or a list and isn't fails in them too, or is dropped.",
				Source: "open-cluster-management-io/lab fleetconfig-controller/charts (values.yaml, templates/fleetconfig.yaml); https://helm.sh/docs/chart_template_guide/values_files/",
				Fix:    "take the whole entry from the chart's default values or from the installed ones, and change only its ociRegistry",
			},
			check: wholeSpokes,
		},
	}
}

func oneRegistry(v *view) error {
	if !v.judged {
		return nil
	}
	want, fixed := v.in.Destination, v.in.Destination.Registry.IsECR()
	if fixed && v.hub.err == nil && v.hub.endpoint.set() && v.hub.url != want.URL() && !sameRegistry(v) {
		v.about(report.Error, v.hub.endpoint, v.byRender(renderThis), "hue pushes to %q, not to %q", withoutUser(v.hub.endpoint.text()), want.Registry.Endpoint())
	}
	if fixed && !v.hub.endpoint.set() {
		what := "hue.ociRegistry isn't set here"
		if v.hub.at.own {
			what = "hue.ociRegistry has no endpoint"
		}
		v.missing(report.Error, v.hub.endpoint, renderIt(v), "%s: the chart's default registry, Zot, stays", what)
	}
	endpoint := v.hub.endpoint.text()
	if fixed && !v.hub.ecr() {
		endpoint = want.Registry.Endpoint()
	}
	for i := range v.spokes {
		spokeRegistry(v, &v.spokes[i], endpoint)
	}
	if spokes := v.root.sub(mural.SpokeList()...); v.hub.ecr() && spokes.unknown() {
		v.missing(report.Error, spokes, "take the chart's default spokes into the file: palette-ecr render --chart", "the file has no fleetConfig.spokes: the chart's default spokes, which use Zot, stay")
	}
	return nil
}

const renderThis = "render the file: palette-ecr render, or lint --fix"

// renderIt says how render is called on this file: one without spokes needs the chart.
func renderIt(v *view) string {
	if v.root.sub(mural.SpokeList()...).unknown() {
		return v.byRender("render the file with the chart: palette-ecr render --chart, or lint --fix --chart")
	}
	return v.byRender(renderThis)
}

// sameRegistry reports whether hue's address differs from the wanted one only in where the name is split, or
// in the kind of host: the name is L04's.
func sameRegistry(v *view) bool {
	got := v.hub.Registry
	got.Namespace = v.in.Destination.Registry.Namespace
	return got.Same(v.in.Destination.Registry)
}

func spokeRegistry(v *view, s *registrySettings, endpoint string) {
	switch {
	case !s.endpoint.set():
		v.missing(report.Error, s.endpoint, "add ociRegistry with hue's endpoint, repository and provider", "%s has no ociRegistry.endpoint", s.who())
	case s.endpoint.unseen(): // L31
	case endpoint == "" || endpoint == v.hub.endpoint.text() && (v.hub.err != nil || s.url == v.hub.url):
	case s.endpoint.text() != endpoint && !(s.err == nil && v.hub.err == nil && s.Registry.Same(v.hub.Registry)):
		if v.hub.endpoint.own && v.hub.endpoint.layer.Name == "" && endpoint == v.hub.endpoint.text() {
			v.about(report.Error, s.endpoint, "give the spoke hue's endpoint", "%s pulls from %q, but hue pushes to %q (line %d)", s.who(), withoutUser(s.endpoint.text()), withoutUser(endpoint), v.hub.endpoint.place().Line)
		} else {
			v.about(report.Error, s.endpoint, v.byRender(renderThis), "%s pulls from %q, not from %q", s.who(), withoutUser(s.endpoint.text()), endpoint)
		}
	}
	// Another provider than hue's is L03's business: it goes with the endpoint, which is the same.
}

func oneRepository(v *view) error {
	want := v.hub.repository.text()
	if !v.judged || want == "" {
		return nil
	}
	for i := range v.spokes {
		s := &v.spokes[i]
		switch got := s.repository.text(); {
		case s.url == v.hub.url || got == want && s.endpoint.set():
		case !s.endpoint.set(): // L06
		case got == "":
			v.missing(report.Error, s.repository, "add repository: "+want, "%s has no repository; hue pushes to %q", s.who(), want)
		case s.err == nil && v.hub.err == nil && s.IsECR() && joined(s.Namespace, got) == joined(v.hub.Namespace, want):
		default:
			v.about(report.Error, s.repository, "write repository: "+want, "%s pulls from repository %q, but hue pushes to %q%s", s.who(), got, want, lineOf(v.hub.repository))
		}
	}
	return nil
}

func joined(namespace, name string) string { return strings.Trim(namespace+"/"+name, "/") }

// lineOf points at another place of the file.
func lineOf(s setting) string {
	if !s.own || s.layer.Name != "" {
		return ""
	}
	return " (line " + itoa(s.place().Line) + ")"
}

// essential keys of a spoke, without which the chart's templates fail.
var essential = []string{"kubeconfig", "klusterlet"}

func wholeSpokes(v *view) error {
	shapes(v)
	before := spokesBefore(v)
	for i := range v.spokes {
		s := &v.spokes[i]
		if !s.item.own || !s.item.node.IsMapping() {
			continue
		}
		var lost []string
		if old, ok := before[s.name]; ok {
			old.Each(func(entry values.Node) bool {
				key := keyOf(old, entry)
				if !s.item.sub(key).own {
					lost = append(lost, key)
				}
				return true
			})
			if len(lost) > 0 {
				v.add(report.Error, s.item.key(), "put them back", "%s lost %s, which it had before", s.who(), strings.Join(lost, ", "))
			}
			continue
		}
		for _, key := range essential {
			if !s.item.sub(key).own {
				lost = append(lost, key)
			}
		}
		if len(lost) == 0 {
			continue
		}
		severity := report.Warning
		if chartSpokesHave(v, lost) {
			severity = report.Error
		}
		v.add(severity, s.item.key(), "take the whole entry from the chart's default values, and change only its ociRegistry", "%s has no %s: the entry replaces the chart's, of which nothing stays", s.who(), strings.Join(lost, " and no "))
	}
	return nil
}

// shapes finds settings that aren't the mapping or list that the chart reads.
func shapes(v *view) {
	mapping := func(s setting) {
		if s.own && !s.node.IsMapping() && !s.node.IsNull() && !s.unseen() {
			v.about(report.Error, s, "make it a mapping", "%s is not a mapping", s.path)
		}
	}
	boolean := func(s setting) {
		switch value := s.value().(type) {
		case nil, bool:
		default:
			if !s.unseen() {
				v.about(report.Error, s, "write true or false, without quotes", "%s is %s, which is no boolean: a chart takes every text but an empty one for true", s.path, shown(value))
			}
		}
	}
	for _, path := range [][]string{{mural.Hue}, mural.HueRegistry(), {mural.FleetConfig}, {mural.Flux}, {mural.Zot}} {
		mapping(v.root.sub(path...))
	}
	if s := v.root.sub(mural.SpokeList()...); s.own && !s.node.IsList() && !s.node.IsNull() {
		v.add(report.Error, s.key(), "make it a list, an entry for each spoke", "fleetConfig.spokes is not a list")
	}
	for i := range v.spokes {
		mapping(v.spokes[i].item)
		mapping(v.spokes[i].at)
	}
	v.registries(func(r *registrySettings) { mapping(r.basicAuth) })
	for _, a := range v.accounts() {
		mapping(a.at)
		mapping(a.at.sub(mural.Annotations))
		boolean(a.at.sub(mural.Create))
	}
	boolean(v.root.sub(mural.Zot, mural.Enabled))
	boolean(v.root.sub(mural.FluxAccount()...).sub(mural.Automount))
	for i := range v.spokes {
		s := v.spokes[i].item.sub(mural.Name)
		if value := s.value(); value != nil && s.own && !s.unseen() && s.text() == "" {
			v.about(report.Error, s, "write the name in quotes", "the name of a spoke is %s, where a name must be a text", shown(value))
		}
	}
}

// spokesBefore are the entries of the file before the edit, by name.
func spokesBefore(v *view) map[string]values.Node {
	if v.in.Before == nil {
		return nil
	}
	spokes, ok := v.in.Before.Lookup(mural.FleetConfig, mural.Spokes)
	if !ok {
		return nil
	}
	before := map[string]values.Node{}
	spokes.Each(func(item values.Node) bool {
		if name, ok := item.Lookup(mural.Name); ok {
			before[name.Text()] = item
		}
		return true
	})
	return before
}

// keyOf is an entry's key: the last part of its path, which quotes what isn't a word.
func keyOf(mapping, entry values.Node) string {
	last := strings.TrimPrefix(entry.Path, mapping.Path)
	if quoted, ok := strings.CutPrefix(last, "["); ok {
		if key, err := strconv.Unquote(strings.TrimSuffix(quoted, "]")); err == nil {
			return key
		}
	}
	return strings.TrimPrefix(last, ".")
}

// chartSpokesHave reports whether every default spoke of the chart has the keys: then templates count on them.
func chartSpokesHave(v *view, keys []string) bool {
	if v.in.Chart == nil {
		return false
	}
	spokes, _ := mural.Get(v.in.Chart.Values, mural.SpokeList()...).([]any)
	return len(spokes) > 0 && !slices.ContainsFunc(spokes, func(item any) bool {
		entry, _ := item.(map[string]any)
		return slices.ContainsFunc(keys, func(key string) bool { return entry[key] == nil })
	})
}
