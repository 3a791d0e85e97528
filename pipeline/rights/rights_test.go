package rights

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/unused"
)

const namespace = "mural-system"

// every is a stage of each kind.
func every() []Stage {
	return []Stage{{"preflight", Looking}, {"copy", Copying}, {"deploy", Switching}, {"validate", Proving}, {"disable-zot", Applying}}
}

// user is a cluster in which somebody has just some rights.
type user struct {
	rules   []authorizationv1.ResourceRule
	allowed func(authorizationv1.ResourceAttributes) bool
	down    bool
	asked   atomic.Int64
}

func (u *user) cluster() *cluster.Cluster {
	return &cluster.Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithInterceptorFuncs(interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.CreateOption) error {
			u.asked.Add(1)
			if u.down {
				return errors.New("connection refused")
			}
			switch review := o.(type) {
			case *authorizationv1.SelfSubjectRulesReview:
				review.Status.ResourceRules = u.rules
			case *authorizationv1.SelfSubjectAccessReview:
				review.Status.Allowed = u.allowed != nil && u.allowed(*review.Spec.ResourceAttributes)
			default:
				return errors.New("only reviews are expected here")
			}
			return nil
		},
	}).Build()}
}

func texts(all []Right) []string {
	list := make([]string, len(all))
	for i, r := range all {
		list[i] = r.String()
	}
	return list
}

func TestEachMissingRightIsFound(t *testing.T) {
	t.Parallel()
	wanted := append(Hub(Options{Stages: every(), Namespace: namespace, SourceIn: namespace}), Spoke(Options{Stages: every()})...)
	for _, lacks := range wanted {
		u := &user{allowed: func(a authorizationv1.ResourceAttributes) bool {
			resource := a.Resource
			if a.Subresource != "" {
				resource += "/" + a.Subresource
			}
			return Right{Verb: a.Verb, Group: a.Group, Resource: resource, Namespace: a.Namespace, Name: a.Name}.String() != lacks.String()
		}}
		result := Check(t.Context(), u.cluster(), wanted)
		require.NotEmpty(t, result.Missing, lacks.String())
		for _, m := range result.Missing {
			assert.Equal(t, lacks.String(), m.String())
		}
	}
}

func TestWhatTheStagesNeed(t *testing.T) {
	t.Parallel()
	all := texts(Hub(Options{Stages: every(), Namespace: namespace, SourceIn: namespace}))
	for _, right := range []string{ // each was once found to be missing only after the switch
		"patch deployments.apps in namespace mural-system", "create ocirepositories.source.toolkit.fluxcd.io", "get pods/log in namespace mural-system",
		"create pods/portforward in namespace mural-system", "update leases.coordination.k8s.io palette-ecr in namespace mural-system",
	} {
		assert.Contains(t, all, right)
	}
	withFlux := texts(Hub(Options{Stages: every(), Namespace: namespace, Flux: true, FluxNamespace: "flux-system"}))
	assert.Contains(t, withFlux, "update helmreleases.helm.toolkit.fluxcd.io in namespace flux-system")
	assert.NotContains(t, withFlux, "update secrets in namespace mural-system", "Helm's records are Flux's to write")
	only := Hub(Options{Namespace: namespace, Stages: []Stage{{"copy", Copying}}})
	assert.Equal(t, []string{
		"get secrets in namespace mural-system", "list secrets in namespace mural-system", "list ocirepositories.source.toolkit.fluxcd.io", "watch ocirepositories.source.toolkit.fluxcd.io",
		"list helmreleases.helm.toolkit.fluxcd.io", "list deployments.apps in namespace mural-system", "list fleetconfigs.fleetconfig.open-cluster-management.io", "list spokes.fleetconfig.open-cluster-management.io",
		"create secrets in namespace mural-system", "update secrets palette-ecr-journal in namespace mural-system", "delete secrets palette-ecr-journal in namespace mural-system",
		"create leases.coordination.k8s.io in namespace mural-system", "get leases.coordination.k8s.io palette-ecr in namespace mural-system", "update leases.coordination.k8s.io palette-ecr in namespace mural-system", "delete leases.coordination.k8s.io palette-ecr in namespace mural-system",
	}, texts(only), "the Lease is taken before the first write to ECR")
	assert.NotContains(t, texts(Spoke(Options{Stages: every()})), "patch deployments.apps")
	assert.Contains(t, texts(Spoke(Options{Stages: every(), Prepare: true})), "patch deployments.apps", "source-controller of a spoke is restarted with its role")
	assert.Contains(t, texts(Spoke(Options{Stages: every()})), "list jobs.batch", "anything may name Zot")
	assert.Contains(t, texts(Spoke(Options{Stages: every(), Searched: []schema.GroupResource{{Group: "spectrocloud.com", Resource: "projects"}}})), "list projects.spectrocloud.com")
	assert.Equal(t, unused.Groups, groups)
}

