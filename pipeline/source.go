package pipeline

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// registryOf reads hue.ociRegistry, and whether Zot is on, from a release's merged values.
func registryOf(merged map[string]any) (hue mural.Registry, zot bool, err error) {
	v, err := mural.Read(merged)
	return v.Hue, v.Zot, err
}

// reach tells how to get at the registry that hue's settings name: past a port-forward when it is a Service of the
// hub.
func (s *session) reach(ctx context.Context, h mural.Registry) (registry.Repository, copy.Access, error) {
	at, err := h.Address()
	if err != nil {
		return at, copy.Access{}, err
	}
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
