package lint

import (
	"fmt"
	"sync"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// view is the input as rules look at it, read once.
type view struct {
	notes
	in     Input
	merged map[string]any // the values with all that is merged with them; nil when that is the file alone
	chart  bool           // the chart's defaults are in merged
	root   setting
	hub    registrySettings
	spokes []registrySettings
	// judged reports whether the rules about ECR apply: something points there, or is to.
	judged    bool
	addresses map[string]address // by endpoint: spokes mostly share one
	alike     map[string]string  // known words that keys nearly are
	layered   bool               // something is merged with the file

	// outranked is what to do before render can carry out a remedy; "" for nothing
	outranked func() string
	// manifests are what Helm makes of the values: none without a chart. The error says why they can't be made.
	manifests func() ([]chart.Manifest, error)
}

func newView(in Input) *view {
	v := &view{notes: notes{file: in.File}, in: in, addresses: map[string]address{}, alike: map[string]string{}, layered: len(in.File.Layers()) > 0}
	if len(in.File.Layers()) > 0 {
		v.merged = in.File.Merged()
	}
	v.manifests = sync.OnceValues(v.render)
	v.outranked = sync.OnceValue(func() string { return outrankedBy(in) })
	if in.Chart != nil {
		// Values that Helm can't merge are judged without the chart, and L23 says why.
		if merged, err := chart.Merged(in.Chart, in.File.Merged()); err == nil {
			v.merged, v.chart = merged, true
		} else {
			v.manifests = func() ([]chart.Manifest, error) { return nil, err }
		}
	}
	v.root = setting{view: v, merged: v.merged}
	v.root.node, v.root.own = v.file.Root()
	v.root.near = v.root.node
	v.hub = v.registryAt(v.root.sub(mural.HueRegistry()...), "hue")
	v.hub.hub = true
	for _, item := range v.root.sub(mural.SpokeList()...).items() {
		spoke := v.registryAt(item.sub(mural.OCIRegistry), item.sub(mural.Name).text())
		spoke.item = item
		v.spokes = append(v.spokes, spoke)
	}
	v.judged = in.Destination.Registry.IsECR() || v.hub.ecr()
	for i := range v.spokes {
		v.judged = v.judged || v.spokes[i].ecr()
	}
	return v
}

// registries are the hub's and the spokes'.
func (v *view) registries(visit func(*registrySettings)) {
	visit(&v.hub)
	for i := range v.spokes {
		visit(&v.spokes[i])
	}
}

// identity is the mode that the values are judged by. Without one it is IRSA where the file annotates a
// service account, and unknown otherwise.
func (v *view) identity() target.IdentityMode {
	if v.in.Target.Identity.Mode != "" {
		return v.in.Target.Identity.Mode
	}
	for _, account := range v.accounts() {
		if !account.role.empty() {
			return target.IRSA
		}
	}
	return ""
}

// destination is where everything is to point: what was asked for, or else where hue points.
func (v *view) destination() (registry.Repository, bool) {
	if v.in.Destination.Registry.IsECR() {
		return v.in.Destination, true
	}
	if v.hub.err != nil || !v.hub.address.IsECR() {
		return registry.Repository{}, false
	}
	repository, err := v.hub.address.Repository(v.hub.repository.text())
	return repository, err == nil
}

// namespace of the release.
func (v *view) namespace() string {
	if r := v.file.HelmRelease(); r != nil {
		for _, namespace := range []string{r.TargetNamespace, r.Namespace} {
			if namespace != "" {
				return namespace
			}
		}
	}
	if v.in.Target.Release.Namespace != "" {
		return v.in.Target.Release.Namespace
	}
	return target.DefaultNamespace
}

// unseen names where else values may come from, which no file shows: "" for nowhere.
func (v *view) unseen() string {
	for _, l := range v.file.Hidden() {
		if l.TargetPath == "" { // else it gives one value, which has a place
			return l.Name
		}
	}
	return ""
}

// missing is add for a key that isn't there: where further values come from what no file shows, it may be
// there, and an error is only a warning.
func (v *view) missing(severity report.Severity, s setting, remedy, format string, args ...any) {
	if s.unseen() { // L31
		return
	}
	message := fmt.Sprintf(format, args...)
	if from := v.unseen(); from != "" && s.unknown() {
		severity = report.Warning
		message += ", unless " + from + " sets it, which can't be seen here"
	}
	v.add(severity, s.key(), remedy, "%s", message)
}

// about is add for the value of a setting, at its place. Where another place than the file gives it, the message names
// that one, and the remedy is not to write into the file what loses there.
func (v *view) about(severity report.Severity, s setting, remedy, format string, args ...any) {
	v.aboutAt(severity, s, s.place(), remedy, format, args...)
}

// aboutAt is about at another place of the setting.
func (v *view) aboutAt(severity report.Severity, s setting, place report.Place, remedy, format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	if s.layer.Name != "" {
		message += "; it comes from " + s.layer.Origin()
	}
	switch {
	case !s.outranked():
	case s.layer.Place.Line > 0:
		remedy = fmt.Sprintf("change it there, or take the entry out, at line %d: it wins over what is written here", s.layer.Place.Line)
	default:
		remedy = "change it in " + s.layer.Name + ": it wins over what is written here"
	}
	v.add(severity, place, remedy, "%s", message)
}
