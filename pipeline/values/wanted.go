package values

import (
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// wanted makes the patch for a file, with the spokes of what is beneath the file if it has none of its own.
func (s Settings) wanted(f *File) (*patch, []string, error) {
	var notes []string
	hidden := f.Hidden()
	if s.ChartDefaults == nil {
		notes = append(notes, "no chart was given: whether its defaults bring basicAuth back can't be told")
	}
	s.beneath = overlay(s.ChartDefaults, f.Beneath())
	s.unseen = len(hidden) > 0 || f.release != nil && f.release.Patch
	if hasSpokes(f) {
		return s.patch(nil), notes, nil
	}
	known := mural.Get(f.Beneath(), mural.SpokeList()...) != nil
	switch {
	case s.unseen && !known:
		where, why, remedy := "the manifest that it is laid over", "which can't be seen here", "render the manifest that it patches, or write fleetConfig.spokes into the values here"
		if len(hidden) > 0 {
			where, why = fmt.Sprintf("%s (line %d)", hidden[0].Name, hidden[0].Place.Line), hidden[0].Why()
			remedy = "write fleetConfig.spokes into the values here, or " + hidden[0].See()
		}
		return nil, nil, fault.New(fault.Usage, remedy,
			"rendering %q: the values have no fleetConfig.spokes, and %s may hold them, %s", f.name, where, why)
	case s.ChartDefaults == nil && !known:
		return nil, nil, fault.New(fault.Usage, "give the chart with --chart (and --version), so that its default spokes can be taken in",
			"rendering %q: the file has no fleetConfig.spokes: the chart's own count, and no chart was given", f.name)
	}
	return s.patch(s.spokesBeneath()), notes, nil
}

// hasSpokes reports whether the file says what the spokes are; also by null, which says that there are none.
func hasSpokes(f *File) bool {
	fleet, ok := f.Lookup(mural.FleetConfig)
	if !ok || fleet.IsNull() {
		return ok
	}
	_, ok = fleet.Lookup(mural.Spokes)
	return ok
}

// unseen says what else gives values that can't be seen here.
func (f *File) unseen() []string {
	var all []string
	asked := ""
	for _, l := range f.Hidden() {
		if d := l.Denied; d != nil && d.Remedy == asked { // one Role gives all the rights, and is long
			l.Denied = &Denied{Right: d.Right, Remedy: "do as above"}
		} else if d != nil {
			asked = d.Remedy
		}
		all = append(all, fmt.Sprintf("%s (line %d) gives further values, %s: %s", l.Name, l.Place.Line, l.Why(), l.See()))
	}
	if f.release != nil && f.release.Patch {
		all = append(all, "this HelmRelease names no chart: it is a patch, and what it is laid over can't be seen here")
	}
	return all
}
