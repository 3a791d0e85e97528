package source

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
)

const namespace = "mural-system"

func secret(name string, data map[string]string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Data: map[string][]byte{}}
	for key, value := range data {
		s.Data[key] = []byte(value)
	}
	return s
}

func hub(objects ...client.Object) *cluster.Cluster {
	return &cluster.Cluster{Name: "hub", Context: "hub", Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).Build()}
}

// zot is a registry that answers 401 on /v2/, as one with htpasswd does.
func zot(t *testing.T, start func(http.Handler) *httptest.Server) *httptest.Server {
	t.Helper()
	server := start(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	return server
}

func withTLS(h http.Handler) *httptest.Server { return httptest.NewTLSServer(h) }

// withHTTP2 speaks it where a client offers it, as Zot does over TLS.
func withHTTP2(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	return s
}

// withMutualTLS lets in only who has the server's own certificate.
func withMutualTLS(h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.StartTLS()
	return s
}

func hostOfServer(s *httptest.Server) string {
	_, host, _ := strings.Cut(s.URL, "://")
	return host
}

func authority(s *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func clientPair(t *testing.T, s *httptest.Server) (certificate, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	return authority(s), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func TestRegistriesAreReachedAsFluxReachesThem(t *testing.T) {
	t.Parallel()
	plain, secure, mutual := zot(t, httptest.NewServer), zot(t, withTLS), zot(t, withMutualTLS)
	certificate, key := clientPair(t, mutual)
	c := hub(
		secret("ca", map[string]string{"ca.crt": authority(secure)}),
		secret("old-keys", map[string]string{"caFile": authority(secure)}),
		secret("client", map[string]string{"ca.crt": authority(mutual), "tls.crt": certificate, "tls.key": key}),
		secret("empty", nil),
		secret("no-pem", map[string]string{"ca.crt": "s3cret"}),
		secret("half", map[string]string{"tls.crt": certificate}),
		secret("no-key", map[string]string{"tls.crt": certificate, "tls.key": "s3cret"}),
	)
	tests := map[string]struct {
		server   *httptest.Server
		settings mural.Registry
		plain    bool
		fails    string
		remedy   string
	}{
		"plain HTTP, insecure":          {server: plain, settings: mural.Registry{Insecure: true}, plain: true},
		"plain HTTP of a local address": {server: plain, plain: true},
		"own authority":                 {server: secure, settings: mural.Registry{CertSecretName: "ca"}},
		"older keys":                    {server: secure, settings: mural.Registry{CertSecretName: "old-keys"}},
		"HTTPS, insecure":               {server: secure, settings: mural.Registry{Insecure: true}},
		"insecure with an authority":    {server: secure, settings: mural.Registry{Insecure: true, CertSecretName: "ca"}},
		"client certificate":            {server: mutual, settings: mural.Registry{CertSecretName: "client"}},
		"no authority":                  {server: secure, fails: "certificate signed by unknown authority", remedy: "hue.ociRegistry.certSecretName"},
		"no client certificate":         {server: mutual, settings: mural.Registry{Insecure: true}, fails: "certificate required", remedy: "tls.crt and tls.key"},
		"no such Secret":                {server: secure, settings: mural.Registry{CertSecretName: "none"}, fails: "reading Secret mural-system/none, which certSecretName names, on cluster \"hub\"", remedy: "kubectl --context hub --namespace mural-system get secret none"},
		"empty Secret":                  {server: secure, settings: mural.Registry{CertSecretName: "empty"}, fails: "neither ca.crt nor tls.crt", remedy: "correct the Secret"},
		"not PEM":                       {server: secure, settings: mural.Registry{CertSecretName: "no-pem"}, fails: "its ca.crt holds no certificate", remedy: "correct the Secret"},
		"half a pair":                   {server: secure, settings: mural.Registry{CertSecretName: "half"}, fails: "belong together", remedy: "correct the Secret"},
		"not a key":                     {server: secure, settings: mural.Registry{CertSecretName: "no-key"}, fails: "are not a certificate and its key", remedy: "correct the Secret"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := test.settings
			s.Endpoint, s.Repository, s.BasicAuth.Username, s.BasicAuth.Password = "oci://"+hostOfServer(test.server), "mural-workloads", "admin", "s3cret"
			r, err := Open(t.Context(), c, s, Options{Namespace: namespace})
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				assert.Contains(t, fault.RemedyOf(err), test.remedy)
				assert.NotContains(t, err.Error(), "s3cret")
				assert.NotContains(t, fault.RemedyOf(err), "AWS_CA_BUNDLE", "that has no effect on this connection")
				return
			}
			require.NoError(t, err)
			defer r.Close()
			assert.Equal(t, test.plain, r.Access.PlainHTTP)
			assert.Equal(t, "admin", r.Access.Username)
			assert.Equal(t, "s3cret", r.Access.Password)
			scheme := "https://"
			if test.plain {
				scheme = "http://"
			}
			response, err := r.Access.HTTPClient.Get(scheme + hostOfServer(test.server) + "/v2/")
			require.NoError(t, err)
			defer response.Body.Close()
			assert.Equal(t, http.StatusUnauthorized, response.StatusCode)
		})
	}
}

// TestHTTP1IsSpokenWithARegistryThatHasHTTP2, whatever client the registry's is made of: that of the command line offers
// HTTP/2, and what was offered and not understood ended as "malformed HTTP response".
func TestHTTP1IsSpokenWithARegistryThatHasHTTP2(t *testing.T) {
	t.Parallel()
	server := zot(t, withHTTP2)
	c := hub(secret("ca", map[string]string{"ca.crt": authority(server)}))
	user, err := ecr.HTTPClient(func(string) string { return "" })
	require.NoError(t, err)
	for name, given := range map[string]*http.Client{"none": nil, "the user's": user} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mural.Registry{Endpoint: "oci://" + hostOfServer(server), Repository: "mural-workloads", CertSecretName: "ca"}
			r, err := Open(t.Context(), c, s, Options{Namespace: namespace, HTTPClient: given})
			require.NoError(t, err)
			defer r.Close()
			response, err := r.Access.HTTPClient.Get(server.URL + "/v2/")
			require.NoError(t, err)
			defer response.Body.Close()
			assert.Equal(t, "HTTP/1.1", response.Proto)

			_, access, err := Sealed{Settings: s, Secrets: r.Sealed.Secrets}.Open(given)
			require.NoError(t, err)
			response, err = access.HTTPClient.Get(server.URL + "/v2/")
			require.NoError(t, err)
			defer response.Body.Close()
			assert.Equal(t, "HTTP/1.1", response.Proto)
		})
	}
}

