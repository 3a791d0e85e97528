package fleet_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/fleet"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const role = "arn:aws:iam::123456789012:role/palette-ecr"

var irsa = fleet.Identity{Mode: target.IRSA, Role: role}

func values(t *testing.T) mural.Values {
	t.Helper()
	zot := func(endpoint string) map[string]any {
		return map[string]any{"endpoint": endpoint, "repository": "mural-workloads"}
	}
	v, err := mural.Read(map[string]any{
		"hue": map[string]any{"ociRegistry": zot("oci://zot.mural-system.svc.cluster.local:5000")},
		"fleetConfig": map[string]any{"spokes": []any{
			map[string]any{"name": "hub-as-spoke", "kubeconfig": map[string]any{"inCluster": true}, "ociRegistry": zot("oci://zot.mural-system.svc:5000")},
			map[string]any{"name": "edge-1", "kubeconfig": map[string]any{"secretReference": map[string]any{"name": "edge-1-kubeconfig", "kubeconfigKey": "admin"}}, "ociRegistry": zot("oci://10.0.0.7:30500")},
			map[string]any{"name": "edge-2"},
		}},
	})
	require.NoError(t, err)
	return v
}

func TestCheck(t *testing.T) {
	t.Parallel()
	known := fleet.OfValues(values(t), "mural-system")
	for name, test := range map[string]struct {
		spokes, without []string
		err             string // "" is none
		remedy          string
	}{
		"all named":      {[]string{"edge-1", "edge-2"}, nil, "", ""},
		"one left out":   {[]string{"edge-1"}, []string{"edge-2"}, "", ""},
		"all left out":   {nil, []string{"edge-1", "edge-2"}, "", ""},
		"one missing":    {[]string{"edge-1"}, nil, "as a spoke: edge-2", "add --spoke name=edge-2,kubeconfig=<file>, or leave one out knowingly with --without-spoke edge-2"},
		"both missing":   {nil, nil, "as a spoke: edge-1, edge-2", "add --spoke name=edge-1,kubeconfig=<file> --spoke name=edge-2,kubeconfig=<file>, take their kubeconfigs from the hub with --spokes-from-values"},
		"typo":           {[]string{"edge-1", "egde-2"}, nil, `no spoke is called "egde-2"`, "name one of: edge-1, edge-2"},
		"typo in waiver": {[]string{"edge-1", "edge-2"}, []string{"edge-3"}, `no spoke is called "edge-3"`, "name one of"},
		"hub named":      {[]string{"hub-as-spoke", "edge-1", "edge-2"}, nil, `"hub-as-spoke" is the hub itself`, "leave it out"},
	} {
		err := fleet.Check(known, fleet.Named{Hub: "hub", Spokes: test.spokes, Without: test.without})
		if test.err == "" {
			assert.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, test.err, name)
		assert.Equal(t, fault.Usage, fault.CodeOf(err), name)
		assert.Contains(t, fault.RemedyOf(err), test.remedy, name)
	}
	assert.NoError(t, fleet.Check(nil, fleet.Named{}))
	require.ErrorContains(t, fleet.Check(nil, fleet.Named{Spokes: []string{"x"}}), `no spoke is called "x"`)
}

func TestSources(t *testing.T) {
	t.Parallel()
	v := values(t)
	known := fleet.OfValues(v, "mural-system")
	got, err := fleet.Sources(v, known, fleet.Named{Hub: "hub", Spokes: []string{"edge-1", "edge-2"}})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"hub": "oci://zot.mural-system.svc:5000/mural-workloads", "edge-1": "oci://10.0.0.7:30500/mural-workloads"}, got,
		"edge-2 names no registry: nobody knows its address")
	assert.Equal(t, fleet.SecretKey{Namespace: "mural-system", Name: "edge-1-kubeconfig", Key: "admin"}, known[1].Kubeconfig)
}

// hub is a cluster with objects, by the fake client; funcs may break requests.
func hub(t *testing.T, funcs interceptor.Funcs, objects ...client.Object) *cluster.Cluster {
	t.Helper()
	named := func(o client.Object) []string { return []string{o.GetName()} }
	c := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).WithIndex(&appsv1.Deployment{}, "metadata.name", named).WithInterceptorFuncs(funcs).Build()
	return &cluster.Cluster{Name: "hub", Context: "prod", Client: c}
}

func object(kind, version, name string, spec map[string]any) unstructured.Unstructured {
	return unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "fleetconfig.open-cluster-management.io/" + version, "kind": kind,
		"metadata": map[string]any{"namespace": "mural-system", "name": name}, "spec": spec,
	}}
}

