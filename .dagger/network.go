package main

import "github.com/palette-ecr/palette-ecr/.dagger/internal/dagger"

// How AWS, its registries and charts are reached
type Network struct {
	// +private
	Proxy *dagger.Secret
	// +private
	NoProxy string
	// +private
	CaBundle *dagger.File
}

// Says how AWS, its registries and charts are reached from a network that is closed
//
// +cache="session"
func (m *PaletteEcr) WithNetwork(
	// Proxy for HTTPS, for example env://HTTPS_PROXY: a Secret, since its address may hold a password.
	//
	// +optional
	proxy *dagger.Secret,
	// Hosts and networks that are reached without the proxy, as NO_PROXY says it: the clusters, most often.
	//
	// +optional
	noProxy string,
	// Authorities in PEM, besides the image's own, that sign what the proxy or the mirror shows.
	//
	// +optional
	caBundle *dagger.File,
) *PaletteEcr {
	next := *m
	next.Network = &Network{Proxy: proxy, NoProxy: noProxy, CaBundle: caBundle}
	return &next
}

// apply gives a container the network's settings.
func (n *Network) apply(c *dagger.Container) *dagger.Container {
	if n.CaBundle != nil {
		bundle := &Mount{Path: "/run/ca-bundle.pem", File: n.CaBundle}
		c = bundle.give(c).WithEnvVariable("AWS_CA_BUNDLE", bundle.Path)
	}
	if n.Proxy != nil {
		c = c.WithSecretVariable("HTTPS_PROXY", n.Proxy)
	}
	if n.NoProxy != "" {
		c = c.WithEnvVariable("NO_PROXY", n.NoProxy)
	}
	return c
}
