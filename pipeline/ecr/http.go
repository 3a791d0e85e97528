package ecr

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// connectionsPerHost is how many idle connections are kept to one registry: as many as copy uses at once.
const connectionsPerHost = 32

// HTTPClient makes the one HTTP client for the AWS SDK, the registry and Helm's OCI registries alike. It
// honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY (also in lower case) and AWS_CA_BUNDLE, a PEM file of
// authorities that is added to the system's. The environment is given as a function such as os.Getenv. A
// proxy or a bundle that can't be used is a *fault.Error with code Usage.
func HTTPClient(env func(string) string) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 4 * connectionsPerHost
	transport.MaxIdleConnsPerHost = connectionsPerHost
	transport.ReadBufferSize, transport.WriteBufferSize = 32<<10, 32<<10 // Go's 4 KiB are many system calls for an artifact
	transport.ResponseHeaderTimeout = 5 * time.Minute                    // a registry hashes a whole layer before it answers

	proxy, err := proxyFrom(env)
	if err != nil {
		return nil, err
	}
	transport.Proxy = proxy
	authorities, err := authoritiesFrom(env)
	if err != nil {
		return nil, err
	}
	if authorities != nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authorities}
	}
	return &http.Client{Transport: transport}, nil
}

func proxyFrom(env func(string) string) (func(*http.Request) (*url.URL, error), error) {
	either := func(lower, upper string) string {
		if v := env(lower); v != "" {
			return v
		}
		return env(upper)
	}
	settings := httpproxy.Config{
		HTTPProxy:  either("http_proxy", "HTTP_PROXY"),
		HTTPSProxy: either("https_proxy", "HTTPS_PROXY"),
		NoProxy:    either("no_proxy", "NO_PROXY"),
	}
	for name, value := range map[string]string{"HTTP_PROXY": settings.HTTPProxy, "HTTPS_PROXY": settings.HTTPSProxy} {
		// As httpproxy reads it: with or without http:// before. It would ignore a wrong one silently.
		_, err := url.Parse(value)
		_, errBare := url.Parse("http://" + value)
		if err != nil && errBare != nil { // the value may hold a password, so the variable alone is quoted
			return nil, fault.New(fault.Usage, "write it as http://host:port", "reading %s: it is not an address", name)
		}
	}
	find := settings.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return find(r.URL) }, nil
}

const bundleRemedy = "set AWS_CA_BUNDLE to a readable PEM file of certificates, or unset it"

// Bundle returns what the file of AWS_CA_BUNDLE holds, or nil when the variable is not set.
func Bundle(env func(string) string) ([]byte, error) {
	path := env("AWS_CA_BUNDLE")
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Usage, bundleRemedy, "reading AWS_CA_BUNDLE: %w", err)
	}
	return pem, nil
}

// authoritiesFrom returns the system's authorities with those of AWS_CA_BUNDLE, or nil when the variable is
// not set.
func authoritiesFrom(env func(string) string) (*x509.CertPool, error) {
	pem, err := Bundle(env)
	if pem == nil || err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.Usage, bundleRemedy, "reading AWS_CA_BUNDLE %q: no certificate in it", env("AWS_CA_BUNDLE"))
	}
	return pool, nil
}
