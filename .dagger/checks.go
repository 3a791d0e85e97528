package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// tested is the repository in a container with Go.
func (m *PaletteEcr) tested() *dagger.Container {
	return m.golang().WithDirectory("/src", m.Source)
}

// Vets and lints this repository
//
// +check
func (m *PaletteEcr) LintRepository(ctx context.Context) error {
	_, err := m.tested().
		WithExec([]string{"go", "vet", "./..."}).
		WithExec([]string{"go", "tool", "-modfile=scripts/tools/go.mod", "golangci-lint", "run", "./..."}).
		Sync(ctx)
	return err
}

// Runs the tests of this repository that need no container engine
//
// +check
func (m *PaletteEcr) UnitTests(ctx context.Context) error {
	_, err := m.tested().WithExec([]string{"go", "test", "./internal/...", "./pipeline/..."}).Sync(ctx)
	return err
}

// Renders the corpus of values, and compares byte for byte
//
// +check
func (m *PaletteEcr) RenderGolden(ctx context.Context) error {
	_, err := m.tested().WithExec([]string{"go", "test", "-run", "Golden|Corpus", "./pipeline/values"}).Sync(ctx)
	return err
}
