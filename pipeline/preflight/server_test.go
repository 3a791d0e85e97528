package preflight

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// apiServer is a stand-in for an API server: it lists and gets what it was given, answers reviews, and keeps every
// request.
type apiServer struct {
	issuer  string
	denied  func(authorizationv1.ResourceAttributes) bool // what our user may not do; nil is nothing
	noToken bool                                          // source-controller may not make tokens
	objects map[string][]map[string]any                   // by resource

	mu       sync.Mutex
	requests []string
}

// served is what the stand-in has, as discovery shows it: resource and kind, by group and version.
var served = map[string]map[string]string{
	"v1": {
		"secrets": "Secret", "pods": "Pod", "services": "Service", "serviceaccounts": "ServiceAccount", "nodes": "Node", "configmaps": "ConfigMap",
		"namespaces": "Namespace", "persistentvolumeclaims": "PersistentVolumeClaim",
	},
	"apps/v1":                      {"deployments": "Deployment", "statefulsets": "StatefulSet", "daemonsets": "DaemonSet", "replicasets": "ReplicaSet"},
	"batch/v1":                     {"jobs": "Job", "cronjobs": "CronJob"},
	"networking.k8s.io/v1":         {"ingresses": "Ingress", "networkpolicies": "NetworkPolicy"},
	"rbac.authorization.k8s.io/v1": {"roles": "Role", "rolebindings": "RoleBinding", "clusterroles": "ClusterRole", "clusterrolebindings": "ClusterRoleBinding"},
	"source.toolkit.fluxcd.io/v1":  {"ocirepositories": "OCIRepository", "helmrepositories": "HelmRepository"},
	"authorization.k8s.io/v1": {
		"selfsubjectaccessreviews": "SelfSubjectAccessReview", "selfsubjectrulesreviews": "SelfSubjectRulesReview", "subjectaccessreviews": "SubjectAccessReview",
	},
	"authentication.k8s.io/v1": {"selfsubjectreviews": "SelfSubjectReview"},
}

// start serves the stand-in, and returns it as a cluster.
func (a *apiServer) start(t testing.TB, name string) *cluster.Cluster {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	c, err := cluster.From(name, &rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}) // not protobuf
	require.NoError(t, err)
	return c
}

func (a *apiServer) add(t testing.TB, resource string, objects ...any) {
	t.Helper()
	for _, object := range objects {
		data, err := json.Marshal(object)
		require.NoError(t, err)
		var plain map[string]any
		require.NoError(t, json.Unmarshal(data, &plain))
		if a.objects == nil {
			a.objects = map[string][]map[string]any{}
		}
		a.objects[resource] = append(a.objects[resource], plain)
	}
}

// writes are the requests that store something.
func (a *apiServer) writes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.requests), func(r string) bool {
		return strings.HasPrefix(r, "GET ") || strings.Contains(r, "reviews")
	})
}

func (a *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests = append(a.requests, r.Method+" "+r.URL.Path)
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	switch answer := a.discovery(r.URL.Path); {
	case answer != nil:
		_ = json.NewEncoder(w).Encode(answer)
	case r.Method == http.MethodPost:
		a.review(w, r)
	default:
		a.read(w, r)
	}
}

func (a *apiServer) discovery(path string) map[string]any {
	switch path {
	case "/.well-known/openid-configuration":
		return map[string]any{"issuer": a.issuer}
	case "/api":
		return map[string]any{"kind": "APIVersions", "versions": []string{"v1"}}
	case "/apis":
		var groups []any
		for version := range served {
			if group, _, ok := strings.Cut(version, "/"); ok {
				v := map[string]any{"groupVersion": version, "version": "v1"}
				groups = append(groups, map[string]any{"name": group, "versions": []any{v}, "preferredVersion": v})
			}
		}
		return map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
	}
	version := strings.TrimPrefix(strings.TrimPrefix(path, "/apis/"), "/api/")
	kinds, ok := served[version]
	if !ok {
		return nil
	}
	var resources []any
	for resource, kind := range kinds {
		namespaced := !strings.HasPrefix(kind, "Cluster") && !strings.HasSuffix(kind, "Review") && kind != "Node" && kind != "Namespace"
		resources = append(resources, map[string]any{"name": resource, "kind": kind, "namespaced": namespaced, "verbs": []string{"get", "list", "watch", "create", "patch", "delete"}})
	}
	return map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
}

