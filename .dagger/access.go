package main

import "github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"

// secrets is where Secrets are mounted.
const secrets = "/run/secrets"

// What lets a stage in somewhere: a mounted Secret, or a variable with a Secret or a plain value
type Access struct {
	// +private
	Path string
	// +private
	Variable string
	// +private
	Secret *dagger.Secret
	// +private
	Value string
}

// give gives a container the access.
func (a *Access) give(c *dagger.Container) *dagger.Container {
	switch {
	case a.Path != "":
		return c.WithMountedSecret(a.Path, a.Secret, dagger.ContainerWithMountedSecretOpts{Owner: user})
	case a.Secret != nil:
		return c.WithSecretVariable(a.Variable, a.Secret)
	}
	return c.WithEnvVariable(a.Variable, a.Value)
}

// A service under the name that a stage knows it by
type Binding struct {
	// +private
	Name string
	// +private
	Service *dagger.Service
}

// A file that a stage reads, where its flag says
type Mount struct {
	// +private
	Path string
	// +private
	File *dagger.File
}

// give gives a container the file. It belongs to the user of the stages: on your machine perhaps only you may read it.
func (m *Mount) give(c *dagger.Container) *dagger.Container {
	return c.WithMountedFile(m.Path, m.File, dagger.ContainerWithMountedFileOpts{Owner: user})
}
