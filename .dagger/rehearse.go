package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

const (
	apiPort = 6443
	// bridgeGateway is where a container finds the machine that its Docker engine runs on, unless that was configured.
	bridgeGateway = "172.17.0.1"
)

// Rehearses the whole cutover with no AWS: a kind cluster in a Docker engine of its own, real Flux and Zot, stand-ins for PaletteAI and AWS
//
// +cache="never"
func (m *PaletteEcr) Rehearse(
	ctx context.Context,
	// A fault to rehearse; the cutover as it should be when empty.
	//
	// +optional
	fault Fault,
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
	stage, err := m.stage(ctx, m.docker(), dockerSocket, dockerAddress, imageArchive)
	if err != nil {
		return nil, err
	}
	call := command{program: "rehearse", container: stage, args: flags{{"break", string(fault)}}.args()}
	return call.report(ctx, anyway(reportAnyway))
}

// ownGroups gives each container of a Docker engine a control group of its own in cgroup v2 also where the machine has v1.
// The systemd of a kind node uses both: without v2 here, every node would be in the one group of Dagger's engine, and the
// second one would find there what the first one left, and make nothing for its kubelet.
const ownGroups = `[ -e /sys/fs/cgroup/cgroup.controllers ] || { mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified; }; `

// docker is a Docker engine of the rehearsal's own. Its images outlive it, in a cache. Its image's entrypoint prepares
// control groups for nesting. The API of Docker is not an exposed port: up would publish it, and it asks for no password.
func (m *PaletteEcr) docker() *dagger.Service {
	return dag.Container().From(m.Images.Docker).
		WithMountedCache("/var/lib/docker", dag.CacheVolume("palette-ecr-docker"),
			dagger.ContainerWithMountedCacheOpts{Sharing: dagger.CacheSharingModeLocked}).
		WithEnvVariable("DOCKER_TLS_CERTDIR", "").
		// Opens only when there is a cluster: a port that is waited for would keep the service from starting.
		WithExposedPort(apiPort, dagger.ContainerWithExposedPortOpts{ExperimentalSkipHealthcheck: true}).
		AsService(dagger.ContainerAsServiceOpts{
			Args:                     []string{"sh", "-c", ownGroups + "exec dockerd-entrypoint.sh dockerd --host=tcp://0.0.0.0:2375 --tls=false"},
			InsecureRootCapabilities: true,
		})
}

// answers waits for the Docker engine, whose port isn't exposed and so isn't waited for.
const answers = `for i in $(seq 60); do docker version >/dev/null 2>&1 && exit; sleep 1; done; docker version`

// stage is a container in which the rehearsal can run: the repository, Go, a Docker engine and its images.
func (m *PaletteEcr) stage(
	ctx context.Context, engine *dagger.Service, socket *dagger.Socket, address string, archive *dagger.File,
) (*dagger.Container, error) {
	source, err := m.repository(ctx)
	if err != nil {
		return nil, err
	}
	built, err := m.build(ctx, build{packages: []string{".", "./fixtures/rehearsal/cmd/rehearse"}})
	if err != nil {
		return nil, err
	}
	c := m.golang().
		WithDirectory("/src", source).
		WithFile("/usr/local/bin/docker", dag.Container().From(m.Images.Docker).File("/usr/local/bin/docker")).
		WithDirectory("/usr/local/bin", built).
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
	c = command{container: c}.live().container.WithExec([]string{"sh", "-c", answers})
	if archive != nil {
		c = c.WithMountedFile("/run/images.tar", archive).WithExec([]string{"docker", "load", "--input=/run/images.tar"})
	}
	return c.WithExec([]string{"scripts/images"}), nil
}