func TestAProxyOfASecretIsTaken(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.Method + " " + r.Host + " " + r.Header.Get("Proxy-Authorization")
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway) // it has no TLS there
			return
		}
		w.WriteHeader(http.StatusOK)
	}))
	defer proxy.Close()
	c := hub(secret("proxy", map[string]string{"address": proxy.URL, "username": "ann", "password": "s3cret"}), secret("bad", map[string]string{"address": "s3cret:1"}))
	s := mural.Registry{Endpoint: "oci://registry.example.com:5000", Repository: "mural-workloads", Insecure: true, ProxySecretName: "proxy"}
	r, err := Open(t.Context(), c, s, Options{Namespace: namespace})
	require.NoError(t, err)
	defer r.Close()
	assert.True(t, r.Access.PlainHTTP)
	assert.Contains(t, r.Via, "through proxy 127.0.0.1")
	assert.NotContains(t, r.Via, "s3cret")
	credentials := "Basic " + base64.StdEncoding.EncodeToString([]byte("ann:s3cret"))
	assert.Equal(t, "CONNECT registry.example.com:5000 "+credentials, <-asked)
	assert.Equal(t, "GET registry.example.com:5000 "+credentials, <-asked)

	s.ProxySecretName = "bad"
	_, err = Open(t.Context(), c, s, Options{Namespace: namespace})
	require.ErrorContains(t, err, "its address is not the URL of a proxy")
	assert.NotContains(t, err.Error(), "s3cret")
}

