// Package source reaches the registry that workloads are moved away from: Zot in the cluster, or one outside it. It
// does so as Flux does, with the certificates, proxy and credentials of the Secrets that the registry settings name,
// and through the API server where the registry is a Service of the cluster.
package source

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Options say where the settings hold.
type Options struct {
	Namespace  string       // of the release: its Secrets, and Services without a namespace
	HTTPClient *http.Client // for a registry outside the cluster: the user's proxy and authorities; nil is Go's default
}

// Registry is a registry that answers.
type Registry struct {
	Address registry.Repository
	Access  copy.Access
	Via     string // how it is reached, one phrase for people
	Sealed  Sealed // what it takes to reach it from a pod
	tunnels *tunnels
}

// Close ends what leads to the registry.
func (r *Registry) Close() { r.tunnels.close() }

// probeTimeout is for one answer of the registry. It covers a port-forward that has to wait for a pod.
const probeTimeout = 30 * time.Second

// Open reaches the registry that the settings of the live release name, and finds out whether it speaks HTTPS. Close must be called.
func Open(ctx context.Context, c *cluster.Cluster, s mural.Registry, o Options) (*Registry, error) {
	address, err := s.Address()
	if err != nil {
		return nil, err
	}
	secrets, held, err := readSecrets(ctx, c, s, o.Namespace, address.Registry.Host)
	if err != nil {
		return nil, err
	}
	r := &Registry{Address: address, tunnels: &tunnels{cluster: c, namespace: o.Namespace}}
	// Opened first, so that a missing right is an error of its own, and not one of the connection.
	service, err := r.tunnels.to(ctx, address.Registry.Host, schemes(s, address.Registry.Host))
	if err != nil {
		return nil, fmt.Errorf("reaching the source registry %s: %w", address.Registry.Host, err)
	}
	r.Via = "directly"
	transport := transportOf(o.HTTPClient)
	switch {
	case service != "":
		r.Via = fmt.Sprintf("through a port-forward to Service %s", service)
		transport.Proxy = nil // no proxy reaches into the cluster
	case secrets.proxy != nil:
		r.Via = fmt.Sprintf("through proxy %s", secrets.proxy.Host)
		transport.Proxy = http.ProxyURL(secrets.proxy)
	}
	transport.DialContext = r.tunnels.dial
	transport.TLSClientConfig = secrets.tls(transport.TLSClientConfig, s.Insecure)
	client := &http.Client{Transport: transport}
	plain, err := probe(ctx, c, client, address.Registry.Host, s, o.Namespace)
	if err != nil {
		r.Close()
		return nil, err
	}
	if plain {
		r.Via += ", plain HTTP"
	}
	r.Sealed = Sealed{Settings: s, Secrets: held, Plain: plain}
	r.Access = copy.Access{PlainHTTP: plain, Username: secrets.username, Password: secrets.password, HTTPClient: client}
	return r, nil
}

// transportOf copies a client's transport, so that it can be changed.
func transportOf(c *http.Client) *http.Transport {
	if c != nil {
		if t, ok := c.Transport.(*http.Transport); ok {
			return own(t)
		}
	}
	return own(http.DefaultTransport.(*http.Transport)) //nolint:forcetypeassert // Go's own is one
}

func own(t *http.Transport) *http.Transport {
	t = t.Clone()
	t.MaxIdleConnsPerHost = 32
	t.ResponseHeaderTimeout = 2 * time.Minute
	// Some hundred streams in one port-forwarded connection wait for each other. A clone of a transport that speaks HTTP/2
	// has it in what it offers, too: a server that takes the offer would not be understood.
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	if t.TLSClientConfig != nil {
		t.TLSClientConfig.NextProtos = nil
	}
	return t
}

var outside net.Dialer

// usage is an error about the settings of the live release.
func usage(remedy, format string, args ...any) error {
	return fault.New(fault.Refused, remedy, format, args...)
}
