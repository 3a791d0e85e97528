package main

import "github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"

// The images that the module pulls, all of them, as fixtures/images/images.yaml lists them. Each can be replaced with
// with-images.
const (
	golangImage = "docker.io/library/golang:1.26.1@sha256:cd78d88e00afadbedd272f977d375a6247455f3a4b1178f8ae8bbcb201743a8a"
	dockerImage = "docker.io/library/docker:28.5.2-dind@sha256:2a232a42256f70d78e3cc5d2b5d6b3276710a0de0596c145f627ecfae90282ac"
	zotImage    = "ghcr.io/project-zot/zot:v2.1.20@sha256:542e25be4d32e7879c0cfad93492a93c81b1e059cbd2d30d485d4bd567318234"
)

// Images and mirrors
type Images struct {
	// +private
	Golang string
	// +private
	Run string
	// +private
	Docker string
	// +private
	Zot string
	// +private
	GoProxy string
}

func defaultImages() *Images {
	return &Images{Golang: golangImage, Docker: dockerImage, Zot: zotImage}
}

// Replaces images by others, for mirrors and closed networks; an empty one stays as it is
func (m *PaletteEcr) WithImages(
	// Image with Go, that the tool is built in.
	//
	// +optional
	golang string,
	// Image that the tool runs in; that of golang when empty. One with the AWS command line serves kubeconfigs that call it.
	//
	// +optional
	run string,
	// Image with a Docker engine and its client, for rehearsals.
	//
	// +optional
	docker string,
	// Image of Zot, for the service of that name.
	//
	// +optional
	zot string,
	// Where Go modules come from, as GOPROXY says it.
	//
	// +optional
	goProxy string,
) *PaletteEcr {
	images := *m.Images
	for _, image := range []struct {
		to    *string
		value string
	}{
		{&images.Golang, golang}, {&images.Run, run}, {&images.Docker, docker}, {&images.Zot, zot}, {&images.GoProxy, goProxy},
	} {
		if image.value != "" {
			*image.to = image.value
		}
	}
	m.Images = &images
	return m
}

// golang is the container with Go and its caches, in an empty directory.
func (m *PaletteEcr) golang() *dagger.Container {
	c := dag.Container().From(m.Images.Golang).
		WithEnvVariable("GOTOOLCHAIN", "local").
		WithEnvVariable("GOFLAGS", "-buildvcs=false").
		WithMountedCache("/go/pkg/mod", dag.CacheVolume("palette-ecr-go-mod")).
		WithMountedCache("/root/.cache/go-build", dag.CacheVolume("palette-ecr-go-build")).
		WithWorkdir("/src")
	if m.Images.GoProxy != "" {
		c = c.WithEnvVariable("GOPROXY", m.Images.GoProxy)
	}
	return c
}

// build compiles one package of the repository, from nothing but what can be in it.
func (m *PaletteEcr) build(pkg, binary string) *dagger.File {
	sources := m.Source.Filter(dagger.DirectoryFilterOpts{
		Include: []string{"go.mod", "go.sum", "*.go", "internal/**", "pipeline/**", "fixtures/**"},
		Exclude: []string{"**/*_test.go", "internal/module/**"},
	})
	return m.golang().
		WithEnvVariable("CGO_ENABLED", "0").
		WithDirectory("/src", sources).
		WithExec([]string{"go", "build", "-trimpath", "-ldflags=-s -w", "-o", "/out/" + binary, pkg}).
		File("/out/" + binary)
}

// The built palette-ecr, for Linux
func (m *PaletteEcr) Binary() *dagger.File {
	return m.build(".", "palette-ecr")
}

// home is where the user's files are in a container.
const home = "/home/user"

// A container with palette-ecr and your files, to look around in with terminal
func (m *PaletteEcr) Container() *dagger.Container {
	image := m.Images.Run
	if image == "" {
		image = m.Images.Golang
	}
	c := dag.Container().From(image).
		WithoutEntrypoint().
		WithFile("/usr/local/bin/palette-ecr", m.Binary()).
		WithDirectory(home, m.Files).
		WithWorkdir(home).
		WithEnvVariable("NO_COLOR", "1")
	if m.SecretValues != nil {
		c = c.WithMountedSecret(home+"/"+m.ValuesPath, m.SecretValues)
	}
	if m.CaBundle != nil {
		c = c.WithMountedFile("/run/ca-bundle.pem", m.CaBundle).WithEnvVariable("AWS_CA_BUNDLE", "/run/ca-bundle.pem")
	}
	if m.Proxy != nil {
		c = c.WithSecretVariable("HTTPS_PROXY", m.Proxy)
	}
	if m.NoProxy != "" {
		c = c.WithEnvVariable("NO_PROXY", m.NoProxy)
	}
	return c
}