func TestCredentialsOfASecret(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"fields": `{"auths": {"zot:5000": {"username": "admin", "password": "pass:word"}}}`,
		"auth":   `{"auths": {"other": {}, "https://zot:5000/v2/": {"auth": "` + base64.StdEncoding.EncodeToString([]byte("admin:pass:word")) + `"}}}`,
	} {
		var s secrets
		require.NoError(t, s.takeCredentials(map[string][]byte{".dockerconfigjson": []byte(config)}, "zot:5000"), name)
		assert.Equal(t, "admin pass:word", s.username+" "+s.password, name)
	}
	var s secrets
	require.ErrorContains(t, s.takeCredentials(map[string][]byte{".dockerconfigjson": []byte(`{}`)}, "zot:5000"), "no credentials for zot:5000")
	require.ErrorContains(t, s.takeCredentials(nil, "zot:5000"), "it holds no .dockerconfigjson")
}

func TestServicesAreToldFromHostsOutside(t *testing.T) {
	t.Parallel()
	zot := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "zot"}}
	for host, want := range map[string]string{
		"zot.mural-system.svc.cluster.local:5000":          "mural-system/zot",
		"zot.mural-system.svc:5000":                        "mural-system/zot",
		"zot.other.svc.corp.example:80":                    "other/zot", // written in full, nobody needs to ask
		"zot:5000":                                         "mural-system/zot",
		"zot.mural-system:5000":                            "mural-system/zot",
		"zot.other:5000":                                   "",
		"registry:5000":                                    "",
		"registry.example.com:5000":                        "",
		"svc.example.com:443":                              "",
		"10.0.0.7:5000":                                    "",
		"[fd00::7]:5000":                                   "",
		"localhost:5000":                                   "",
		"123456789012.dkr.ecr.us-east-1.amazonaws.com:443": "",
		"zot.mural-system.svc:http":                        "",
	} {
		tunnels := &tunnels{cluster: hub(zot), namespace: namespace}
		name, in, _, ok, err := tunnels.service(t.Context(), host)
		require.NoError(t, err)
		got := ""
		if ok {
			got = in + "/" + name
		}
		assert.Equal(t, want, got, host)
	}
}

func TestSchemesAreThoseOfFlux(t *testing.T) {
	t.Parallel()
	both, secure := []string{"https", "http"}, []string{"https"}
	for host, want := range map[string][]string{
		"zot.mural-system.svc.cluster.local:5000": both,
		"10.0.0.7:5000": both, "127.0.0.1:5000": both, "[::1]:5000": both, "localhost": both,
		"zot.mural-system.svc:5000": secure, "registry.example.com": secure, "8.8.8.8:5000": secure, "local.example.com:80": secure,
	} {
		assert.Equal(t, want, schemes(mural.Registry{}, host), host)
		assert.Equal(t, both, schemes(mural.Registry{Insecure: true}, host), host)
	}
	assert.Equal(t, "zot:443", withPort("zot", "https"))
	assert.Equal(t, "[fd00::7]:80", withPort("[fd00::7]", "http"))
	assert.Equal(t, "zot:5000", withPort("zot:5000", "http"))
}

func TestTheReasonIsThatOfTLS(t *testing.T) {
	t.Parallel()
	c := hub()
	err := unreachable(c, "zot", mural.Registry{CertSecretName: "zot-ca"}, namespace, []error{x509.UnknownAuthorityError{}})
	assert.Contains(t, fault.RemedyOf(err), "into ca.crt of Secret mural-system/zot-ca")
	for remedy, cause := range map[string]error{
		"valid and has this name": &url.Error{Op: "Get", Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "zot"}},
		"insecure: true":          &url.Error{Op: "Get", Err: http.ErrSchemeMismatch},
		"check the address":       &url.Error{Op: "Get", Err: http.ErrServerClosed},
	} {
		err := unreachable(c, "zot", mural.Registry{}, namespace, []error{cause, http.ErrHandlerTimeout})
		assert.Contains(t, fault.RemedyOf(err), remedy)
	}
}

func TestAServiceNeedsAPod(t *testing.T) {
	t.Parallel()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "zot"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "zot"}, Ports: []corev1.ServicePort{{Port: 5000}}}}
	_, err := Open(t.Context(), hub(service), mural.Registry{Endpoint: "oci://zot:5000", Repository: "w", Insecure: true}, Options{Namespace: namespace})
	require.ErrorContains(t, err, "reaching the source registry zot:5000: forwarding a port to Service mural-system/zot on cluster \"hub\": none of its 0 pods is ready")
}
