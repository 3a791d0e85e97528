package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Values of an object that a HelmRelease names, as a file or as a Secret
type From struct {
	// +private
	Name string
	// +private
	Path string
	// +private
	File *dagger.File
	// +private
	Secret *dagger.Secret
}

// Puts a values file below yours, as the first of several -f of Helm: they are merged, and only yours is edited
//
// +cache="session"
func (m *PaletteEcr) WithBaseValues(
	ctx context.Context,
	// The values file.
	values *dagger.File,
	// Its path in your repository, for places in reports; its name when empty.
	//
	// +optional
	path string,
) (*PaletteEcr, error) {
	in := *m.Input
	if in.Path == "" || in.Flag != "--values" {
		return nil, wrongUse("reading the arguments: base values go below a values file, and none is given", "add --values values.yaml before with-base-values")
	}
	base := &Input{Config: in.Config, Files: in.Files}
	if err := base.take(ctx, path, values); err != nil {
		return nil, err
	}
	if base.Path == in.Path || slices.Contains(in.Base, base.Path) {
		return nil, wrongUse("reading the arguments: two values files are called "+base.Path, "give this one another name with --path")
	}
	in.Files, in.Base = base.Files, append(slices.Clone(in.Base), base.Path)
	next := *m
	next.Input = &in
	return &next, nil
}

// Gives the values of an object that the HelmRelease names under valuesFrom, so that no cluster is asked for them
//
// +cache="session"
func (m *PaletteEcr) WithValuesFrom(
	// The object, kind and name, for example ConfigMap/mural-base.
	name string,
	// Its values, as a file.
	//
	// +optional
	values *dagger.File,
	// Or as a Secret, if they hold a password, for example file://login.yaml.
	//
	// +optional
	secret *dagger.Secret,
) (*PaletteEcr, error) {
	if (values == nil) == (secret == nil) {
		return nil, wrongUse("reading the arguments of with-values-from: it takes a file or a Secret, and one of them", "give --values FILE, or --secret file://FILE")
	}
	in, next := *m.Input, *m
	in.From = append(slices.Clone(in.From), &From{Name: name, Path: fmt.Sprintf("/run/values-from/%d.yaml", len(in.From)), File: values, Secret: secret})
	next.Input = &in
	return &next, nil
}

// merged are the flags that say what is merged with the user's file, and which of several files is edited.
func (in *Input) merged() []string {
	var args []string
	if len(in.Base) > 0 {
		args = append(args, "--edit="+in.Path)
	}
	for _, f := range in.From {
		args = append(args, "--values-from="+f.Name+"="+f.Path)
	}
	return args
}

// give gives a container the values.
func (f *From) give(c *dagger.Container) *dagger.Container {
	if f.Secret != nil {
		return (&Access{Path: f.Path, Secret: f.Secret}).give(c)
	}
	return (&Mount{Path: f.Path, File: f.File}).give(c)
}
