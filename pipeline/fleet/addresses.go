package fleet

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// Addresses returns every address under which Zot is known: what the values of the hub and of each spoke name, and what
// the hub's Services, nodes and Ingresses give it. unseen says what could not be looked at: an address may be missing
// then, so nobody can say that none is used.
func Addresses(ctx context.Context, hub *cluster.Cluster, sources ...string) (known registry.Spellings, unseen []string) {
	for _, source := range sources {
		if source != "" {
			known.AddURL(source)
		}
	}
	a := addresses{ctx: ctx, hub: hub, known: &known}
	for _, source := range sources {
		if name, namespace, ok := registry.ServiceOf(registry.HostOf(source)); ok {
			a.service(name, namespace)
		}
	}
	a.nodes()
	a.ingresses()
	slices.Sort(a.unseen)
	return known, slices.Compact(a.unseen)
}

type addresses struct {
	ctx       context.Context
	hub       *cluster.Cluster
	known     *registry.Spellings
	services  []corev1.Service
	nodePorts []int32
	unseen    []string
}

func (a *addresses) cannot(what string, err error) {
	a.unseen = append(a.unseen, fmt.Sprintf("%s on cluster %q: %v", what, a.hub.Name, err))
}

// service adds a Service of Zot, and those beside it that have the same pods.
func (a *addresses) service(name, namespace string) {
	if slices.ContainsFunc(a.services, func(s corev1.Service) bool { return s.Name == name && s.Namespace == namespace }) {
		return
	}
	var list corev1.ServiceList
	if err := a.hub.Client.List(a.ctx, &list, client.InNamespace(namespace)); err != nil {
		a.cannot("Services of namespace "+namespace, err)
		return
	}
	i := slices.IndexFunc(list.Items, func(s corev1.Service) bool { return s.Name == name })
	if i < 0 {
		return
	}
	for _, s := range list.Items {
		if s.Name == name || len(s.Spec.Selector) > 0 && contains(list.Items[i].Spec.Selector, s.Spec.Selector) {
			a.add(s)
		}
	}
}

// contains reports whether every pod of selector more, which asks for more labels, is one of selector less.
func contains(more, less map[string]string) bool {
	for key, value := range less {
		if more[key] != value {
			return false
		}
	}
	return true
}

func (a *addresses) add(s corev1.Service) {
	a.services = append(a.services, s)
	a.known.AddService(s.Name, s.Namespace)
	for _, ip := range append([]string{s.Spec.ClusterIP}, s.Spec.ClusterIPs...) {
		if ip != "" && ip != corev1.ClusterIPNone {
			a.known.AddHost(bracketed(ip))
		}
	}
	for _, ip := range s.Spec.ExternalIPs {
		a.known.AddHost(bracketed(ip))
	}
	for _, at := range s.Status.LoadBalancer.Ingress {
		a.known.AddHost(at.Hostname)
		if at.IP != "" {
			a.known.AddHost(bracketed(at.IP))
		}
	}
	for _, port := range s.Spec.Ports {
		if port.NodePort != 0 {
			a.nodePorts = append(a.nodePorts, port.NodePort)
		}
	}
}

// nodes adds every node's addresses with Zot's node ports.
func (a *addresses) nodes() {
	if len(a.nodePorts) == 0 {
		return
	}
	var list corev1.NodeList
	if err := a.hub.Client.List(a.ctx, &list); err != nil {
		a.cannot("nodes", err)
		return
	}
	for _, node := range list.Items {
		for _, address := range node.Status.Addresses {
			for _, port := range a.nodePorts {
				a.known.AddHost(net.JoinHostPort(address.Address, strconv.Itoa(int(port))))
			}
		}
	}
}

// ingresses adds the hosts whose rules lead to Zot. A host that leads elsewhere too, such as PaletteAI's own, is known
// as a registry only.
func (a *addresses) ingresses() {
	if len(a.services) == 0 {
		return
	}
	var list networkingv1.IngressList
	if err := a.hub.Client.List(a.ctx, &list); err != nil {
		a.cannot("Ingresses", err)
		return
	}
	toZot, elsewhere := map[string]bool{}, map[string]bool{}
	for _, ingress := range list.Items {
		for _, rule := range ingress.Spec.Rules {
			if rule.HTTP == nil {
				continue
			}
			for _, path := range rule.HTTP.Paths {
				if path.Backend.Service != nil && a.serves(ingress.Namespace, path.Backend.Service.Name) {
					toZot[rule.Host] = true
				} else {
					elsewhere[rule.Host] = true
				}
			}
		}
	}
	for host := range toZot {
		if elsewhere[host] {
			a.known.AddShared(host)
		} else {
			a.known.AddHost(host)
		}
	}
}

func (a *addresses) serves(namespace, name string) bool {
	return slices.ContainsFunc(a.services, func(s corev1.Service) bool { return s.Namespace == namespace && s.Name == name })
}

func bracketed(ip string) string {
	if net.ParseIP(ip) != nil && net.ParseIP(ip).To4() == nil {
		return "[" + ip + "]"
	}
	return ip
}
