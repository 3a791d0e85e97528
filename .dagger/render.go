package main

import (
	"context"

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
//
// +cache="session"
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
	args := append([]string{"render"}, flags{{"interval", interval}, {"registry-timeout", timeout}}.args()...)
	if disableZot {
		args = append(args, "--disable-zot")
	}
	// Only the diff is printed, in which passwords are masked: the file itself would be in the trace.
	call, err := m.call(ctx, append(args, "--diff")...)
	if err != nil {
		return nil, err
	}
	diff, err := call.text(ctx)
	if err != nil {
		return nil, err
	}
	return &Rendered{Module: m, Args: args, DiffText: diff}, nil
}

// What changed, as a unified diff in which passwords are masked
func (r *Rendered) Diff() string { return r.DiffText }

// The new file. It holds whatever else your values hold; values that are a Secret are refused
func (r *Rendered) File(ctx context.Context) (*dagger.File, error) {
	if err := r.Module.Input.writable("file"); err != nil {
		return nil, err
	}
	if r.Module.Input.Path == "" {
		return nil, wrongUse("making file: the values are named by the file of --config only", "add --values with that file, or take changes")
	}
	after, err := r.after(ctx)
	if err != nil {
		return nil, err
	}
	return after.File(r.Module.Input.Path), nil
}

// The change of your file, to write back from the root of your repository: export --path=. It needs the file's path
func (r *Rendered) Changes(ctx context.Context) (*dagger.Changeset, error) {
	if err := r.Module.Input.writable("changes"); err != nil {
		return nil, err
	}
	after, err := r.after(ctx)
	if err != nil {
		return nil, err
	}
	return after.Changes(r.Module.Input.Files), nil
}

// after returns the user's files with the new one among them.
func (r *Rendered) after(ctx context.Context) (*dagger.Directory, error) {
	call, err := r.Module.call(ctx, append(append([]string{}, r.Args...), "--in-place")...)
	if err != nil {
		return nil, err
	}
	done, err := call.run(ctx)
	if err != nil {
		return nil, err
	}
	return done.Directory(home), nil
}

// with returns the module with the rendered file in the place of the user's. Values that came as a Secret stay one:
// every stage renders them by itself.
func (r *Rendered) with(ctx context.Context) (*PaletteEcr, error) {
	if r.Module.Input.Secret != nil {
		return r.Module, nil
	}
	after, err := r.after(ctx)
	if err != nil {
		return nil, err
	}
	in, next := *r.Module.Input, *r.Module
	in.Files = after
	next.Input = &in
	return &next, nil
}
