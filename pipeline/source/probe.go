package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

// schemes are those that Flux tries, in its order. Its registry library falls back to plain HTTP with insecure: true,
// and also for names and addresses that it takes for local, which cluster.local is.
func schemes(s mural.Registry, host string) []string {
	if s.Insecure || isLocal(host) {
		return []string{"https", "http"}
	}
	return []string{"https"}
}

var localName = regexp.MustCompile(`\.local(?:host)?$`)

func isLocal(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	if address, err := netip.ParseAddr(name); err == nil {
		return address.IsLoopback() || address.Is4() && address.IsPrivate()
	}
	return name == "localhost" || localName.MatchString(name)
}

// probe asks the registry for its version page, and reports whether it must be asked over plain HTTP.
func probe(ctx context.Context, c *cluster.Cluster, client *http.Client, host string, s mural.Registry, namespace string) (plain bool, err error) {
	var failures []error
	for _, scheme := range schemes(s, host) {
		err := ask(ctx, client, scheme+"://"+host+"/v2/")
		if err == nil {
			return scheme == "http", nil
		}
		failures = append(failures, err)
		if ctx.Err() != nil {
			break
		}
	}
	return false, unreachable(c, host, s, namespace, failures)
}

// ask succeeds when a registry answers, also with 401: credentials come later.
func ask(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("User-Agent", "palette-ecr")
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	_ = response.Body.Close()
	if response.StatusCode == http.StatusBadRequest && strings.HasPrefix(url, "http://") {
		return fmt.Errorf("Get %q: it answers %s: it wants HTTPS", url, response.Status) //nolint:staticcheck // as net/http's own errors begin
	}
	return nil
}

// unreachable says why, and what to try: what is wrong with TLS matters more than what plain HTTP said afterwards.
func unreachable(c *cluster.Cluster, host string, s mural.Registry, namespace string, failures []error) error {
	first := failures[0]
	var (
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		notTLS   tls.RecordHeaderError
		wanted   *tls.AlertError
		deadline = errors.Is(first, context.DeadlineExceeded)
	)
	remedy := "check the address in the registry settings, and that the registry is up"
	switch {
	case errors.As(first, &unknown) && s.CertSecretName != "":
		remedy = fmt.Sprintf("put the authority that signed the registry's certificate into ca.crt of Secret %s/%s", namespace, s.CertSecretName)
	case errors.As(first, &unknown):
		remedy = fmt.Sprintf("name a Secret of namespace %s with the registry's authority (ca.crt) in hue.ociRegistry.certSecretName, as Flux needs it too", namespace)
	case errors.As(first, &name), errors.As(first, &invalid):
		remedy = "give the registry a certificate that is valid and has this name, or a name that the certificate has to the endpoint"
	case errors.As(first, &wanted), strings.Contains(first.Error(), "certificate required"), strings.Contains(first.Error(), "bad certificate"):
		remedy = fmt.Sprintf("the registry asks for a client certificate: put tls.crt and tls.key into the Secret of namespace %s that hue.ociRegistry.certSecretName names", namespace)
	case errors.As(first, &notTLS) || errors.Is(first, http.ErrSchemeMismatch):
		remedy = "the registry speaks plain HTTP: set insecure: true in the registry settings, as Flux needs it too"
	case deadline:
		remedy = fmt.Sprintf("see whether the registry runs with `%s`", c.Kubectl("--namespace %s get pods", namespace))
	}
	return fault.New(fault.Failed, remedy, "reaching the source registry %s: %w", host, errors.Join(failures...))
}
