package main

import (
	"context"

	"github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"
)

// Zot, empty: the registry that PaletteAI comes with
func (m *PaletteEcr) Zot() *dagger.Service {
	const config = `{"storage": {"rootDirectory": "/var/lib/registry"}, "http": {"address": "0.0.0.0", "port": "5000"}, "log": {"level": "info"}}`
	return dag.Container().From(m.Images.Zot).
		WithNewFile("/etc/zot/config.json", config).
		WithExposedPort(zotPort).
		AsService(dagger.ContainerAsServiceOpts{Args: []string{"serve", "/etc/zot/config.json"}, UseEntrypoint: true})
}

// The stand-in for AWS with Zot behind it: its names by TLS, a forward proxy to them on 3128, its control on 8080 with the token "rehearsal"
func (m *PaletteEcr) Emulator(ctx context.Context) (*dagger.Service, error) {
	built, err := m.build(ctx, build{packages: []string{"./fixtures/aws/cmd/aws"}})
	if err != nil {
		return nil, err
	}
	return dag.Container().From(m.Images.Golang).
		WithDirectory("/usr/local/bin", built).
		WithServiceBinding("zot", m.Zot()).
		WithExposedPort(tlsPort).
		WithExposedPort(proxyPort).
		WithExposedPort(controlPort).
		AsService(dagger.ContainerAsServiceOpts{Args: []string{
			"aws", "--backend", "http://zot:5000", "--control", ":8080", "--control-token", "rehearsal",
		}}), nil
}

// Ports of the services.
const (
	zotPort     = 5000
	tlsPort     = 443
	proxyPort   = 3128
	controlPort = 8080
)
