package pipeline

import (
	"context"
	"fmt"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/deploy"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

var rendering = Definition{Name: "render", Does: "writes the registry settings into the values"}

// Rendered is the values that the release is to have.
type Rendered struct {
	Given  Given
	Wanted *values.File
	Values map[string]any   // what the release is to have: those of Wanted, with what is kept of the live ones
	Edit   *values.Rendered // what makes Wanted of the file; nil when it is taken as it is

	entry Entry
}

// Entry returns what render did.
func (r Rendered) Entry() Entry { return r.entry }

func (r Rendered) edit() *values.Rendered { return r.Edit }

// Render edits the values for the destination. Zot stays as it is in the live release: turning it off is the business
// of the last stage, and turning it on again would be a step back. Where nothing is installed yet it is never turned on.
func Render(_ context.Context, w *world.World, s *state.State, in Given) (Rendered, error) {
	r, err := rendered(w, s, in)
	if err != nil || r.Edit == nil {
		return r, err
	}
	changes := r.Edit.Changes
	if len(changes) == 0 {
		r.entry.Skip = fmt.Sprintf("%s has the registry settings already", w.Target.ValuesPath())
		return r, nil
	}
	for _, c := range changes {
		w.Progress.Say("%s", c)
	}
	r.entry.Summary = fmt.Sprintf("%d settings of %s differ from what the release is to have", len(changes), w.Target.ValuesPath())
	r.entry.Counts = map[string]int64{"changes": int64(len(changes))}
	return r, nil
}

// rendered is Render without a word. Without a cluster Zot is left as the file has it.
func rendered(w *world.World, s *state.State, in Given) (Rendered, error) {
	if in.AsIs {
		return Rendered{Given: in, Wanted: in.File, Values: in.File.Merged(), entry: Entry{Skip: "the values are taken as they are"}}, nil
	}
	withoutZot := false
	if s != nil {
		var err error
		if withoutZot, err = s.CutOver(w.Destination); err != nil {
			return Rendered{}, err
		}
		withoutZot = withoutZot || s.Absent()
	}
	return in.edit(w, s, withoutZot)
}

// edit writes the settings of the target into the values.
func (g Given) edit(w *world.World, s *state.State, withoutZot bool) (Rendered, error) {
	edit, err := render.Run(g.File, render.Options{Target: w.Target, Chart: w.Chart, DisableZot: withoutZot, KeepCert: g.KeepCert, Spokes: switchedWith(w, s)})
	if err != nil {
		return Rendered{}, err
	}
	wanted := edit.File()
	r := Rendered{Given: g, Wanted: wanted, Values: wanted.Merged(), Edit: edit}
	if g.KeepLive && comparesLive(w, s) {
		r.Values, err = deploy.Merge(g.File.Merged(), wanted.Merged(), s.Live.Values)
	}
	return r, err
}

// comparesLive reports whether the values of the live release are those of the file and nothing else: with Flux they
// come from wherever the HelmRelease's valuesFrom says, too, and stay there.
func comparesLive(w *world.World, s *state.State) bool {
	return s != nil && s.Live != nil && w.Target.Release.ManagedBy == target.Helm
}

// lost returns the values that only the live release has, set by `helm upgrade --set` for example, and that are neither
// kept nor given up.
func (r Rendered) lost(w *world.World, s *state.State) ([]deploy.LiveKey, error) {
	if r.Given.DiscardLive || r.Given.KeepLive || !comparesLive(w, s) {
		return nil, nil
	}
	defaults, err := chart.Defaults(w.Chart)
	if err != nil {
		return nil, err
	}
	return deploy.OnlyLive(r.Given.File.Merged(), r.Wanted.Merged(), s.Live.Values, defaults)
}

// refuseLoss refuses to lose any of them.
func (r Rendered) refuseLoss(w *world.World, s *state.State) error {
	keys, err := r.lost(w, s)
	if err != nil {
		return err
	}
	return deploy.RefuseLoss(keys, w.Target.Release.Namespace+"/"+w.Target.Release.Name)
}
