package pipeline

import (
	"context"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/render"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/sops"
	"github.com/palette-ecr/palette-ecr/pipeline/state"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// Given is what a person gives: the input of Render.
type Given struct {
	File *values.File // values.yaml, or the manifest of a HelmRelease
	AsIs bool         // it is rendered already: take it just as it is

	Disable        []string        // rules of lint that are left out
	KeepCert       bool            // certSecretName and proxySecretName are meant for ECR too
	Severity       report.Severity // findings below it are not reported; "" is all
	CrossAccount   bool            // the registry is meant to be in another account than the role
	KubeVersion    string          // that the chart is rendered for where no cluster is reached
	Leave          []string        // repositories of Zot that stay there knowingly
	KeepLive       bool            // keep values that only the live release has
	DiscardLive    bool            // give them up
	AllowDowngrade bool            // of either chart
	Install        bool            // install the release where there is none, without Zot
	Before         []byte          // manifests that a HelmRelease needs to be installed
	Recover        bool            // repair a release that a killed helm has left pending

	WithoutSpokes      []string // spokes that are left out by name
	PrepareSpokes      bool     // give source-controller on spokes its AWS identity before the switch
	CreateRepositories bool     // make repositories in ECR that are missing

	Ahead []Stage // those whose needs preflight looks at

	Planned []string                           // stages that a plan is made of
	Plan    FromFile                           // made before; without a document there is none
	Ask     func(context.Context, Entry) error // shows a plan and asks; its error is that the person does not want it. nil: nobody is asked
}

// Entry is empty: what was given is not a stage.
func (g Given) Entry() Entry { return Entry{} }

// The inputs of stages that run without those before them. Nothing is known to be linted or copied then; what a stage
// needs to know of that it finds out for itself.

func (g Given) alone(*world.World, *state.State) (Given, error) { return g, nil }

func (g Given) rendered(w *world.World, s *state.State) (Rendered, error) { return rendered(w, s, g) }

func (g Given) linted(w *world.World, s *state.State) (Linted, error) {
	r, err := g.rendered(w, s)
	return Linted{Rendered: r}, err
}

func (g Given) preflighted(w *world.World, s *state.State) (Preflighted, error) {
	l, err := g.linted(w, s)
	return Preflighted{Linted: l}, err
}

func (g Given) planned(w *world.World, s *state.State) (Planned, error) {
	p, err := g.preflighted(w, s)
	return Planned{Linted: p.Linted}, err
}

func (g Given) copied(w *world.World, s *state.State) (Copied, error) {
	p, err := g.planned(w, s)
	return Copied{Planned: p}, err
}

func (g Given) deployed(w *world.World, s *state.State) (Deployment, error) {
	c, err := g.copied(w, s)
	return Deployment{Copied: c}, err
}

func (g Given) validated(w *world.World, s *state.State) (Validation, error) {
	d, err := g.deployed(w, s)
	return Validation{Deployment: d}, err
}

// readValues reads the person's files, or standard input. The manifest of a HelmRelease is one however it is given: Flux
// applies it, as if it were given so.
func readValues(ctx context.Context, o *Options) (*values.File, error) {
	if o.InPlace && o.Target.ValuesPath() == "-" {
		return nil, fault.New(fault.Usage, "leave --in-place out, or name a file", "reading standard input: new settings can't be written into it")
	}
	files := o.Files
	if len(files.Paths) == 0 {
		files.Paths = []string{o.Target.ValuesPath()}
	}
	files.HelmRelease, files.In = o.Target.Release.HelmRelease != "", o.In
	files.Decrypt = sops.Find(ctx)
	file, err := render.Open(files)
	if err != nil {
		return nil, err
	}
	if file.Encrypted() {
		return nil, fault.New(fault.Usage, "put sops on PATH (with the keys), or give the decrypted values: sops decrypt FILE | palette-ecr run --values -",
			"reading %q: SOPS encrypted it, and there is no sops here to decrypt it", file.Name())
	}
	switch release := &o.Target.Release; {
	case file.Kind() == values.Application:
		return nil, fault.New(fault.Usage, "render it, and let Argo CD apply the result", "reading %q: it is the manifest of an Argo CD Application, which only Argo CD applies", file.Name())
	case file.Kind() == values.HelmRelease && !files.HelmRelease:
		release.HelmRelease, release.Values, release.ManagedBy = release.Values, "", target.Flux
	}
	return file, nil
}
