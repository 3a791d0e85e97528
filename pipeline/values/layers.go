package values

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mitchellh/copystructure"
	"helm.sh/helm/v3/pkg/strvals"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Layer is further values that are merged with those of the file: what valuesFrom names, another file of several,
// parameters of Argo CD.
type Layer struct {
	Name       string         // for people: Secret/zot-login, base.yaml
	Place      report.Place   // where the file names it, or where the values are
	Values     map[string]any // what it gives
	TargetPath string         // it gives the value at this path and nothing else
	Unseen     bool           // what it gives isn't known
	Encrypted  bool           // that is why
	Optional   bool           // it may be missing
	Above      bool           // it wins over the file's values; without it they win
	Logins     []report.Place // of another file: passwords of registries in it
	Denied     *Denied        // why it is unseen: it may not be read; nil if nobody asked, or it may

	source ValuesSource               // of valuesFrom
	set    func(map[string]any) error // of valuesFrom, with TargetPath: sets the value as helm-controller does
	hidden []string                   // what of another file must not be shown
}

// Unseen stands for a value that is there but not known.
const Unseen = "palette-ecr-unseen-value"

// layers are what is merged with a file's values, in the order in which it is.
type layers []Layer

// Layers are what is merged with the file's values, in order.
func (l layers) Layers() []Layer { return l }

// Hidden are the layers that may hold anything: nothing of them is known.
func (l layers) Hidden() []Layer {
	var hidden []Layer
	for _, one := range l {
		if one.Unseen && (one.TargetPath == "" || one.touches(mural.SpokeList())) {
			hidden = append(hidden, one)
		}
	}
	return hidden
}

// touches reports whether the layer's one path is at, above or below a path of keys.
func (l Layer) touches(path []string) bool {
	own := strings.FieldsFunc(l.TargetPath, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	for i := range min(len(own), len(path)) {
		if own[i] != path[i] {
			return false
		}
	}
	return true
}

// Known is what the layer gives, as far as that is known; Unseen where the value of its targetPath is not.
func (l Layer) Known() map[string]any {
	if l.Unseen && l.TargetPath != "" {
		values := map[string]any{}
		if err := strvals.ParseIntoString(l.TargetPath+"="+Unseen, values); err != nil {
			return nil
		}
		return values
	}
	return l.Values
}

// Beneath are the values over which the file's are laid, as far as they are known.
func (l layers) Beneath() map[string]any { return l.merge(nil, false) }

// Merged are the values that the release gets, as far as they are known: with all layers, but without the chart's
// defaults. Each call makes a new map.
func (f *File) Merged() map[string]any {
	if f.release != nil {
		return f.merge(f.composed(f.Values()), true)
	}
	return f.merge(overlay(f.Beneath(), f.Values()), true)
}

// composed merges spec.values with what valuesFrom names as helm-controller does (fluxcd/pkg chartutil,
// ChartValuesFromReferences): a value with a targetPath is set into what was merged with spec.values. Mappings and lists of
// spec.values that were not merged with anything are changed themselves by that, and so the value wins over them.
func (l layers) composed(inline map[string]any) map[string]any {
	values := map[string]any{}
	for _, one := range l {
		switch {
		case one.Above:
		case one.set == nil:
			values = overlay(values, copied(one.Known()))
		default:
			values = overlay(values, inline)
			if one.set(values) != nil { // helm-controller gives up here; what it could not set is shown as set
				values = overlay(values, one.Known())
				inline = overlay(inline, one.Known())
			}
		}
	}
	return overlay(values, inline)
}

// copied is a copy of which nothing is shared: what a targetPath sets is set in place.
func copied(values map[string]any) map[string]any {
	return copystructure.Must(copystructure.Copy(values)).(map[string]any) //nolint:forcetypeassert // a copy of a mapping is one
}

// merge merges the layers that win over the file's values, or those that don't, with values.
func (l layers) merge(values map[string]any, above bool) map[string]any {
	if values == nil {
		values = map[string]any{}
	}
	for _, one := range l {
		if one.Above == above {
			values = overlay(values, one.Known())
		}
	}
	return values
}

// overlay merges as Helm does for several files, and as helm-controller does: mappings key by key, and whatever else
// the upper one has, also null.
func overlay(lower, upper map[string]any) map[string]any {
	merged := maps.Clone(lower)
	if merged == nil {
		merged = map[string]any{}
	}
	for key, value := range upper {
		if inner, ok := value.(map[string]any); ok {
			if below, ok := merged[key].(map[string]any); ok {
				merged[key] = overlay(below, inner)
				continue
			}
		}
		merged[key] = value
	}
	return merged
}

// Setting returns the layer whose targetPath is a path of the values as it is written, or one below it.
func (l layers) Setting(path string) (Layer, bool) {
	for _, one := range slices.Backward(l) {
		if rest, ok := strings.CutPrefix(one.TargetPath, path); ok && one.set != nil && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return one, true
		}
	}
	return Layer{}, false
}