// TestTheFirstStageThatNeedsARight is named with it.
func TestTheFirstStageThatNeedsARight(t *testing.T) {
	t.Parallel()
	own := Work{Spoke: func(Options) []Need { return []Need{{"list get", "", "events pods", "", ""}} }}
	all := Spoke(Options{Stages: []Stage{{"render", Work{}}, {"audit", own}, {"validate", Proving}}})
	assert.Equal(t, []string{"list events (audit)", "get events (audit)", "list pods (audit)", "get pods (audit)"}, Texts(all)[:4])
	assert.NotContains(t, Texts(all), "list pods (validate)")
	assert.Empty(t, Hub(Options{Stages: []Stage{{"audit", own}}}))
	assert.Equal(t, "deploy", ChartsBy(Options{Stages: every()}))
	assert.Equal(t, "disable-zot", ChartsBy(Options{Stages: every()[3:]}))
	assert.Empty(t, ChartsBy(Options{Stages: every()[:2]}))
}

func TestOneRequestShowsWhatANamespaceAllows(t *testing.T) {
	t.Parallel()
	wanted := Hub(Options{Stages: every(), Namespace: namespace, SourceIn: namespace})
	admin := &user{rules: []authorizationv1.ResourceRule{{Verbs: []string{"*"}, APIGroups: []string{"*"}, Resources: []string{"*"}}}, allowed: func(authorizationv1.ResourceAttributes) bool { return true }}
	result := Check(t.Context(), admin.cluster(), wanted)
	require.NoError(t, result.Err)
	assert.Empty(t, result.Missing)
	assert.Equal(t, len(wanted), result.Held)
	assert.EqualValues(t, result.Asked, admin.asked.Load())
	wide := 0
	for _, r := range wanted {
		if r.Namespace == "" {
			wide++
		}
	}
	assert.Equal(t, 1+wide, result.Asked, "one for the namespace, and those for all namespaces")

	down := &user{down: true}
	result = Check(t.Context(), down.cluster(), wanted)
	assert.Len(t, result.Unknown, len(wanted))
	require.ErrorContains(t, result.Err, "connection refused")
}

func TestRulesAllowOnlyWhatTheySay(t *testing.T) {
	t.Parallel()
	rule := authorizationv1.ResourceRule{Verbs: []string{"get"}, APIGroups: []string{""}, Resources: []string{"pods", "*/log"}, ResourceNames: []string{"a"}}
	for _, test := range []struct {
		right Right
		want  bool
	}{
		{Right{Verb: "get", Resource: "pods", Name: "a"}, true},
		{Right{Verb: "get", Resource: "pods/log", Name: "a"}, true},
		{Right{Verb: "get", Resource: "pods"}, false},
		{Right{Verb: "get", Resource: "pods", Name: "b"}, false},
		{Right{Verb: "list", Resource: "pods", Name: "a"}, false},
		{Right{Verb: "get", Group: "apps", Resource: "pods", Name: "a"}, false},
		{Right{Verb: "get", Resource: "pods/exec", Name: "a"}, false},
	} {
		assert.Equal(t, test.want, allows(rule, test.right), test.right.String())
	}
}

