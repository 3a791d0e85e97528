package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// repository returns palette-ecr's own source: that of --source, or what the engine compiled this module from, which is
// there wherever the module is: at the root of its repository, below another one's, as a dependency or as a toolchain.
// A contextual directory would be the user's repository for a toolchain. dagger.json lists the files under "include".
func (m *PaletteEcr) repository(ctx context.Context) (*dagger.Directory, error) {
	if m.Source != nil {
		return m.Source, nil
	}
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(file))
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		return nil, wrongUse("looking for the source of palette-ecr: it isn't beside this module", "give a checkout with --source, or a built binary with tool --binary")
	}
	const copied = "palette-ecr"
	if err := os.RemoveAll(copied); err != nil {
		return nil, err
	}
	if err := os.CopyFS(copied, os.DirFS(root)); err != nil {
		return nil, err
	}
	return dag.CurrentModule().Workdir(copied).WithoutDirectory(".dagger").Sync(ctx)
}

// golang returns a container with Go and its caches, in an empty directory.
func (m *PaletteEcr) golang() *dagger.Container {
	c := dag.Container().From(m.Images.Golang).
		WithEnvVariable("GOTOOLCHAIN", "local").
		WithEnvVariable("GOFLAGS", "-buildvcs=false").
		WithEnvVariable("CGO_ENABLED", "0").
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("palette-ecr-go-mod")).
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("palette-ecr-go-build")).
		WithWorkdir("/src")
	if m.Images.GoProxy != "" {
		c = c.WithEnvVariable("GOPROXY", m.Images.GoProxy)
	}
	return c
}

// build returns the packages of the repository as commands: static, stripped, without paths of the machine, and with
// the version in them. The same source gives the same bytes.
func (m *PaletteEcr) build(ctx context.Context, b build) (*dagger.Directory, error) {
	source, err := m.repository(ctx)
	if err != nil {
		return nil, err
	}
	sources := source.Filter(dagger.DirectoryFilterOpts{
		Include: []string{"go.mod", "go.sum", "*.go", "internal/**", "pipeline/**", "fixtures/**", "scripts/release/**"},
		Exclude: []string{"**/*_test.go", "internal/module/**"},
	})
	c := m.golang()
	if b.os != "" {
		c = c.WithEnvVariable("GOOS", b.os).WithEnvVariable("GOARCH", b.arch)
	}
	return c.WithDirectory("/src", sources).WithExec(b.command()).Directory("/out"), nil
}

// build is what is to be built.
type build struct {
	packages []string
	version  string
	os, arch string // those of the engine when empty
}

func (b build) command() []string {
	version := b.version
	if version == "" {
		version = moduleVersion
	}
	args := []string{
		"go", "build", "-trimpath", "-ldflags=-s -w -buildid= -X github.com/palette-ecr/palette-ecr/internal/build.release=" + version, "-o", "/out/",
	}
	return append(args, b.packages...)
}
