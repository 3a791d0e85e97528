package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// A ready palette-ecr
type Tools struct {
	// +private
	Binary *dagger.File
	// +private
	Image string
}

// user is who runs the stages: nobody in particular, and not root.
const user = "65532:65532"

// Takes a palette-ecr that is built already, so that none is compiled: a binary for Linux, or an image
//
// +cache="session"
func (m *PaletteEcr) Tool(
	// The binary, for example one of a release, or what `binary export` wrote.
	//
	// +optional
	binary *dagger.File,
	// Or an image with palette-ecr on its PATH, which the stages then run in: that of a release, with its digest.
	//
	// +optional
	image string,
) (*PaletteEcr, error) {
	if (binary == nil) == (image == "") {
		return nil, wrongUse("reading the arguments of tool: it takes a binary or an image, and one of them", "give --binary palette-ecr, or --image registry.example/palette-ecr:v1.0.0@sha256:...")
	}
	next := *m
	next.Tools = &Tools{Binary: binary, Image: image}
	return &next, nil
}

// The built palette-ecr, for Linux
func (m *PaletteEcr) Binary(ctx context.Context) (*dagger.File, error) {
	if m.Tools.Binary != nil {
		return m.Tools.Binary, nil
	}
	if image := m.image(); image != "" {
		return dag.Container().From(image).File("/usr/local/bin/palette-ecr"), nil
	}
	out, err := m.build(ctx, build{packages: []string{"."}})
	if err != nil {
		return nil, err
	}
	return out.File("palette-ecr"), nil
}

// image is the ready image to use, if any. A checkout that was named is built.
func (m *PaletteEcr) image() string {
	if m.Tools.Image == "" && m.Source == nil && m.Tools.Binary == nil {
		return toolImage
	}
	return m.Tools.Image
}

// bare is a container of the tool and the authorities that it believes, and nothing else: no shell, no package, no root.
// Stages run in it, and a release's image is like it.
func bare(binary, believed *dagger.File) *dagger.Container {
	root := dag.Directory().
		WithFile("usr/local/bin/palette-ecr", binary, dagger.DirectoryWithFileOpts{Permissions: 0o755}).
		WithFile(authorities, believed, dagger.DirectoryWithFileOpts{Permissions: 0o644}).
		// What is mounted at /tmp gets the rights of what was there, and everybody is to write to it.
		WithNewDirectory("tmp", dagger.DirectoryWithNewDirectoryOpts{Permissions: 0o777}).
		WithTimestamps(0)
	return dag.Container().
		WithRootfs(root).
		WithEnvVariable("PATH", "/usr/local/bin").
		WithUser(user)
}

// authorities is where the certificates are that are believed.
const authorities = "/etc/ssl/certs/ca-certificates.crt"

// base returns the container that the stages run in, with the tool in it: one without a shell, unless another image was
// named for them.
func (m *PaletteEcr) base(ctx context.Context) (*dagger.Container, error) {
	if m.Images.Run != "" {
		return m.withShell(ctx)
	}
	if image := m.image(); image != "" {
		return dag.Container().From(image).WithoutEntrypoint(), nil
	}
	binary, err := m.Binary(ctx)
	if err != nil {
		return nil, err
	}
	return bare(binary, dag.Container().From(m.Images.Golang).File(authorities)), nil
}

// withShell returns a container with a shell, and with the tool in it.
func (m *PaletteEcr) withShell(ctx context.Context) (*dagger.Container, error) {
	binary, err := m.Binary(ctx)
	if err != nil {
		return nil, err
	}
	image := m.Images.Run
	if image == "" {
		image = m.Images.Golang
	}
	return dag.Container().From(image).WithoutEntrypoint().
		WithFile("/usr/local/bin/palette-ecr", binary, dagger.ContainerWithFileOpts{Permissions: 0o755}), nil
}

// A container with palette-ecr, your files and a shell, to look around in with terminal
func (m *PaletteEcr) Container(
	ctx context.Context,
	// The container that stages run in, to look at it: it has no shell, and so no terminal.
	//
	// +optional
	bare bool,
) (*dagger.Container, error) {
	if bare {
		return m.container(ctx)
	}
	c, err := m.withShell(ctx)
	if err != nil {
		return nil, err
	}
	return m.prepared(c), nil
}

// container returns the container that stages run in, with the user's files.
func (m *PaletteEcr) container(ctx context.Context) (*dagger.Container, error) {
	c, err := m.base(ctx)
	if err != nil {
		return nil, err
	}
	return m.prepared(c), nil
}

// prepared is a container with the user's files, for somebody who isn't root.
func (m *PaletteEcr) prepared(c *dagger.Container) *dagger.Container {
	c = c.WithUser(user).
		WithDirectory(home, m.Input.Files, dagger.ContainerWithDirectoryOpts{Owner: user}).
		WithMountedTemp("/tmp").
		WithWorkdir(home).
		WithEnvVariable("HOME", home).
		WithEnvVariable("NO_COLOR", "1")
	if m.Chart.Files != nil {
		c = c.WithMountedDirectory(charts, m.Chart.Files, dagger.ContainerWithMountedDirectoryOpts{ReadOnly: true, Owner: user})
	}
	if m.Input.Secret != nil {
		c = c.WithMountedSecret(home+"/"+m.Input.Path, m.Input.Secret, dagger.ContainerWithMountedSecretOpts{Owner: user})
	}
	for _, f := range m.Input.From {
		c = f.give(c)
	}
	return m.Network.apply(c)
}
