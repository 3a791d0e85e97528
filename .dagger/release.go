package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// What a version of palette-ecr is published as. The same source gives the same files; the image has the time it was made
type Release struct {
	// The version.
	Version string

	// +private
	Binaries *dagger.Directory
	// +private
	Authorities *dagger.File
	// +private
	Files *dagger.Directory
}

// platforms that binaries are made for; those of Linux are made images of too.
var platforms = []struct{ os, arch string }{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "amd64"}, {"darwin", "arm64"}}

var semver = regexp.MustCompile(`^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)

// Makes what a version is published as: binaries, checksums, a bill of materials for each, images
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
	source, err := m.repository(ctx)
	if err != nil {
		return nil, err
	}
	binaries = binaries.WithTimestamps(0)
	described := m.golang().
		WithDirectory("/tool", source.Directory("scripts/release")).
		WithDirectory("/release", binaries).
		WithWorkdir("/tool").
		WithExec([]string{"go", "run", ".", "/release"})
	return &Release{
		Version: version, Binaries: binaries,
		Authorities: m.authorities(),
		Files:       described.Directory("/release").WithTimestamps(0),
	}, nil
}

// The binaries, their bills of materials in CycloneDX, and SHA256SUMS of them all
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
) *dagger.Container {
	c := bare(dagger.Platform("linux/"+arch), r.Binaries.File("palette-ecr_linux_"+arch), r.Authorities).
		WithEntrypoint([]string{"palette-ecr"})
	for _, label := range r.labels() {
		c = c.WithLabel(label[0], label[1])
	}
	return c
}

// labels are those of the OCI image specification.
func (r *Release) labels() [][2]string {
	const prefix, home = "org.opencontainers.image.", "https://github.com/palette-ecr/palette-ecr"
	return [][2]string{
		{prefix + "title", "palette-ecr"},
		{prefix + "description", "Moves PaletteAI from its in-cluster Zot registry to Amazon ECR, with proof"},
		{prefix + "version", strings.TrimPrefix(r.Version, "v")},
		{prefix + "licenses", "Apache-2.0"},
		{prefix + "source", home},
		{prefix + "url", home},
		{prefix + "documentation", home + "#readme"},
	}
}

// Publishes the image for every architecture, and returns its reference with its digest
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
	registry, _, _ := strings.Cut(address, "/")
	return dag.Container().
		WithRegistryAuth(registry, username, password).
		Publish(ctx, address, dagger.ContainerPublishOpts{PlatformVariants: []*dagger.Container{r.Image("amd64"), r.Image("arm64")}})
}
