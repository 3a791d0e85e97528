package cli_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// apiserver starts a stand-in for an API server in whose cluster there is nothing, and notes every request: so a
// script sees that nothing was written.
func apiserver(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	requests, err := os.Create(path + ".requests")
	ts.Check(err)
	notes := log.New(requests, "", 0)
	silent := len(args) > 1 && args[1] == "silent"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		notes.Println(r.Method, r.URL.Path)
		if silent {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/api":
			fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
		case r.URL.Path == "/version":
			fmt.Fprint(w, `{"gitVersion":"v1.34.4"}`)
		case strings.HasSuffix(r.URL.Path, "/secrets"):
			fmt.Fprint(w, `{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":[]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
		}
	}))
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
		requests.Close()
	})
	ts.Check(os.WriteFile(path, kubeconfig(server.URL), 0o600))
}

func ociregistry(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewTLSServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	ts.Defer(server.Close)
	ts.Setenv(args[0], strings.TrimPrefix(server.URL, "https://"))
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), certificate, 0o600))
}

// unreachable is the path of a kubeconfig that leads nowhere.
func unreachable(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(path, kubeconfig("http://127.0.0.1:1"), 0o600))
	return path
}

func kubeconfig(server string) []byte {
	return []byte(`apiVersion: v1
kind: Config
current-context: empty
clusters: [{name: empty, cluster: {server: "` + server + `"}}]
contexts: [{name: empty, context: {cluster: empty, user: empty}}]
users: [{name: empty, user: {token: none}}]
`)
}