func TestOfHub(t *testing.T) {
	t.Parallel()
	secret := func(name, key string) map[string]any {
		return map[string]any{"secretReference": map[string]any{"name": name, "kubeconfigKey": key}}
	}
	serve := func(known map[string][]unstructured.Unstructured) interceptor.Funcs {
		return interceptor.Funcs{List: func(_ context.Context, _ client.WithWatch, list client.ObjectList, _ ...client.ListOption) error {
			l := list.(*unstructured.UnstructuredList)
			items, ok := known[l.GetKind()]
			if !ok {
				return &apimeta.NoKindMatchError{}
			}
			l.Items = items
			return nil
		}}
	}
	got, err := fleet.OfHub(t.Context(), hub(t, serve(map[string][]unstructured.Unstructured{
		"FleetConfig": {object("FleetConfig", "v1alpha1", "fleet", map[string]any{"spokes": []any{
			map[string]any{"name": "edge-1", "kubeconfig": secret("edge-1", "value")}, map[string]any{"name": "hub-as-spoke"},
		}})},
		"Spoke": {object("Spoke", "v1beta1", "edge-2", map[string]any{"kubeconfig": secret("edge-2", "kc")}), object("Spoke", "v1beta1", "self", map[string]any{"kubeconfig": map[string]any{"inCluster": true}})},
	})))
	require.NoError(t, err)
	assert.Equal(t, []fleet.Spoke{
		{Name: "edge-1", Kubeconfig: fleet.SecretKey{Namespace: "mural-system", Name: "edge-1", Key: "value"}, From: "FleetConfig mural-system/fleet"},
		{Name: "hub-as-spoke", IsHub: true, From: "FleetConfig mural-system/fleet"},
		{Name: "edge-2", Kubeconfig: fleet.SecretKey{Namespace: "mural-system", Name: "edge-2", Key: "kc"}, From: "Spoke mural-system/edge-2"},
		{Name: "self", IsHub: true, From: "Spoke mural-system/self"},
	}, got)

	got, err = fleet.OfHub(t.Context(), hub(t, serve(nil)))
	require.NoError(t, err)
	assert.Empty(t, got, "a hub without fleetconfig-controller")

	_, err = fleet.OfHub(t.Context(), hub(t, interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
		return errors.New("forbidden")
	}}))
	require.ErrorContains(t, err, "listing FleetConfig objects")

	merged := fleet.Merge(fleet.OfValues(values(t), "mural-system"), []fleet.Spoke{{Name: "edge-2", Kubeconfig: fleet.SecretKey{Name: "k"}}, {Name: "edge-3", From: "Spoke a/edge-3"}})
	require.Len(t, merged, 4)
	assert.Equal(t, "k", merged[2].Kubeconfig.Name)
	assert.Equal(t, "edge-3", merged[3].Name)
}

