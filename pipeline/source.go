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
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// dial returns how to reach the registry that hue's settings name: through a port-forward when it is a Service of the
// hub. The caller calls stop when it is done.
func dial(ctx context.Context, w *world.World, settings mural.Registry) (at registry.Repository, access copy.Access, stop func(), err error) {
	stop = func() {}
	if at, err = settings.Address(); err != nil {
		return at, access, stop, err
	}
	access = copy.Access{PlainHTTP: settings.Insecure, Username: settings.BasicAuth.Username, Password: settings.BasicAuth.Password}
	service, namespace, port, inCluster := serviceOf(at.Registry.Host, settings.Insecure)
	if !inCluster {
		access.HTTPClient = w.HTTPClient
		return at, access, stop, nil
	}
	dial, closed, err := w.Hub.Forward(ctx, namespace, service, port)
	if err != nil {
		return at, access, stop, fmt.Errorf("reaching the source registry %s: %w", at.Registry.Host, err)
	}
	access.Dial = dial
	return at, access, closed, nil
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
