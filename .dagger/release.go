package main

import (
	"context"
	"fmt"
	"regexp"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// What a version of palette-ecr is published as. The same source gives the same files, and the same image
type Release struct {
	// The version.
	Version string

	// +private
	Program *dagger.Container
	// +private
	Files *dagger.Directory
}

// platforms that binaries are made for; those of Linux are in the image, too.
var platforms = []struct{ os, arch string }{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}

var semver = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// Where a release is, in the container of its program.
const released = "/release"

// Makes what a version is published as: binaries, a bill of materials for each, an image, checksums
//
// +cache="session"
func (m *PaletteEcr) Release(
	ctx context.Context,
	// The version, for example v1.0.0.
	version string,
) (*Release, error) {
	if !semver.MatchString(version) {
		return nil, wrongUse(fmt.Sprintf("reading --version %q: not a semantic version", version), "write it like the tag, for example --version v1.0.0")
	}
	binaries := dag.Directory()
	for _, p := range platforms {
		built, err := m.build(ctx, build{packages: []string{"."}, version: version, os: p.os, arch: p.arch})
		if err != nil {
			return nil, err
		}
		binaries = binaries.WithFile("palette-ecr_"+p.os+"_"+p.arch, built.File("palette-ecr"))
	}
	program, err := m.build(ctx, build{packages: []string{"./scripts/release"}})
	if err != nil {
		return nil, err
	}
	// Not those of the container that describe runs in: an engine adds its own to them while a command runs.
	believed := dag.Container().From(m.Images.Golang).File(authorities)
	described := m.golang().
		WithFile("/usr/local/bin/release", program.File("release")).
		WithFile("/authorities", believed).
		WithDirectory(released, binaries).
		WithExec([]string{"release", "describe", released, version, "/authorities"})
	return &Release{Version: version, Program: described, Files: described.Directory(released).WithTimestamps(0)}, nil
}

// The binaries, their bills of materials in CycloneDX, the image as an OCI layout, and SHA256SUMS of them all
func (r *Release) Directory() *dagger.Directory { return r.Files }

// SHA256SUMS, to look at
func (r *Release) Checksums(ctx context.Context) (string, error) {
	return r.Files.File("SHA256SUMS").Contents(ctx)
}

// The image: one file, the authorities, no shell, no root
func (r *Release) Image(
	// Architecture: amd64 or arm64; amd64 when empty.
	//
	// +optional
	// +default="amd64"
	arch string,
) (*dagger.Container, error) {
	if arch != "amd64" && arch != "arm64" {
		return nil, wrongUse(fmt.Sprintf("reading --arch %q: there is no image for it", arch), "give amd64 or arm64")
	}
	return dag.Container(dagger.ContainerOpts{Platform: dagger.Platform("linux/" + arch)}).
		Import(r.Files.File("palette-ecr_image.tar")), nil
}

// Publishes the image as it is in the directory, and returns its reference with its digest
//
// +cache="never"
func (r *Release) Publish(
	ctx context.Context,
	// Where to, for example ghcr.io/palette-ecr/palette-ecr:v1.0.0.
	address string,
	// Name of the user of that registry.
	username string,
	// The user's password or token.
	password *dagger.Secret,
) (string, error) {
	return command{
		program: "release",
		container: r.Program.
			WithEnvVariable("REGISTRY_USERNAME", username).
			WithSecretVariable("REGISTRY_PASSWORD", password),
		args: []string{"push", released, r.Version, address},
	}.live().text(ctx)
}
