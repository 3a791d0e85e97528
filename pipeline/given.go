package pipeline

import (
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Given is what a person gives: the input of Render.
type Given struct {
	File *values.File // values.yaml, or the manifest of a HelmRelease
	AsIs bool         // it is rendered already: take it just as it is

	Leave          []string // repositories of Zot that stay there knowingly
	KeepLive       bool     // keep values that only the live release has
	DiscardLive    bool     // give them up
	AllowDowngrade bool     // of either chart
}

// Entry is empty: what was given is no stage.
func (g Given) Entry() Entry { return Entry{} }

// The inputs of stages that run without those before them. Nothing is known to be linted or copied then; what a stage
// needs to know of that it finds out for itself.

func (g Given) alone(*world.World, *state.State) (Given, error) { return g, nil }

func (g Given) rendered(w *world.World, s *state.State) (Rendered, error) { return render(w, s, g) }

func (g Given) linted(w *world.World, s *state.State) (Linted, error) {
	r, err := g.rendered(w, s)
	return Linted{Rendered: r}, err
}

func (g Given) copied(w *world.World, s *state.State) (Copied, error) {
	l, err := g.linted(w, s)
	return Copied{Linted: l}, err
}

func (g Given) deployed(w *world.World, s *state.State) (Deployment, error) {
	c, err := g.copied(w, s)
	return Deployment{Copied: c}, err
}

func (g Given) validated(w *world.World, s *state.State) (Validation, error) {
	d, err := g.deployed(w, s)
	return Validation{Deployment: d}, err
}

// readValues reads the person's file, or standard input, and refuses what can't be deployed the way it is to be.
func readValues(o Options) (*values.File, error) {
	path := o.Target.ValuesPath()
	var file *values.File
	var err error
	switch {
	case path != "-":
		file, err = values.Read(path)
	case o.InPlace:
		err = fault.New(fault.Usage, "leave --in-place out, or name a file", "reading standard input: new settings can't be written into it")
	case o.In == nil:
		err = fault.New(fault.Usage, "name a file", "reading standard input: there is none")
	default:
		file, err = values.ReadFrom("<stdin>", o.In)
	}
	if err != nil {
		return nil, err
	}
	switch isManifest := file.Kind() == values.HelmRelease; {
	case o.Target.Release.HelmRelease != "" && !isManifest:
		return nil, fault.New(fault.Usage, "give it as --values", "reading %q: no HelmRelease is in it", path)
	case o.Target.Release.HelmRelease == "" && isManifest:
		return nil, fault.New(fault.Usage, "give it as --helm-release: then Flux applies it", "reading %q: it is the manifest of a HelmRelease, not a values.yaml", path)
	}
	return file, nil
}
