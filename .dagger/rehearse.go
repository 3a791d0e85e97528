package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

const (
	dockerPort = 2375
	apiPort    = 6443
	// bridgeGateway is where a container finds the machine that its Docker engine runs on, unless that was configured.
	bridgeGateway = "172.17.0.1"
)

// Rehearses the whole cutover with no AWS: a kind cluster in a Docker engine of its own, real Flux and Zot, stand-ins for PaletteAI and AWS
//
// +cache="never"
func (m *PaletteEcr) Rehearse(
	ctx context.Context,
	// A fault to rehearse: missing-pull-action, missing-repository, wrong-trust-namespace or basic-auth-left.
	//
	// +optional
	fault string,
	// Socket of a Docker engine to use instead, for example /var/run/docker.sock.
	//
	// +optional
	dockerSocket *dagger.Socket,
	// Address at which this engine's containers reach ports of that Docker engine; 172.17.0.1 when empty.
	//
	// +optional
	dockerAddress string,
	// Images that no registry has to be asked for: what docker save writes.
	//
	// +optional
	imageArchive *dagger.File,
	// Give the report also when the rehearsal fails.
	//
	// +optional
	reportAnyway bool,
) (*Report, error) {
	call := command{container: m.stage(m.docker(), dockerSocket, dockerAddress, imageArchive), program: rehearse}
	if fault != "" {
		call.args = append(call.args, "--break="+fault)
	}
	return call.report(ctx, anyway(reportAnyway))
}

// rehearse is the command of fixtures/rehearsal, which is none of palette-ecr's: it needs Docker and kind.
const rehearse = "rehearse"

// docker is a Docker engine of the rehearsal's own. Its images outlive it, in a cache.
func (m *PaletteEcr) docker() *dagger.Service {
	return dag.Container().From(m.Images.Docker).
		WithMountedCache("/var/lib/docker", dag.CacheVolume("palette-ecr-docker"),
			dagger.ContainerWithMountedCacheOpts{Sharing: dagger.CacheSharingModeLocked}).
		WithoutEntrypoint().
		WithExposedPort(dockerPort).
		// Opens only when there is a cluster: a port that is waited for would keep the service from starting.
		WithExposedPort(apiPort, dagger.ContainerWithExposedPortOpts{ExperimentalSkipHealthcheck: true}).
		AsService(dagger.ContainerAsServiceOpts{
			Args:                     []string{"dockerd", "--host=tcp://0.0.0.0:2375", "--tls=false"},
			InsecureRootCapabilities: true,
		})
}

// stage is a container in which a rehearsal can run: the repository, Go, a Docker engine and its images.
func (m *PaletteEcr) stage(
	engine *dagger.Service, socket *dagger.Socket, address string, archive *dagger.File,
) *dagger.Container {
	c := m.tested().
		WithFile("/usr/local/bin/docker", dag.Container().From(m.Images.Docker).File("/usr/local/bin/docker")).
		WithFile("/usr/local/bin/"+rehearse, m.build("./fixtures/rehearsal/cmd/rehearse", rehearse)).
		WithEnvVariable("NO_COLOR", "1")
	if socket == nil {
		c = c.WithServiceBinding("docker", engine).WithEnvVariable("DOCKER_HOST", "tcp://docker:2375")
	} else {
		c = c.WithUnixSocket("/var/run/docker.sock", socket)
		if address == "" {
			address = bridgeGateway
		}
		c = c.WithEnvVariable("TESTCONTAINERS_HOST_OVERRIDE", address)
	}
	c = command{container: c}.live().container
	if archive != nil {
		c = c.WithMountedFile("/run/images.tar", archive).WithExec([]string{"docker", "load", "--input=/run/images.tar"})
	}
	return c.WithExec([]string{"scripts/images"})
}
