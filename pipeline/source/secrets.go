package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// secrets are what the Secrets of the settings hold. None of it is ever shown.
type secrets struct {
	authorities        *x509.CertPool // nil: only the usual ones
	certificate        *tls.Certificate
	given              bool // a Secret with certificates is named
	proxy              *url.URL
	username, password string
}

// named is a Secret that the settings name: the key that names it, and what is read from it.
type named struct {
	key, name string
	take      func(map[string][]byte) error
}

// named returns the Secrets that count, for a registry's host.
func (s *secrets) named(settings mural.Registry, host string) []named {
	all := []named{
		{mural.CertSecretName, settings.CertSecretName, s.takeCertificates},
		{mural.ProxySecretName, settings.ProxySecretName, s.takeProxy},
	}
	if settings.BasicAuth.Username == "" {
		all = append(all, named{mural.BasicAuthSecretName, settings.BasicAuthSecretName, func(data map[string][]byte) error { return s.takeCredentials(data, host) }})
	}
	return slices.DeleteFunc(all, func(n named) bool { return n.name == "" })
}

// readSecrets reads them from a cluster, and returns what each holds too, by its name.
func readSecrets(ctx context.Context, c *cluster.Cluster, s mural.Registry, namespace, host string) (*secrets, map[string]map[string][]byte, error) {
	found := &secrets{username: s.BasicAuth.Username, password: s.BasicAuth.Password}
	held := map[string]map[string][]byte{}
	for _, each := range found.named(s, host) {
		var secret corev1.Secret
		err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: each.name}, &secret)
		if apierrors.IsForbidden(err) {
			return nil, nil, usage(fmt.Sprintf("make sure that you may get Secrets in namespace %s", namespace), "reading Secret %s/%s, which %s names, on cluster %q: %w", namespace, each.name, each.key, c.Name, err)
		}
		if err != nil {
			return nil, nil, usage(fmt.Sprintf("look with `%s`: Flux needs this Secret to reach the registry", c.Kubectl("--namespace %s get secret %s", namespace, each.name)),
				"reading Secret %s/%s, which %s names, on cluster %q: %w", namespace, each.name, each.key, c.Name, err)
		}
		if err := each.take(secret.Data); err != nil {
			return nil, nil, usage("correct the Secret: Flux reads the same keys", "reading Secret %s/%s, which %s names, on cluster %q: %w", namespace, each.name, each.key, c.Name, err)
		}
		held[each.name] = secret.Data
	}
	return found, held, nil
}

// takeCertificates reads what Flux reads: an authority, or a certificate with its key, or both. The older names of the
// keys count too, as they do for Flux.
func (s *secrets) takeCertificates(data map[string][]byte) error {
	s.given = true
	authority := either(data, "ca.crt", "caFile")
	certificate, key := either(data, "tls.crt", "certFile"), either(data, "tls.key", "keyFile")
	if len(authority) == 0 && len(certificate) == 0 {
		return fmt.Errorf("it has neither ca.crt nor tls.crt")
	}
	if len(authority) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(authority) {
			return fmt.Errorf("its ca.crt holds no certificate in PEM form")
		}
		s.authorities = pool
	}
	switch {
	case len(certificate) == 0 && len(key) == 0:
		return nil
	case len(certificate) == 0 || len(key) == 0:
		return fmt.Errorf("tls.crt and tls.key belong together: one of them is missing")
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		// The cause may quote the key.
		return fmt.Errorf("its tls.crt and tls.key are not a certificate and its key in PEM form")
	}
	s.certificate = &pair
	return nil
}

func either(data map[string][]byte, key, older string) []byte {
	if value, ok := data[key]; ok {
		return value
	}
	return data[older]
}

func (s *secrets) takeProxy(data map[string][]byte) error {
	address, err := url.Parse(strings.TrimSpace(string(data["address"])))
	if err != nil || address.Host == "" || (address.Scheme != "http" && address.Scheme != "https") {
		return fmt.Errorf("its address is not the URL of a proxy")
	}
	if username := string(data["username"]); username != "" {
		address.User = url.UserPassword(username, string(data["password"]))
	}
	s.proxy = address
	return nil
}

// takeCredentials reads a Docker configuration.
func (s *secrets) takeCredentials(data map[string][]byte, host string) error {
	var config struct {
		Auths map[string]struct {
			Username string `json:"username"`
			Password string `json:"password"`
			Auth     string `json:"auth"`
		} `json:"auths"`
	}
	if json.Unmarshal(data[corev1.DockerConfigJsonKey], &config) != nil {
		return fmt.Errorf("it holds no %s", corev1.DockerConfigJsonKey)
	}
	for name, entry := range config.Auths {
		if hostOf(name) != host {
			continue
		}
		s.username, s.password = entry.Username, entry.Password
		if decoded, err := base64.StdEncoding.DecodeString(entry.Auth); err == nil && s.username == "" {
			s.username, s.password, _ = strings.Cut(string(decoded), ":")
		}
		return nil
	}
	return fmt.Errorf("it has no credentials for %s", host)
}

// hostOf takes the host out of a key of a Docker configuration, which may be a URL.
func hostOf(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "https://"), "http://")
	host, _, _ := strings.Cut(name, "/")
	return host
}

// tls is the configuration that Flux would have: a Secret with certificates counts, and only without one does insecure
// turn verification off.
func (s *secrets) tls(base *tls.Config, insecure bool) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if base != nil {
		config = base.Clone()
	}
	switch {
	case s.authorities != nil:
		config.RootCAs = s.authorities
	case !s.given && insecure:
		config.InsecureSkipVerify = true //nolint:gosec // what insecure: true in the release's values means
	}
	if s.certificate != nil {
		config.Certificates = []tls.Certificate{*s.certificate}
	}
	return config
}
