package pipeline

import (
	"context"

	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/source"
)

// hueRegistry is hue.ociRegistry in a release's merged values. It holds a password: it is never shown.
type hueRegistry struct {
	Endpoint   string `json:"endpoint"`
	Repository string `json:"repository"`
	Insecure   bool   `json:"insecure"`

	CertSecretName      string `json:"certSecretName"`
	ProxySecretName     string `json:"proxySecretName"`
	BasicAuthSecretName string `json:"basicAuthSecretName"`
	BasicAuth           struct {
		Username string `json:"username"`
		Password string `json:"password"`
	} `json:"basicAuth"`
}

// registryOf reads hue.ociRegistry, and whether Zot is on, from a release's merged values.
func registryOf(merged map[string]any) (hue hueRegistry, zot bool, err error) {
	var v struct {
		Hue struct {
			OCIRegistry hueRegistry `json:"ociRegistry"`
		} `json:"hue"`
		Zot struct {
			Enabled bool `json:"enabled"`
		} `json:"zot"`
	}
	text, err := yaml.Marshal(merged)
	if err == nil {
		err = yaml.Unmarshal(text, &v)
	}
	if err != nil {
		// The cause would quote values, and so perhaps a password.
		return hueRegistry{}, false, fault.New(fault.Refused, "look at it with `helm get values mural --all`", "reading hue.ociRegistry and zot of the live release: they don't have the form that chart mural gives them")
	}
	return v.Hue.OCIRegistry, v.Zot.Enabled, nil
}

// address is the repository that hue's settings name.
func (h hueRegistry) address() (registry.Repository, error) {
	r, err := registry.Parse(h.Endpoint)
	if err != nil {
		return registry.Repository{}, err
	}
	return r.Repository(h.Repository)
}

// reach opens the registry that hue's settings name: through the API server when it is a Service of the hub.
func (s *session) reach(ctx context.Context, h hueRegistry) (registry.Repository, copy.Access, error) {
	opened, err := source.Open(ctx, s.hub, source.Settings{
		Endpoint: h.Endpoint, Repository: h.Repository, Insecure: h.Insecure, Username: h.BasicAuth.Username, Password: h.BasicAuth.Password,
		CertSecret: h.CertSecretName, ProxySecret: h.ProxySecretName, AuthSecret: h.BasicAuthSecretName,
	}, source.Options{Namespace: s.Target.Release.Namespace, HTTPClient: s.HTTPClient})
	if err != nil {
		return registry.Repository{}, copy.Access{}, err
	}
	s.later(opened.Close)
	return opened.Address, opened.Access, nil
}
