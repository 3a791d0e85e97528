package source

import (
	"fmt"
	"net/http"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Sealed is what it takes to reach a registry from a pod beside it, which may read no Secret itself. It holds
// credentials: it travels only as a Secret.
type Sealed struct {
	Settings mural.Registry               `json:"settings"`
	Secrets  map[string]map[string][]byte `json:"secrets,omitempty"` // those that the settings name, by name
	Plain    bool                         `json:"plain"`             // it speaks plain HTTP
}

// Open prepares to reach the registry by its own name, as Flux does. Nothing is asked yet.
func (s Sealed) Open(client *http.Client) (registry.Repository, copy.Access, error) {
	address, err := s.Settings.Address()
	if err != nil {
		return address, copy.Access{}, err
	}
	held := &secrets{username: s.Settings.BasicAuth.Username, password: s.Settings.BasicAuth.Password}
	for _, each := range held.named(s.Settings, address.Registry.Host) {
		if err := each.take(s.Secrets[each.name]); err != nil {
			return address, copy.Access{}, fmt.Errorf("reading Secret %s, which %s names: %w", each.name, each.key, err)
		}
	}
	transport := transportOf(client)
	transport.Proxy = nil // no proxy reaches into the cluster
	if held.proxy != nil {
		transport.Proxy = http.ProxyURL(held.proxy)
	}
	transport.TLSClientConfig = held.tls(transport.TLSClientConfig, s.Settings.Insecure)
	return address, copy.Access{
		PlainHTTP: s.Plain, Username: held.username, Password: held.password, HTTPClient: &http.Client{Transport: transport},
	}, nil
}
