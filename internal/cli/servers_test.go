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
	"sigs.k8s.io/yaml"
)

// apiserver starts a stand-in for an API server, and notes every request: so a script sees that nothing was written. In
// its cluster there are the ConfigMaps and Secrets of a file, or nothing; what has forbidden: true may not be read. A
// silent one never answers; one that forbids says only which APIs it has.
func apiserver(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	requests, err := os.Create(path + ".requests")
	ts.Check(err)
	notes := log.New(requests, "", 0)
	silent, forbids := len(args) > 1 && args[1] == "silent", len(args) > 1 && args[1] == "forbids"
	objects := inCluster{}
	if len(args) > 1 && !silent && !forbids {
		objects = readObjects(ts, args[1])
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		notes.Println(r.Method, r.URL.Path)
		if silent {
			<-r.Context().Done()
			return
		}
		if forbids && strings.Contains(r.URL.Path, "/namespaces/") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"secrets is forbidden: User \"ada\" cannot list resource \"secrets\" in API group \"\" in the namespace \"mural-system\""}`)
			return
		}
		objects.serve(w, r.URL.Path)
	}))
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
		requests.Close()
	})
	ts.Check(os.WriteFile(path, kubeconfig(server.URL), 0o600))
}

// readObjects reads the manifests that a script has in a file.
func readObjects(ts *testscript.TestScript, file string) inCluster {
	objects := inCluster{}
	for text := range strings.SplitSeq(ts.ReadFile(file), "\n---\n") {
		var object struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
		}
		ts.Check(yaml.Unmarshal([]byte(text), &object))
		data, err := yaml.YAMLToJSON([]byte(text))
		ts.Check(err)
		objects[fmt.Sprintf("/api/v1/namespaces/%s/%ss/%s", object.Metadata.Namespace, strings.ToLower(object.Kind), object.Metadata.Name)] = string(data)
	}
	return objects
}

// inCluster are the objects of a cluster, as JSON, by the path at which an API server has them.
type inCluster map[string]string

// lists are the kinds of which there is none.
var lists = map[string]string{"deployments": "DeploymentList", "statefulsets": "StatefulSetList", "daemonsets": "DaemonSetList", "pods": "PodList"}

func (c inCluster) serve(w http.ResponseWriter, path string) {
	w.Header().Set("Content-Type", "application/json")
	switch {
	case path == "/api":
		fmt.Fprint(w, `{"kind":"APIVersions","versions":["v1"]}`)
	case path == "/api/v1":
		fmt.Fprint(w, `{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"secrets","kind":"Secret","namespaced":true},{"name":"configmaps","kind":"ConfigMap","namespaced":true},{"name":"pods","kind":"Pod","namespaced":true},{"name":"namespaces","kind":"Namespace"}]}`)
	case path == "/apis/apps/v1":
		fmt.Fprint(w, `{"kind":"APIResourceList","groupVersion":"apps/v1","resources":[{"name":"deployments","kind":"Deployment","namespaced":true},{"name":"statefulsets","kind":"StatefulSet","namespaced":true},{"name":"daemonsets","kind":"DaemonSet","namespaced":true}]}`)
	case path == "/apis":
		fmt.Fprint(w, `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}]}`)
	case path == "/version":
		fmt.Fprint(w, `{"gitVersion":"v1.34.4"}`)
	case strings.Contains(c[path], `"forbidden":true`):
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"forbidden","code":403}`)
	case c[path] != "":
		fmt.Fprint(w, c[path])
	case lists[filepath.Base(path)] != "":
		fmt.Fprintf(w, `{"kind":%q,"apiVersion":%q,"metadata":{},"items":[]}`, lists[filepath.Base(path)], strings.TrimPrefix(strings.TrimPrefix(strings.Split(path, "/namespaces/")[0], "/apis/"), "/api/"))
	case strings.HasSuffix(path, "/secrets"):
		var items []string
		for at, object := range c {
			if strings.HasPrefix(at, path+"/") {
				items = append(items, object)
			}
		}
		fmt.Fprintf(w, `{"kind":"SecretList","apiVersion":"v1","metadata":{},"items":[%s]}`, strings.Join(items, ","))
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","details":{"name":%q},"code":404}`, filepath.Base(path))
	}
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
