package source

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// tunnels lead to Services of the cluster; what is not a Service is dialed as it is.
type tunnels struct {
	cluster   *cluster.Cluster
	namespace string // of names without one

	mu   sync.Mutex
	open map[string]*cluster.Tunnel // by host and port
	not  map[string]bool            // hosts that are not Services
}

// to opens a tunnel to a host unless it is outside the cluster, and returns the Service's name.
func (t *tunnels) to(ctx context.Context, host string, schemes []string) (service string, err error) {
	for _, scheme := range schemes {
		address := withPort(host, scheme)
		name, namespace, port, ok, err := t.service(ctx, address)
		if err != nil || !ok {
			return "", err
		}
		if _, err = t.tunnel(ctx, address, name, namespace, port); err == nil {
			return namespace + "/" + name, nil
		}
		// A host without a port means 443, then 80: the Service may have either.
		if strings.HasSuffix(host, ":"+strconv.Itoa(port)) || scheme == schemes[len(schemes)-1] {
			return "", err
		}
	}
	return "", nil
}

// dial is for http.Transport: a registry or a proxy may be in the cluster.
func (t *tunnels) dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, namespace, port, ok, err := t.service(ctx, address)
	if err != nil {
		return nil, err
	}
	if !ok {
		return outside.DialContext(ctx, network, address)
	}
	tunnel, err := t.tunnel(ctx, address, name, namespace, port)
	if err != nil {
		return nil, err
	}
	return tunnel.DialContext(ctx, network, address)
}

func (t *tunnels) tunnel(ctx context.Context, address, name, namespace string, port int) (*cluster.Tunnel, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if open := t.open[address]; open != nil {
		return open, nil
	}
	open, err := t.cluster.Tunnel(ctx, namespace, name, port)
	if err != nil {
		return nil, err
	}
	if t.open == nil {
		t.open = map[string]*cluster.Tunnel{}
	}
	t.open[address] = open
	return open, nil
}

// service reports whether an address is a Service of the cluster. Pods also know short names, which only the cluster
// can tell from names outside it.
func (t *tunnels) service(ctx context.Context, address string) (name, namespace string, port int, ok bool, err error) {
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return "", "", 0, false, nil
	}
	if port, err = strconv.Atoi(portText); err != nil || net.ParseIP(host) != nil {
		return "", "", 0, false, nil
	}
	labels := strings.Split(host, ".")
	switch {
	case len(labels) >= 3 && labels[2] == "svc":
		return labels[0], labels[1], port, true, nil
	case len(labels) > 2 || host == "localhost":
		return "", "", 0, false, nil
	}
	name, namespace = labels[0], t.namespace
	if len(labels) == 2 {
		namespace = labels[1]
	}
	ok, err = t.exists(ctx, namespace, name)
	return name, namespace, port, ok, err
}

func (t *tunnels) exists(ctx context.Context, namespace, name string) (bool, error) {
	t.mu.Lock()
	known := t.not[namespace+"/"+name]
	t.mu.Unlock()
	if known || t.cluster == nil {
		return false, nil
	}
	var found corev1.Service
	err := t.cluster.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &found)
	if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.not == nil {
			t.not = map[string]bool{}
		}
		t.not[namespace+"/"+name] = true
		return false, nil
	}
	return err == nil, err
}

func (t *tunnels) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, open := range t.open {
		_ = open.Close()
	}
	t.open = nil
}

// withPort adds the scheme's port to a host without one.
func withPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "443"
	if scheme == "http" {
		port = "80"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}
