package main

import (
	"context"
	"path"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Your values with the registry settings that ECR needs, and every other byte as it was
type Rendered struct {
	// +private
	Module *PaletteEcr
	// +private
	Args []string
	// +private
	DiffText string
}

// Renders your values for ECR: only the settings of the registry change. No cluster and no AWS are needed
func (m *PaletteEcr) Render(
	ctx context.Context,
	// Also set zot.enabled to false; only for files in Git that follow a cutover that is proven.
	//
	// +optional
	disableZot bool,
	// How often Flux looks at the registry, for example 5m.
	//
	// +optional
	interval string,
	// How long Flux waits for the registry, for example 60s.
	//
	// +optional
	timeout string,
) (*Rendered, error) {
	args := []string{"render"}
	if disableZot {
		args = append(args, "--disable-zot")
	}
	if interval != "" {
		args = append(args, "--interval="+interval)
	}
	if timeout != "" {
		args = append(args, "--registry-timeout="+timeout)
	}
	// Only the diff is printed, in which passwords are masked: the file itself would be in the trace.
	call, err := m.call(m.Container(), append(args, "--diff")...)
	if err != nil {
		return nil, err
	}
	diffed, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	diff, err := diffed.File("/out/stdout").Contents(ctx)
	if err != nil {
		return nil, err
	}
	return &Rendered{Module: m, Args: args, DiffText: diff}, nil
}

// The new file. It holds whatever else your values hold, other passwords too
func (r *Rendered) File() *dagger.File {
	m, file := r.Module, "/out/"+path.Base(r.Module.ValuesPath)
	args := append([]string{"palette-ecr"}, r.Args...)
	args = append(append(append(args, "--in-place", m.ValuesFlag+"="+file), m.Flags...), m.ChartFlags...)
	return m.Container().
		WithDirectory("/out", dag.Directory()).
		WithExec([]string{"cp", home + "/" + m.ValuesPath, file}).
		WithExec(args).
		File(file)
}

// What changed, as a unified diff in which passwords are masked
func (r *Rendered) Diff() string { return r.DiffText }

// The change of your file, to write back where you stand: export --path=.
func (r *Rendered) Changes() *dagger.Changeset {
	return r.Module.Files.WithFile(r.Module.ValuesPath, r.File()).Changes(r.Module.Files)
}

// with is the module with the rendered file in the place of the user's. Values that came as a Secret stay one: every
// stage renders them by itself.
func (r *Rendered) with() *PaletteEcr {
	m := *r.Module
	if m.SecretValues == nil {
		m.Files = m.Files.WithFile(m.ValuesPath, r.File())
	}
	return &m
}

// call is a command on the user's file, for the target.
func (m *PaletteEcr) call(container *dagger.Container, args ...string) (command, error) {
	if m.ValuesPath == "" {
		return command{}, failure(args, wrongUse, "",
			"error: no values are given\ntry:   --values values.yaml, or --helm-release helmrelease.yaml, before the stage")
	}
	return m.targeted(container, append(args, m.ValuesFlag+"="+m.ValuesPath)), nil
}

// targeted is a command for the target.
func (m *PaletteEcr) targeted(container *dagger.Container, args []string) command {
	return command{container: container, args: append(append(args, m.Flags...), m.ChartFlags...)}
}
