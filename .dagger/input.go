package main

import (
	"context"
	"path"
	"slices"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

const (
	// home is where the user's files are in a container.
	home = "/home/user"
	// configName is where the file of --config is below it.
	configName = "cutover.yaml"
)

// The user's files: values.yaml or a HelmRelease, and what else a stage reads
type Input struct {
	// +private
	Files *dagger.Directory
	// +private
	Secret *dagger.Secret
	// +private
	Flag string
	// +private
	Path string
	// +private
	Placed bool
	// +private
	Config bool
	// +private
	Base []string
	// +private
	From []*From
}

func newInput(
	ctx context.Context, values, helmRelease *dagger.File, path string, config *dagger.File, files *dagger.Directory,
) (*Input, error) {
	in := &Input{Files: files, Placed: files != nil, Config: config != nil}
	if files == nil {
		in.Files = dag.Directory()
	}
	if config != nil {
		in.Files = in.Files.WithFile(configName, config)
	}
	file := values
	in.Flag = "--values"
	if helmRelease != nil {
		file, in.Flag = helmRelease, "--helm-release"
	}
	switch {
	case values != nil && helmRelease != nil:
		return nil, wrongUse("reading the arguments: --values and --helm-release are both given, and only one can be used",
			"leave one out: --helm-release if Flux applies the release")
	case file != nil:
		return in, in.take(ctx, path, file)
	case path != "" && files == nil:
		return nil, wrongUse("reading the arguments: --path says where a file is, and none is given", "add --values "+path)
	case path != "":
		var err error
		in.Path, err = local(path)
		return in, err
	}
	return in, nil
}

// take puts the user's file at the path that reports are to show.
func (in *Input) take(ctx context.Context, wanted string, file *dagger.File) (err error) {
	if wanted == "" {
		in.Path, err = file.Name(ctx)
	} else {
		in.Placed = true
		in.Path, err = local(wanted)
	}
	if err != nil {
		return err
	}
	if in.Config && in.Path == configName {
		return wrongUse("reading the arguments: the values are called "+configName+", as the file of --config is", "give them another name with --path")
	}
	in.Files = in.Files.WithFile(in.Path, file)
	return nil
}

// local returns a path inside a repository without detours.
func local(wanted string) (string, error) {
	clean := path.Clean(wanted)
	if path.IsAbs(clean) || clean == "." || clean == ".." || len(clean) > 2 && clean[:3] == "../" {
		return "", wrongUse("reading --path \""+wanted+"\": not a file below the directory that you are in", "write it as in Git, for example --path deploy/values.yaml")
	}
	return clean, nil
}

// args name the file to the command line. Without a file the one that --config names is taken.
func (in *Input) args() ([]string, error) {
	switch {
	case in.Path != "":
		return slices.Concat(each("values", in.Base), []string{in.Flag + "=" + in.Path}, in.merged()), nil
	case in.Config:
		return nil, nil
	}
	return nil, wrongUse("reading the arguments: no values are given",
		"add --values values.yaml, or --helm-release helmrelease.yaml, before the stage")
}

// writable refuses what would put the content of a Secret into a file, or a change into the wrong one.
func (in *Input) writable(function string) error {
	if in.Secret != nil {
		return wrongUse("making "+function+": these values are a Secret, which must not lie in the engine's cache",
			"look at the diff here, and write the file with the command line: palette-ecr render --in-place")
	}
	if function != "file" && !in.Placed {
		return wrongUse("making "+function+": it isn't known where \""+in.Path+"\" is in your repository, and another file could be overwritten",
			"add --path with the file's path, for example --path deploy/"+in.Path+", and export to the repository's root")
	}
	return nil
}

// Takes your values as a Secret, for a file with passwords in it: it is only mounted, and what would write it is refused
//
// +cache="session"
func (m *PaletteEcr) WithSecretValues(
	// The values.yaml, for example file://values.yaml.
	values *dagger.Secret,
	// Path of the file in your repository, for places in reports; values.yaml when empty.
	//
	// +optional
	path string,
) (*PaletteEcr, error) {
	in := *m.Input
	if in.Path != "" {
		return nil, wrongUse("reading the arguments: values are given twice, as a file and as a Secret", "leave --values out: as a file they are in the engine's cache")
	}
	in.Secret, in.Flag, in.Path = values, "--values", "values.yaml"
	if path != "" {
		var err error
		if in.Path, err = local(path); err != nil {
			return nil, err
		}
	}
	next := *m
	next.Input = &in
	return &next, nil
}