func (a *apiServer) review(w http.ResponseWriter, r *http.Request) {
	var review struct {
		Spec struct {
			ResourceAttributes authorizationv1.ResourceAttributes `json:"resourceAttributes"`
		} `json:"spec"`
	}
	_ = json.NewDecoder(r.Body).Decode(&review)
	answer := map[string]any{"metadata": map[string]any{}, "spec": map[string]any{}}
	w.WriteHeader(http.StatusCreated)
	switch {
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		answer["apiVersion"], answer["kind"] = "authorization.k8s.io/v1", "SelfSubjectAccessReview"
		answer["status"] = map[string]any{"allowed": a.denied == nil || !a.denied(review.Spec.ResourceAttributes)}
	case strings.HasSuffix(r.URL.Path, "/selfsubjectrulesreviews"):
		rules := []any{}
		if a.denied == nil {
			rules = []any{map[string]any{"verbs": []string{"*"}, "apiGroups": []string{"*"}, "resources": []string{"*"}}}
		}
		answer["apiVersion"], answer["kind"] = "authorization.k8s.io/v1", "SelfSubjectRulesReview"
		answer["status"] = map[string]any{"resourceRules": rules, "nonResourceRules": []any{}, "incomplete": true}
	case strings.HasSuffix(r.URL.Path, "/subjectaccessreviews"):
		answer["apiVersion"], answer["kind"] = "authorization.k8s.io/v1", "SubjectAccessReview"
		answer["status"] = map[string]any{"allowed": !a.noToken}
	default:
		answer["apiVersion"], answer["kind"] = "authentication.k8s.io/v1", "SelfSubjectReview"
		answer["status"] = map[string]any{"userInfo": map[string]any{"username": "ann"}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// read answers a get or a list.
func (a *apiServer) read(w http.ResponseWriter, r *http.Request) {
	version, rest := "v1", strings.TrimPrefix(r.URL.Path, "/api/v1/")
	if after, ok := strings.CutPrefix(r.URL.Path, "/apis/"); ok {
		parts := strings.SplitN(after, "/", 3)
		version, rest = strings.Join(parts[:2], "/"), parts[2]
	}
	namespace := ""
	if after, ok := strings.CutPrefix(rest, "namespaces/"); ok && strings.Contains(after, "/") {
		namespace, rest, _ = strings.Cut(after, "/")
	}
	resource, name, _ := strings.Cut(rest, "/")
	verb, group := "list", ""
	if name != "" {
		verb = "get"
	}
	if g, _, ok := strings.Cut(version, "/"); ok {
		group = g
	}
	if a.denied != nil && a.denied(authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: resource, Namespace: namespace, Name: name}) {
		refuse(w, http.StatusForbidden, "Forbidden", resource+" is forbidden")
		return
	}
	selector, _ := labels.Parse(r.URL.Query().Get("labelSelector"))
	found := []map[string]any{}
	for _, object := range a.objects[resource] {
		meta, _ := object["metadata"].(map[string]any)
		set := labels.Set{}
		own, _ := meta["labels"].(map[string]any)
		for key, value := range own {
			set[key], _ = value.(string)
		}
		if (namespace == "" || meta["namespace"] == namespace) && (name == "" || meta["name"] == name) && selector.Matches(set) {
			found = append(found, object)
		}
	}
	kind := served[version][resource]
	switch {
	case kind == "":
		refuse(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
	case name == "":
		_ = json.NewEncoder(w).Encode(map[string]any{"apiVersion": version, "kind": kind + "List", "metadata": map[string]any{}, "items": found})
	case len(found) == 0:
		refuse(w, http.StatusNotFound, "NotFound", name+" not found")
	default:
		object := maps.Clone(found[0]) // others are reading it
		object["apiVersion"], object["kind"] = version, kind
		_ = json.NewEncoder(w).Encode(object)
	}
}

func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code})
}