const plain = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://edge.example:6443"}}]
users: [{name: u, user: {token: s3cr3t-t0ken}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`

func TestConnectTakesTheKubeconfigOfASecret(t *testing.T) {
	t.Parallel()
	secret := func(data map[string][]byte) *corev1.Secret {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "edge"}, Data: data}
	}
	s := fleet.Spoke{Name: "edge-1", Kubeconfig: fleet.SecretKey{Namespace: "mural-system", Name: "edge"}, From: "fleetConfig.spokes"}
	got, err := fleet.Connect(t.Context(), hub(t, interceptor.Funcs{}, secret(map[string][]byte{"kubeconfig": []byte(plain)})), s)
	require.NoError(t, err)
	assert.Equal(t, "edge-1", got.Name)
	assert.Equal(t, "https://edge.example:6443", got.Host)
	// Seen: remedies named kubectl alone, which changes the cluster that is current: the hub.
	assert.Equal(t, `SPOKE=$(mktemp) && kubectl --context prod --namespace mural-system get secret edge --output go-template='{{index .data "kubeconfig" | base64decode}}' > "$SPOKE" && kubectl --kubeconfig "$SPOKE" get pods`, got.Kubectl("get pods"))

	with := func(user, more string) *cluster.Cluster {
		kubeconfig := `{apiVersion: v1, kind: Config, clusters: [{name: c, cluster: {server: "https://e"` + more + `}}], users: [{name: u, user: {` + user + `}}], contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}`
		return hub(t, interceptor.Funcs{}, secret(map[string][]byte{"kubeconfig": []byte(kubeconfig)}))
	}
	// Seen: exec alone was refused, and a file of the machine was sent as a token to whatever server the Secret named.
	file := filepath.Join(t.TempDir(), "s3cr3t")
	require.NoError(t, os.WriteFile(file, []byte("s3cr3t"), 0o600))
	for want, h := range map[string]*cluster.Cluster{
		"none of the keys kubeconfig, value, config": hub(t, interceptor.Funcs{}, secret(map[string][]byte{"other": []byte("s3cr3t")})),
		"not a kubeconfig":                           hub(t, interceptor.Funcs{}, secret(map[string][]byte{"kubeconfig": []byte("s3cr3t: [")})),
		"it runs a program (exec)":                   with(`exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never}`, ""),
		"it runs an auth-provider":                   with(`auth-provider: {name: gcp}`, ""),
		"a file of this machine (tokenFile)":         with(`tokenFile: `+file, ""),
		"this machine (client-certificate)":          with(`client-certificate: `+file+`, client-key-data: eA==`, ""),
		"this machine (client-key)":                  with(`client-certificate-data: eA==, client-key: `+file, ""),
		"this machine (certificate-authority)":       with(`token: x`, `, certificate-authority: `+file),
		"not found":                                  hub(t, interceptor.Funcs{}),
	} {
		_, err := fleet.Connect(t.Context(), h, s)
		require.ErrorContains(t, err, want)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
		assert.Contains(t, fault.RemedyOf(err), "--spoke name=edge-1,kubeconfig=<file>")
		assert.NotContains(t, err.Error(), "s3cr3t")
	}
	_, err = fleet.Connect(t.Context(), hub(t, interceptor.Funcs{}), fleet.Spoke{Name: "edge-2", From: "fleetConfig.spokes"})
	require.ErrorContains(t, err, "names no Secret")
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"app": "source-controller"}
	controller := func(namespace string) *appsv1.Deployment {
		return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "source-controller"}, Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{ServiceAccountName: "source-controller"}},
		}}
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "source-controller"}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "sc-1", Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "manager"}}}}
	writes := 0
	spoke := hub(t, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
		writes++
		return c.Patch(ctx, o, p, opts...)
	}}, controller("flux-system"), account, pod)
	spoke.Name = "edge-1"

	p, err := fleet.Inspect(t.Context(), spoke, irsa)
	require.NoError(t, err)
	assert.Zero(t, writes)
	assert.Equal(t, "on edge-1: give ServiceAccount flux-system/source-controller role "+role+", and restart flux-system/source-controller", p.String())
	assert.Equal(t, []string{
		"kubectl --context prod --namespace flux-system annotate serviceaccount source-controller eks.amazonaws.com/role-arn=" + role + " --overwrite",
		"kubectl --context prod --namespace flux-system rollout restart deployment/source-controller",
	}, p.Commands(spoke))

	now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	_, err = fleet.Prepare(t.Context(), spoke, irsa, now)
	require.NoError(t, err)
	assert.Equal(t, 2, writes)
	var got appsv1.Deployment
	require.NoError(t, spoke.Client.Get(t.Context(), client.ObjectKeyFromObject(controller("flux-system")), &got))
	assert.Equal(t, "2026-11-26T02:00:00Z", got.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"])

	// The webhook gives the new pod the role: the second time nothing is written.
	fresh := pod.DeepCopy()
	fresh.ResourceVersion = ""
	fresh.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "AWS_ROLE_ARN", Value: role}}
	require.NoError(t, spoke.Client.Delete(t.Context(), pod))
	require.NoError(t, spoke.Client.Create(t.Context(), fresh))
	p, err = fleet.Prepare(t.Context(), spoke, irsa, now)
	require.NoError(t, err)
	assert.False(t, p.Due())
	assert.Equal(t, 2, writes)

	p, err = fleet.Inspect(t.Context(), spoke, fleet.Identity{Role: role + "-2"})
	require.NoError(t, err)
	assert.Contains(t, p.String(), "instead of "+role)

	_, err = fleet.Inspect(t.Context(), hub(t, interceptor.Funcs{}), irsa)
	require.ErrorContains(t, err, "it has no Deployment source-controller")
	_, err = fleet.Inspect(t.Context(), hub(t, interceptor.Funcs{}, controller("a"), controller("b")), irsa)
	require.ErrorContains(t, err, "2 Deployments source-controller, in a, b")
}

// associations are those of EKS Pod Identity in these tests, by the ServiceAccount.
type associations map[string]string

func (a associations) Role(_ context.Context, c *cluster.EKS, account client.ObjectKey) (string, error) {
	return a[c.Name+" "+account.String()], nil
}

func (a associations) Give(_ context.Context, c *cluster.EKS, account client.ObjectKey, role string) error {
	a[c.Name+" "+account.String()] = role
	return nil
}

// TestPreparePodIdentity: an association is made where the cluster is known by its name in EKS, and named as a command
// where it is not.
func TestPreparePodIdentity(t *testing.T) {
	t.Parallel()
	labels := map[string]string{"app": "source-controller"}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "source-controller"}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{ServiceAccountName: "source-controller"}},
	}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "flux-system", Name: "sc-1", Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "manager"}}}}
	known := associations{}
	wanted := fleet.Identity{Mode: target.PodIdentity, Role: role, Associations: known}
	spoke := hub(t, interceptor.Funcs{}, deployment.DeepCopy(), pod.DeepCopy())
	spoke.Name = "edge-1"

	p, err := fleet.Prepare(t.Context(), spoke, wanted, time.Now())
	require.ErrorContains(t, err, "which role ServiceAccount flux-system/source-controller is to have")
	assert.Contains(t, fault.RemedyOf(err), "aws eks create-pod-identity-association --cluster-name <cluster> --namespace flux-system --service-account source-controller --role-arn "+role)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Contains(t, p.String(), "by EKS Pod Identity")

	spoke.EKS = &cluster.EKS{Name: "spoke", Region: "us-east-1"}
	p, err = fleet.Inspect(t.Context(), spoke, wanted)
	require.NoError(t, err)
	assert.Contains(t, p.Commands(spoke)[0], "--cluster-name spoke --region us-east-1")
	_, err = fleet.Prepare(t.Context(), spoke, wanted, time.Now())
	require.NoError(t, err)
	assert.Equal(t, associations{"spoke flux-system/source-controller": role}, known)
	p, err = fleet.Inspect(t.Context(), spoke, wanted)
	require.NoError(t, err)
	assert.False(t, p.Associate)
	assert.True(t, p.Restart, "its pod is older than the association")

	p, err = fleet.Inspect(t.Context(), spoke, fleet.Identity{Mode: target.InstanceProfile})
	require.NoError(t, err)
	assert.False(t, p.Due(), "the node has the role")
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	service := func(name string, selector map[string]string, change func(*corev1.Service)) *corev1.Service {
		s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: name}, Spec: corev1.ServiceSpec{Selector: selector}}
		change(s)
		return s
	}
	zot := map[string]string{"app": "zot"}
	ingress := func(name, host, backend string) *networkingv1.Ingress {
		return &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: name}, Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{
			Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: backend}},
			}}}},
		}}}}
	}
	objects := []client.Object{
		service("zot", zot, func(s *corev1.Service) { s.Spec.ClusterIP = "10.96.0.9" }),
		service("zot-nodeport", zot, func(s *corev1.Service) {
			s.Spec.ClusterIP = "10.96.0.10"
			s.Spec.Ports = []corev1.ServicePort{{Port: 5000, NodePort: 30500}}
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: "zot-lb.example.com"}}
		}),
		service("canvas", map[string]string{"app": "canvas"}, func(s *corev1.Service) { s.Spec.ClusterIP = "10.96.0.11" }),
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Status: corev1.NodeStatus{Addresses: []corev1.NodeAddress{{Address: "172.18.0.2"}, {Address: "fd00::2"}, {Address: "node-1"}}}},
		ingress("zot", "zot.example.com", "zot"), ingress("zot-shared", "palette.example.com", "zot"), ingress("canvas", "palette.example.com", "canvas"),
	}
	known, unseen := fleet.Addresses(t.Context(), hub(t, interceptor.Funcs{}, objects...), "oci://zot.mural-system.svc.cluster.local:5000/mural-workloads", "oci://10.0.0.7:30777/mural-workloads", "")
	assert.Empty(t, unseen)
	for _, address := range []string{
		"oci://zot.mural-system:5000/x", "zot-nodeport.mural-system.svc:5000/x", "10.96.0.9:5000/x", "10.96.0.10/x", "172.18.0.2:30500/x", "oci://[fd00::2]:30500/x",
		"node-1:30500/x", "oci://zot.example.com/x", "oci://palette.example.com/x", "zot-lb.example.com:5000/x", "oci://10.0.0.7:30777/x",
	} {
		assert.True(t, known.Names(address), address)
	}
	for _, address := range []string{"10.96.0.11:5000/x", "172.18.0.2:30501/x", "oci://canvas.mural-system/x"} {
		assert.False(t, known.Names(address), address)
	}
	_, found := known.Find("https://palette.example.com/ai")
	assert.False(t, found, "a host that PaletteAI itself has is not Zot wherever it is named")

	blind := hub(t, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if _, ok := list.(*corev1.NodeList); ok {
			return errors.New("nodes is forbidden")
		}
		return c.List(ctx, list, opts...)
	}}, objects...)
	_, unseen = fleet.Addresses(t.Context(), blind, "oci://zot.mural-system.svc.cluster.local:5000/mural-workloads")
	assert.Equal(t, []string{`nodes on cluster "hub": nodes is forbidden`}, unseen)
}