// From returns the layer that the value at a path comes from, the last that has it so, or else the last that has another;
// false if none has any.
func (l layers) From(value any, path ...string) (from Layer, ok bool) {
	for _, one := range slices.Backward(l) {
		switch has := mural.Get(one.Known(), path...); {
		case has != nil && equalValues(has, value):
			return one, true
		case has != nil && !ok:
			from, ok = one, true
		}
	}
	return from, ok
}

// Origin names the layer for people: Secret/zot-login, whose targetPath is hue.ociRegistry.endpoint.
func (l Layer) Origin() string {
	if l.TargetPath != "" && l.source.Kind != "" {
		return l.Name + ", whose targetPath is " + l.TargetPath
	}
	return l.Name
}

// See says how what the layer gives can be made known.
func (l Layer) See() string {
	const give = "give it with --values-from %s=FILE"
	switch {
	case l.source.Kind == "":
		return "look into it for registry settings"
	case l.Denied != nil:
		return fmt.Sprintf(give+", or %s", l.Name, l.Denied.Remedy)
	case l.Encrypted:
		return fmt.Sprintf("decrypt it (sops decrypt) and "+give+", or have it read from the hub with --values-from-hub", l.Name)
	}
	return fmt.Sprintf(give+", or have it read from the hub with --values-from-hub", l.Name)
}

// Why says why nothing is known of the layer.
func (l Layer) Why() string {
	if l.Denied != nil {
		return l.Denied.Error()
	}
	if l.Encrypted {
		return "which are encrypted"
	}
	return "which can't be seen here"
}

// ErrOutranked is in the error of an edit that something else than the file's values undoes.
var ErrOutranked = errors.New("and wins over")

// overridden returns an error when a layer that wins over all values of the named file undoes what was written into them.
func (l layers) overridden(name string, p *patch) error {
	for _, one := range l {
		if !one.Above {
			continue
		}
		if path := p.disagrees(one.Known(), ""); path != "" {
			remedy := fmt.Sprintf("change it there, or take it out, at line %d of %q", one.Place.Line, cmp.Or(one.Place.File, name))
			if one.Place.Line == 0 { // another file
				remedy = "change it there, or take it out of " + one.Name
			}
			return fault.New(fault.Usage, remedy, "rendering %q: %s sets %s, %w what is written here", name, one.Name, path, ErrOutranked)
		}
	}
	return nil
}

// undone returns an error when a targetPath still undoes what was written into the file's values: whether it wins over
// them depends on the layers before it (composed).
func (l layers) undone(after *File, p *patch) error {
	if !slices.ContainsFunc(l, func(one Layer) bool { return one.set != nil }) {
		return nil
	}
	merged := l.composed(after.Values())
	for _, one := range l {
		if one.set == nil || p.disagrees(one.Known(), "") == "" {
			continue
		}
		if counts, _ := atPathsOf(merged, one.Known()).(map[string]any); p.disagrees(counts, "") != "" {
			return fault.New(fault.Usage, fmt.Sprintf("take the entry out of spec.valuesFrom, at line %d: nothing that is written into spec.values undoes it", one.Place.Line),
				"rendering %q: %s sets %s by its targetPath, %w spec.values, or makes helm-controller fail where null stands in its way", after.name, one.Name, one.TargetPath, ErrOutranked)
		}
	}
	return nil
}

// atPathsOf returns what values have at the paths that another mapping has; lists whole.
func atPathsOf(values, paths any) any {
	from, ok := values.(map[string]any)
	wanted, too := paths.(map[string]any)
	if !ok || !too {
		return values
	}
	picked := map[string]any{}
	for key, inner := range wanted {
		if value, there := from[key]; there {
			picked[key] = atPathsOf(value, inner)
		}
	}
	return picked
}

// disagrees returns the path of a value in values that is not what the patch wants it to be, "" for none.
func (p *patch) disagrees(values map[string]any, path string) string {
	for _, e := range p.entries {
		value, there := values[e.key]
		at := join(path, e.key)
		switch {
		case !there:
		case e.do == set && value != plainValue(e.value), (e.do == remove || e.do == null || e.do == removeText) && value != nil && value != "":
			return at
		case e.do == within:
			inner, ok := value.(map[string]any)
			if !ok && (value != nil || e.adds()) { // null takes the whole mapping away
				return at
			}
			if found := e.patch.disagrees(inner, at); found != "" {
				return found
			}
		case e.do == forEach:
			list, _ := value.([]any)
			for i, item := range list {
				inner, _ := item.(map[string]any)
				if found := e.of(inner[mural.Name]).disagrees(inner, index(at, i)); found != "" || inner == nil {
					return index(at, i)
				}
			}
			if value == nil || list == nil {
				return at
			}
		}
	}
	return ""
}
