package registry

import (
	"maps"
	"net"
	"regexp"
	"slices"
	"strings"
)

// Spellings are the addresses of one registry in a cluster: each form of a Service's name, its cluster IP, a node's
// address with the node port, the host of an Ingress, and what the values of the hub and of each spoke name. The zero
// value knows none.
type Spellings struct {
	services [][2]string     // name and namespace of a Service; any port
	hosts    map[string]bool // in lower case; with a port that one only, else every port
	shared   map[string]bool // hosts that serve other things too: an address is known, a mere mention is not
}

// Clone returns a copy that can be added to by itself.
func (s Spellings) Clone() Spellings {
	return Spellings{services: slices.Clone(s.services), hosts: maps.Clone(s.hosts), shared: maps.Clone(s.shared)}
}

// AddService adds every form of a Service's DNS name: name, name.namespace, name.namespace.svc and the names under the
// cluster's domain, at any port.
func (s *Spellings) AddService(name, namespace string) {
	if service := [2]string{strings.ToLower(name), strings.ToLower(namespace)}; !slices.Contains(s.services, service) {
		s.services = append(s.services, service)
	}
}

// AddHost adds a host. With a port it is known at that port alone, without one at every port.
func (s *Spellings) AddHost(host string) {
	if s.hosts == nil {
		s.hosts = map[string]bool{}
	}
	if host != "" {
		s.hosts[strings.ToLower(host)] = true
	}
}

// AddShared adds a host that serves other things too, such as an Ingress: only a registry's address at it is known,
// not every mention of the host.
func (s *Spellings) AddShared(host string) {
	if s.shared == nil {
		s.shared = map[string]bool{}
	}
	if host != "" {
		s.shared[strings.ToLower(host)] = true
	}
}

// AddURL adds the host of a URL such as oci://zot.mural-system.svc.cluster.local:5000/mural-workloads. The name of a
// Service stands for all of its forms.
func (s *Spellings) AddURL(url string) {
	host := HostOf(url)
	name, namespace, ok := ServiceOf(host)
	switch {
	case ok:
		s.AddService(name, namespace)
	case host != "":
		s.AddHost(host)
	}
}

// Empty reports whether no address is known.
func (s Spellings) Empty() bool { return len(s.services)+len(s.hosts)+len(s.shared) == 0 }

// Names reports whether an address, a URL or the reference of an image, is at the registry.
func (s Spellings) Names(address string) bool {
	host := HostOf(address)
	if !strings.Contains(address, "://") && !strings.ContainsAny(host, ".:[") && host != "localhost" {
		return false // Docker takes zot/app for docker.io/zot/app
	}
	return s.at(host) || s.shared[host] || s.shared[withoutPort(host)]
}

// at reports whether a host is one of the registry's own.
func (s Spellings) at(host string) bool {
	name := withoutPort(host)
	if s.hosts[host] || s.hosts[name] {
		return true
	}
	for _, service := range s.services {
		full := service[0] + "." + service[1]
		if name == service[0] || name == full || name == full+".svc" || strings.HasPrefix(name, full+".svc.") {
			return true
		}
	}
	return false
}

// mention is what may be a host in a text, with the scheme before it.
var mention = regexp.MustCompile(`(?i)((?:oci|https?)://(?:[^\s/@"']+@)?)?((?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::[0-9]{1,5})?)(/?)`)

// Find returns the first mention of the registry in a text. A name without a dot, which may be any word, counts only
// with a scheme before it or a port after it; a host that serves other things too only as the host of an oci:// URL.
func (s Spellings) Find(text string) (string, bool) {
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		scheme, host := strings.ToLower(m[1]), strings.ToLower(m[2])
		word := scheme == "" && !strings.ContainsAny(host, ".:[")
		if !word && s.at(host) {
			return host, true
		}
		if strings.HasPrefix(scheme, "oci://") && (s.shared[host] || s.shared[withoutPort(host)]) {
			return host, true
		}
	}
	return "", false
}

// HostOf returns the host of a URL or of an image's reference, in lower case, with its port.
func HostOf(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	host, _, _ := strings.Cut(address, "/")
	host = host[strings.LastIndex(host, "@")+1:]
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// ServiceOf takes the name of a Service in a cluster apart: <service>.<namespace>.svc[.<cluster domain>][:port].
func ServiceOf(host string) (service, namespace string, ok bool) {
	labels := strings.Split(withoutPort(host), ".")
	if len(labels) < 3 || labels[2] != "svc" || labels[0] == "" || labels[1] == "" {
		return "", "", false
	}
	return labels[0], labels[1], true
}

func withoutPort(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		if strings.Contains(name, ":") {
			return "[" + name + "]"
		}
		return strings.TrimSuffix(name, ".")
	}
	return strings.TrimSuffix(host, ".")
}
