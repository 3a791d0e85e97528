package pipeline

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// apiServers are API servers of a fleet, which count what they are asked.
type apiServers struct {
	lock     sync.Mutex
	asked    map[string]map[string]int // requests by cluster, then by method and path
	running  int
	most     int           // at the same time
	together chan struct{} // closed once as many as may be asked at once have been
}

// taken returns what a cluster was asked since the last time.
func (a *apiServers) taken(name string) map[string]int {
	a.lock.Lock()
	defer a.lock.Unlock()
	asked := a.asked[name]
	a.asked[name] = map[string]int{}
	return asked
}

func (a *apiServers) serve(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.lock.Lock()
		a.asked[name][r.Method+" "+r.URL.Path]++
		a.running++
		a.most = max(a.most, a.running)
		if a.running == cluster.AtOnce && a.most == a.running {
			select {
			case <-a.together:
			default:
				close(a.together)
			}
		}
		a.lock.Unlock()
		select { // who asks one after the other never gets an answer
		case <-a.together:
		case <-r.Context().Done():
		}
		a.lock.Lock()
		a.running-- // before the answer: after it the next request may come
		a.lock.Unlock()
		w.Header().Set("Content-Type", "application/json")
		resource := func(name, kind string) string {
			return fmt.Sprintf(`{"name":%q,"kind":%q,"namespaced":true,"verbs":["get","list","patch"]}`, name, kind)
		}
		resources := func(version string, all ...string) string {
			return fmt.Sprintf(`{"kind":"APIResourceList","groupVersion":%q,"resources":[%s]}`, version, strings.Join(all, ","))
		}
		group := func(name string) string {
			return fmt.Sprintf(`{"name":%[1]q,"versions":[{"groupVersion":"%[1]s/v1","version":"v1"}],"preferredVersion":{"groupVersion":"%[1]s/v1","version":"v1"}}`, name)
		}
		const labels = `"labels":{"app":"source-controller"}`
		answer, ok := map[string]string{
			"/version":                          `{"gitVersion":"v1.34.4"}`,
			"/api":                              `{"kind":"APIVersions","versions":["v1"]}`,
			"/apis":                             `{"kind":"APIGroupList","groups":[` + group("apps") + "," + group("source.toolkit.fluxcd.io") + `]}`,
			"/api/v1":                           resources("v1", resource("pods", "Pod"), resource("serviceaccounts", "ServiceAccount")),
			"/apis/apps/v1":                     resources("apps/v1", resource("deployments", "Deployment")),
			"/apis/source.toolkit.fluxcd.io/v1": resources("source.toolkit.fluxcd.io/v1", resource("ocirepositories", "OCIRepository")),
			"/apis/apps":                        group("apps"),
			"/apis/source.toolkit.fluxcd.io":    group("source.toolkit.fluxcd.io"),
			"/api/v1/namespaces/kube-system":    `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"` + name + `"}}`,
			"/apis/apps/v1/deployments": `{"kind":"DeploymentList","apiVersion":"apps/v1","items":[{"metadata":{"namespace":"flux-system","name":"source-controller"},
				"spec":{"selector":{"matchLabels":{"app":"source-controller"}},"template":{"metadata":{` + labels + `},"spec":{"serviceAccountName":"source-controller"}}}}]}`,
			"/api/v1/namespaces/flux-system/serviceaccounts/source-controller": `{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"namespace":"flux-system","name":"source-controller",
				"annotations":{"eks.amazonaws.com/role-arn":"` + role + `"}}}`,
			"/api/v1/namespaces/flux-system/pods": `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"namespace":"flux-system","name":"sc-1",` + labels + `},
				"spec":{"containers":[{"name":"manager","env":[{"name":"AWS_ROLE_ARN","value":"` + role + `"}]}]}}]}`,
			"/apis/source.toolkit.fluxcd.io/v1/ocirepositories": `{"kind":"OCIRepositoryList","apiVersion":"source.toolkit.fluxcd.io/v1","items":[{"metadata":{"namespace":"team-a","name":"checkout"},
				"spec":{"url":"` + zotURL + `","ref":{"tag":"` + name + `"}}}]}`,
		}[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`
		}
		_, _ = w.Write([]byte(answer))
	}
}

// TestFiftySpokesAreAskedSideBySide: connecting to a fleet and looking at it takes a few requests a cluster, as many
// clusters at once as may be, never more, and no write.
func TestFiftySpokesAreAskedSideBySide(t *testing.T) {
	t.Parallel()
	a := &apiServers{asked: map[string]map[string]int{}, together: make(chan struct{})}
	s := onZot(t, nil)
	config, contexts := "apiVersion: v1\nkind: Config\nusers: [{name: u, user: {token: x}}]\nclusters:\n", "contexts:\n"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	names := []string{"hub"}
	for i := range 50 {
		names = append(names, fmt.Sprintf("edge-%02d", i))
	}
	for _, name := range names {
		a.asked[name] = map[string]int{}
		server := httptest.NewServer(a.serve(name))
		t.Cleanup(server.Close)
		config += fmt.Sprintf("- {name: %s, cluster: {server: %q}}\n", name, server.URL)
		contexts += fmt.Sprintf("- {name: %[1]s, context: {cluster: %[1]s, user: u}}\n", name)
		at := target.Cluster{Name: name, Kubeconfig: path, Context: name}
		if name == "hub" {
			s.World.Target.Hub = at
		} else {
			s.World.Target.Spokes = append(s.World.Target.Spokes, at)
		}
	}
	require.NoError(t, os.WriteFile(path, []byte(config+contexts), 0o600))

	w, err := s.World.WithClusters(t.Context())
	require.NoError(t, err)
	require.Len(t, w.Spokes, 50)
	for i, c := range w.Clusters() {
		assert.Equal(t, names[i], c.Name, "in the order of the target")
		want := map[string]int{"GET /api": 1, "GET /api/v1/namespaces/kube-system": 1}
		if i == 0 {
			want["GET /version"] = 1
		}
		assert.Equal(t, want, a.taken(c.Name))
	}

	require.NoError(t, checkSpokes(t.Context(), w, s.State))
	used, err := references(t.Context(), w, s.State)
	require.NoError(t, err)
	assert.Len(t, used, 51)
	assert.Equal(t, "hub", used[0].Tag)
	assert.Equal(t, "edge-49", used[50].Tag)
	for _, c := range w.Spokes {
		asked := a.taken(c.Name)
		for request, times := range asked {
			assert.True(t, strings.HasPrefix(request, "GET "), request)
			assert.Equal(t, 1, times, "%s of %s", request, c.Name)
		}
		assert.LessOrEqual(t, len(asked), 10, "four looks, and what a client asks once about kinds: %v", asked)
	}
	a.lock.Lock()
	defer a.lock.Unlock()
	assert.Equal(t, cluster.AtOnce, a.most)
}
