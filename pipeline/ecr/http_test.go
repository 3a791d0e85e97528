package ecr_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// env is an environment for HTTPClient.
func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestProxy(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		url  string
		want string // host of the proxy, "" for none
	}{
		"none":             {nil, "https://api.ecr.us-east-1.amazonaws.com", ""},
		"https":            {map[string]string{"HTTPS_PROXY": "http://proxy:3128"}, "https://api.ecr.us-east-1.amazonaws.com", "proxy:3128"},
		"lower case":       {map[string]string{"https_proxy": "http://proxy:3128"}, "https://api.ecr.us-east-1.amazonaws.com", "proxy:3128"},
		"without a scheme": {map[string]string{"HTTPS_PROXY": "10.0.0.1:3128"}, "https://public.ecr.aws", "10.0.0.1:3128"},
		"not for http":     {map[string]string{"HTTPS_PROXY": "http://proxy:3128"}, "http://zot.example:5000", ""},
		"http":             {map[string]string{"HTTP_PROXY": "http://proxy:3128"}, "http://zot.example:5000", "proxy:3128"},
		"excepted": {map[string]string{"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".amazonaws.com"},
			"https://api.ecr.us-east-1.amazonaws.com", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client, err := ecr.HTTPClient(env(test.env))
			require.NoError(t, err)
			request, err := http.NewRequest(http.MethodGet, test.url, nil)
			require.NoError(t, err)
			got, err := client.Transport.(*http.Transport).Proxy(request)
			require.NoError(t, err)
			if test.want == "" {
				assert.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			assert.Equal(t, test.want, got.Host)
		})
	}
}

func TestAuthorities(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer server.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(bundle, block, 0o600))

	strange, err := ecr.HTTPClient(env(nil))
	require.NoError(t, err)
	_, err = strange.Get(server.URL)
	require.Error(t, err)
	explained := ecr.Explain(err, repository(t))
	assert.Contains(t, fault.RemedyOf(explained), "AWS_CA_BUNDLE")

	trusting, err := ecr.HTTPClient(env(map[string]string{"AWS_CA_BUNDLE": bundle}))
	require.NoError(t, err)
	resp, err := trusting.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
}

// TestAProfileThatIsNotThere is wrong use: it was a failure, and of preflight no proof.
func TestAProfileThatIsNotThere(t *testing.T) {
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	_, err := ecr.Configure(t.Context(), "us-east-1", ecr.Options{Profile: "nosuch"})
	require.ErrorContains(t, err, `it has no profile "nosuch"`)
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "aws configure list-profiles")
}

func TestWrongEnvironment(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, []byte("no certificate\n"), 0o600))
	tests := map[string]struct {
		env  map[string]string
		want string
	}{
		"no such file":   {map[string]string{"AWS_CA_BUNDLE": "/nowhere/ca.pem"}, "/nowhere/ca.pem"},
		"no certificate": {map[string]string{"AWS_CA_BUNDLE": empty}, "no certificate in it"},
		"proxy":          {map[string]string{"HTTPS_PROXY": "http://user:hunter2@pro xy\x7f:1"}, "reading HTTPS_PROXY"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ecr.HTTPClient(env(test.env))
			require.ErrorContains(t, err, test.want)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

// through makes a client that sends every request to the server, whatever host it names.
func through(server *httptest.Server) *http.Client {
	to, _ := url.Parse(server.URL)
	return &http.Client{Transport: rewriting{to.Host, server.Client().Transport}}
}

type rewriting struct {
	host string
	base http.RoundTripper
}

func (r rewriting) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := req.Clone(req.Context())
	sent.Host = req.URL.Host
	sent.URL.Host, sent.URL.Scheme = r.host, "http"
	resp, err := r.base.RoundTrip(sent)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}
