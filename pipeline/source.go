package pipeline

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// hueRegistry is hue.ociRegistry in a release's merged values. It holds a password: it is never shown.
type hueRegistry struct {
	Endpoint   string `json:"endpoint"`
	Repository string `json:"repository"`
	Insecure   bool   `json:"insecure"`
	BasicAuth  struct {
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

// reach tells how to get at the registry that hue's settings name: past a port-forward when it is a Service of the
// hub.
func (s *session) reach(ctx context.Context, h hueRegistry) (registry.Repository, copy.Access, error) {
	at, err := h.address()
	if err != nil {
		return at, copy.Access{}, err
	}
	s.report.Hide(h.BasicAuth.Password)
	access := copy.Access{PlainHTTP: h.Insecure, Username: h.BasicAuth.Username, Password: h.BasicAuth.Password}
	service, namespace, port, inCluster := serviceOf(at.Registry.Host, h.Insecure)
	if !inCluster {
		access.HTTPClient = s.HTTPClient
		return at, access, nil
	}
	dial, stop, err := s.hub.Forward(ctx, namespace, service, port)
	if err != nil {
		return at, access, fmt.Errorf("reaching the source registry %s: %w", at.Registry.Host, err)
	}
	s.later(stop)
	access.Dial = dial
	return at, access, nil
}

// serviceOf takes the name of a Service in the cluster apart: <service>.<namespace>.svc[.<cluster domain>][:port].
func serviceOf(host string, plain bool) (service, namespace string, port int, ok bool) {
	name, portText, err := net.SplitHostPort(host)
	if err != nil {
		name, portText = host, "443"
		if plain {
			portText = "80"
		}
	}
	labels := strings.Split(name, ".")
	if len(labels) < 3 || labels[2] != "svc" {
		return "", "", 0, false
	}
	port, err = strconv.Atoi(portText)
	return labels[0], labels[1], port, err == nil
}
