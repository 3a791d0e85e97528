package values

import (
	"sort"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// What the guide writes for the hub.
const (
	defaultInterval = "5m"
	defaultTimeout  = "60s"
)

// Settings say what Render writes.
type Settings struct {
	Destination registry.Registry // ECR, private or public
	Repository  string            // hue.ociRegistry.repository, for example mural-workloads
	Identity    target.Identity
	// Interval and Timeout of the hub. Empty keeps what the file has and writes the guide's 5m and 60s where
	// it has nothing.
	Interval, Timeout string
	DisableZot        bool // write zot.enabled: false
	// ChartDefaults are the chart's own merged default values; nil means that no chart is at hand. They
	// decide whether basicAuth must become null instead of going, and what the spokes are when the file
	// names none.
	ChartDefaults map[string]any
	// KeepCert leaves certSecretName and proxySecretName as they are: they serve ECR too, for example a proxy that
	// inspects TLS. Otherwise they go, because those that served Zot make ECR unreachable.
	KeepCert bool

	// Spokes are the only ones that get this registry, and hue keeps its own: a wave of a fleet. nil is everything.
	Spokes []string

	beneath map[string]any // the chart's defaults and further values over which the file's are laid
	unseen  bool           // some of which are not known
}

// check refuses settings that would make broken values.
func (s Settings) check() error {
	if !s.Destination.IsECR() {
		return fault.New(fault.Usage, "give an endpoint of ECR", "rendering values: %q isn't Amazon ECR", s.Destination.Endpoint())
	}
	if _, err := s.Destination.Repository(s.Repository); err != nil {
		return err
	}
	if err := target.CheckDurations(s.Interval, s.Timeout); err != nil {
		return err
	}
	if s.Identity.Mode == target.IRSA && s.Identity.RoleARN == "" {
		return fault.New(fault.Usage, "give --role-arn, or another --identity", "rendering values: identity irsa needs a role ARN")
	}
	return nil
}

// hub is what hue.ociRegistry is to have (the guide, "Configure Hue to push OCI artifacts to ECR").
func (s Settings) hub() *patch {
	p := &patch{entries: []entry{
		{key: mural.Enabled, do: set, value: true},
		{key: mural.Endpoint, do: set, value: s.Destination.Endpoint()},
		{key: mural.Repository, do: set, value: s.Repository},
		{key: mural.Insecure, do: set, value: false},
		given(mural.Interval, s.Interval, defaultInterval),
		given(mural.Timeout, s.Timeout, defaultTimeout),
		{key: mural.Provider, do: set, value: "aws"},
	}}
	for _, key := range s.old() {
		p.entries = append(p.entries, s.without(append(mural.HueRegistry(), key)...))
	}
	return p
}

// old are the keys of an ociRegistry that served the old registry.
func (s Settings) old() []string {
	if s.KeepCert {
		return mural.CredentialKeys()
	}
	return append(mural.CredentialKeys(), mural.TransportKeys()...)
}

// given sets what was asked for, and else fills a gap.
func given(key, wanted, otherwise string) entry {
	if wanted != "" {
		return entry{key: key, do: set, value: wanted}
	}
	return entry{key: key, do: keep, value: otherwise}
}

// spoke is what each entry of fleetConfig.spokes is to have. A list replaces the chart's, so nothing can
// come back from there.
func (s Settings) spoke() *patch {
	p := &patch{entries: []entry{
		{key: mural.Endpoint, do: set, value: s.Destination.Endpoint()},
		{key: mural.Repository, do: set, value: s.Repository},
		{key: mural.Insecure, do: set, value: false},
		{key: mural.Provider, do: set, value: "aws"},
	}}
	for _, key := range s.old() {
		p.entries = append(p.entries, entry{key: key, do: drop(key)})
	}
	return &patch{atEnd: true, entries: []entry{{key: mural.OCIRegistry, do: within, patch: p}}}
}

// without removes a key, or sets it to null where the chart has a default for it: Helm merges maps, and
// would bring the default back.
func (s Settings) without(path ...string) entry {
	key := path[len(path)-1]
	e := entry{key: key, do: drop(key)}
	value := mural.Get(s.beneath, path...)
	switch {
	case value != nil && !(e.do == removeText && value == ""), key == mural.BasicAuth && s.unseen:
		e.do = null
	}
	return e
}

// drop is how a key goes: the name of a Secret stays where it is empty, which says the same.
func drop(key string) action {
	if key == mural.BasicAuth || key == mural.RoleAnnotation {
		return remove
	}
	return removeText
}

// account is what a ServiceAccount's values are to have by the identity mode. Without IRSA an annotation
// that is left over from it must go: it would win over the pod's other identities.
func (s Settings) account(more []entry, path ...string) *patch {
	annotations := append(append([]string{}, path...), mural.ServiceAccount, mural.Annotations, mural.RoleAnnotation)
	if s.Identity.Mode != target.IRSA {
		return &patch{atEnd: true, entries: []entry{{key: mural.ServiceAccount, do: within, patch: &patch{entries: []entry{
			{key: mural.Annotations, do: within, patch: &patch{atEnd: true, entries: []entry{s.without(annotations...)}}},
		}}}}}
	}
	entries := append([]entry{{key: mural.Create, do: set, value: true}}, more...)
	entries = append(entries, entry{key: mural.Annotations, do: within, patch: &patch{atEnd: true, entries: []entry{
		{key: mural.RoleAnnotation, do: set, value: s.Identity.RoleARN},
	}}})
	return &patch{atEnd: true, entries: []entry{{key: mural.ServiceAccount, do: within, patch: &patch{entries: entries}}}}
}

// patch is everything that the values are to have. The spokes are left out when spokes is nil and the file
// has none.
func (s Settings) patch(spokes []any) *patch {
	hue := s.account(nil, mural.Hue)
	hue.entries = append([]entry{{key: mural.OCIRegistry, do: within, patch: s.hub()}}, hue.entries...)
	source := s.account([]entry{{key: mural.Automount, do: set, value: true}}, mural.Flux, mural.SourceController)
	each := entry{key: mural.Spokes, do: forEach, patch: s.spoke(), only: s.Spokes}
	if spokes != nil {
		each.value = spokes
	}
	p := &patch{atEnd: true, entries: []entry{
		{key: mural.Hue, do: within, patch: hue},
		{key: mural.FleetConfig, do: within, patch: &patch{atEnd: true, entries: []entry{each}}},
		{key: mural.Flux, do: within, patch: &patch{atEnd: true, entries: []entry{{key: mural.SourceController, do: within, patch: source}}}},
	}}
	if s.Spokes != nil {
		p.entries = p.entries[1:2]
	}
	if s.DisableZot {
		p.entries = append(p.entries, entry{key: mural.Zot, do: within, patch: &patch{entries: []entry{{key: mural.Enabled, do: set, value: false}}}})
	}
	return p
}

// spokesBeneath are the spokes of the chart, or of further values over it, complete, with this registry in place of
// theirs.
func (s Settings) spokesBeneath() []any {
	list, _ := mural.Get(s.beneath, mural.SpokeList()...).([]any)
	var spokes []any
	for _, item := range list {
		decoded, _ := plainValue(item).(map[string]any)
		spokes = append(spokes, ordered(entry{patch: s.spoke(), only: s.Spokes}.of(decoded[mural.Name]).apply(decoded), mural.Name, mural.OCIRegistry))
	}
	return spokes
}

// ordered puts a mapping's keys in order: the first one first, the last one last, the others by name. The
// order in which the chart has them is lost when they are decoded.
func ordered(m map[string]any, first, last string) fields {
	rank := func(key string) int {
		switch key {
		case first:
			return 0
		case last:
			return 2
		}
		return 1
	}
	var all fields
	for key, value := range m {
		if inner, ok := value.(map[string]any); ok && key == last {
			value = registryOrder(inner)
		}
		all = append(all, field{key, value})
	}
	sort.Slice(all, func(i, j int) bool {
		if a, b := rank(all[i].key), rank(all[j].key); a != b {
			return a < b
		}
		return all[i].key < all[j].key
	})
	return all
}

// registryOrder puts an ociRegistry's keys in the guide's order, further ones behind them.
func registryOrder(m map[string]any) fields {
	var all fields
	seen := map[string]bool{}
	for _, key := range mural.SettingKeys() {
		if value, ok := m[key]; ok {
			all = append(all, field{key, value})
			seen[key] = true
		}
	}
	var others []string
	for key := range m {
		if !seen[key] {
			others = append(others, key)
		}
	}
	sort.Strings(others)
	for _, key := range others {
		all = append(all, field{key, m[key]})
	}
	return all
}
