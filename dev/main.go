// Checks of the repository of palette-ecr, for those who work on it: nobody who uses the module sees them
//
//	dagger -m dev check
//
// What New takes, an image from a mirror for example, is given in a file .env: DEV_GOLANG=mirror.example/golang:1.26.1
package main

import (
	"context"

	"dagger/dev/internal/dagger"
)

// Checks of this repository
type Dev struct {
	// +private
	Source *dagger.Directory
	// +private
	Golang string
	// +private
	GoProxy string
}

func New(
	// The repository.
	//
	// +defaultPath="/"
	// +ignore=[".git", "bin", "report", "**/node_modules"]
	source *dagger.Directory,
	// Image with Go.
	//
	// +optional
	// +default="docker.io/library/golang:1.26.1@sha256:cd78d88e00afadbedd272f977d375a6247455f3a4b1178f8ae8bbcb201743a8a"
	golang string,
	// Where Go modules come from, as GOPROXY says it.
	//
	// +optional
	goProxy string,
) *Dev {
	return &Dev{Source: source, Golang: golang, GoProxy: goProxy}
}

// tested is the repository in a container with Go.
func (d *Dev) tested() *dagger.Container {
	c := dag.Container().From(d.Golang).
		WithEnvVariable("GOTOOLCHAIN", "local").
		WithEnvVariable("GOFLAGS", "-buildvcs=false").
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("palette-ecr-go-mod")).
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("palette-ecr-go-build")).
		WithWorkdir("/src").
		WithDirectory("/src", d.Source)
	if d.GoProxy != "" {
		c = c.WithEnvVariable("GOPROXY", d.GoProxy)
	}
	return c
}

// Vets and lints this repository
//
// +check
func (d *Dev) LintRepository(ctx context.Context) error {
	_, err := d.tested().
		WithExec([]string{"go", "vet", "./..."}).
		WithExec([]string{"go", "tool", "-modfile=scripts/tools/go.mod", "golangci-lint", "run", "./..."}).
		Sync(ctx)
	return err
}

// Runs the tests of this repository that need no container engine
//
// +check
func (d *Dev) UnitTests(ctx context.Context) error {
	_, err := d.tested().WithExec([]string{"go", "test", "./internal/...", "./pipeline/..."}).Sync(ctx)
	return err
}

// Renders the corpus of values, and compares byte for byte
//
// +check
func (d *Dev) RenderGolden(ctx context.Context) error {
	_, err := d.tested().WithExec([]string{"go", "test", "-run", "Golden|Corpus", "./pipeline/values"}).Sync(ctx)
	return err
}