func manifests(t *testing.T, text string) []chart.Manifest {
	t.Helper()
	var all []chart.Manifest
	for document := range strings.SplitSeq(text, "---\n") {
		o := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(document), &o.Object))
		all = append(all, chart.Manifest{Object: o})
	}
	return all
}

const objects = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: hue}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: canvas, namespace: other}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: hook, annotations: {helm.sh/hook: pre-upgrade}}}
---
{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: zot}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: hue}, rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: hue}, roleRef: {kind: ClusterRole, name: hue}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: view}, roleRef: {kind: ClusterRole, name: view}}
`

func TestRightsForTheObjectsOfAChart(t *testing.T) {
	t.Parallel()
	all := Objects(manifests(t, objects), namespace, nil, "deploy")
	got := texts(all)
	for _, want := range []string{
		"patch deployments.apps in namespace mural-system", "create ingresses.networking.k8s.io in namespace other", "delete certificates.cert-manager.io in namespace mural-system",
		"watch jobs.batch in namespace mural-system",
		"create clusterroles.rbac.authorization.k8s.io", "escalate clusterroles.rbac.authorization.k8s.io hue", "bind clusterroles.rbac.authorization.k8s.io hue",
		"bind clusterroles.rbac.authorization.k8s.io view in namespace mural-system",
	} {
		assert.Contains(t, got, want)
	}
	// Who has what the role gives needs no escalate, and no bind for it.
	not := func(verbs ...string) *user {
		return &user{allowed: func(a authorizationv1.ResourceAttributes) bool {
			for _, v := range verbs {
				if a.Verb == v || a.Verb+" "+a.Resource == v {
					return false
				}
			}
			return true
		}}
	}
	assert.Equal(t, []string{"bind clusterroles.rbac.authorization.k8s.io view in namespace mural-system"}, texts(Check(t.Context(), not("escalate", "bind").cluster(), all).Missing))
	assert.Contains(t, texts(Check(t.Context(), not("escalate", "bind", "list secrets").cluster(), all).Missing), "escalate clusterroles.rbac.authorization.k8s.io hue")
}

func TestYAML(t *testing.T) {
	t.Parallel()
	all := []Right{
		{Verb: "patch", Group: "apps", Resource: "deployments", Namespace: namespace}, {Verb: "get", Group: "apps", Resource: "deployments", Namespace: namespace},
		{Verb: "get", Group: "apps", Resource: "statefulsets", Namespace: namespace}, {Verb: "get", Resource: "secrets", Namespace: namespace, Name: "palette-ecr-journal"},
		{Verb: "list", Group: flux, Resource: "ocirepositories"},
	}
	want := `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: palette-ecr
rules:
- apiGroups:
  - source.toolkit.fluxcd.io
  resources:
  - ocirepositories
  verbs:
  - list
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: palette-ecr
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: palette-ecr
subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: ann
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: palette-ecr
  namespace: mural-system
rules:
- apiGroups:
  - ""
  resourceNames:
  - palette-ecr-journal
  resources:
  - secrets
  verbs:
  - get
- apiGroups:
  - apps
  resources:
  - deployments
  verbs:
  - get
  - patch
- apiGroups:
  - apps
  resources:
  - statefulsets
  verbs:
  - get
---
`
	got := YAML("palette-ecr", "ann", all)
	assert.True(t, strings.HasPrefix(got, want), got)
	assert.Equal(t, got, YAML("palette-ecr", "ann", all))
	role := ClusterRole("palette-ecr", append(Hub(Options{Stages: every(), Namespace: namespace, SourceIn: "zot"}), Spoke(Options{Stages: every()})...))
	assert.Equal(t, 1, strings.Count(role, "kind: "))
	assert.NotContains(t, role, "namespace:")
	assert.Contains(t, role, "pods/portforward")
}
