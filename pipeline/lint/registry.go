package lint

import (
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// registrySettings is an ociRegistry: hue's, or a spoke's.
type registrySettings struct {
	name string // hue, or the spoke's
	hub  bool
	item setting // of a spoke: its whole entry
	at   setting

	endpoint, repository, provider, insecure, basicAuth setting
	url                                                 string // endpoint, a slash, and repository
	address
}

// address is an endpoint taken apart.
type address struct {
	registry.Registry
	err   error
	looks looks
}

// looks is what an endpoint is meant to be, also when it is wrong.
type looks int

const (
	other looks = iota
	private
	public
)

var (
	privateHost = regexp.MustCompile(`\.dkr[.-]ecr`)
	publicHost  = regexp.MustCompile(`public[.-]?([a-z0-9-]+\.)?ecr\.aws|ecr-public|public\.ecr\.`)
)

func (v *view) registryAt(at setting, name string) registrySettings {
	r := registrySettings{
		name: name, at: at,
		endpoint: at.sub(mural.Endpoint), repository: at.sub(mural.Repository), provider: at.sub(mural.Provider),
		insecure: at.sub(mural.Insecure), basicAuth: at.sub(mural.BasicAuth),
	}
	endpoint := r.endpoint.text()
	known, ok := v.addresses[endpoint]
	if !ok {
		known.Registry, known.err = registry.Parse(endpoint)
		switch {
		case publicHost.MatchString(endpoint):
			known.looks = public
		case privateHost.MatchString(endpoint):
			known.looks = private
		}
		v.addresses[endpoint] = known
	}
	r.address = known
	r.url = endpoint + "/" + r.repository.text()
	return r
}

// ecr reports whether the registry is Amazon's, or is meant to be.
func (r *registrySettings) ecr() bool { return r.looks != other || r.IsECR() }

// zot reports whether the endpoint names a registry in the cluster.
func (r *registrySettings) zot() bool {
	if r.ecr() || !r.endpoint.set() {
		return false
	}
	host, _, _ := strings.Cut(strings.TrimPrefix(r.endpoint.text(), "oci://"), "/")
	return inCluster(host)
}

// who names the registry's owner in messages.
func (r *registrySettings) who() string {
	if r.hub {
		return "hue"
	}
	if r.name == "" && r.item.sub(mural.Name).set() {
		return "a spoke whose name can't be read"
	}
	if r.name == "" {
		return "a spoke without a name"
	}
	return "spoke " + r.name
}
