package unused_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	fakediscovery "k8s.io/client-go/discovery/fake"
	fakeclientset "k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/unused"
)

func config() unused.Config {
	c := unused.Config{
		Release: "mural-system/mural", Copied: []string{"mural-workloads"},
		Catalog: func(context.Context) ([]string, error) { return []string{"mural-workloads"}, nil },
	}
	c.Zot.AddURL("oci://zot.mural-system.svc.cluster.local:5000/mural-workloads")
	c.Zot.AddHost("10.96.0.9")
	return c
}

// served are the kinds that the API server of these tests has beside Kubernetes' own.
var served = map[string]string{
	"OCIRepository": "source.toolkit.fluxcd.io/v1", "HelmRepository": "source.toolkit.fluxcd.io/v1", "HelmChart": "source.toolkit.fluxcd.io/v1", "Bucket": "source.toolkit.fluxcd.io/v1",
	"Kustomization": "kustomize.toolkit.fluxcd.io/v1", "HelmRelease": "helm.toolkit.fluxcd.io/v2",
	"WorkloadDeployment": "app.spectrocloud.com/v1alpha1", "Settings": "spectrocloud.com/v1beta1", "Widget": "example.com/v1",
}

func connected(funcs interceptor.Funcs, objects ...client.Object) *cluster.Cluster {
	clientset := fakeclientset.NewClientset()
	versions := map[string]*metav1.APIResourceList{}
	for kind, version := range served {
		if versions[version] == nil {
			versions[version] = &metav1.APIResourceList{GroupVersion: version}
		}
		versions[version].APIResources = append(versions[version].APIResources, metav1.APIResource{Name: strings.ToLower(kind) + "s", Kind: kind, Namespaced: true, Verbs: metav1.Verbs{"list"}})
	}
	for _, list := range versions {
		clientset.Discovery().(*fakediscovery.FakeDiscovery).Resources = append(clientset.Discovery().(*fakediscovery.FakeDiscovery).Resources, list)
	}
	c := fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).WithInterceptorFuncs(funcs).Build()
	return &cluster.Cluster{Name: "edge-1", Context: "prod", Client: c, Clientset: clientset}
}

func custom(kind, name string, fields map[string]any) client.Object {
	object := map[string]any{"apiVersion": served[kind], "kind": kind, "metadata": map[string]any{"namespace": "team-a", "name": name}}
	for key, value := range fields {
		object[key] = value
	}
	return &unstructured.Unstructured{Object: object}
}

func meta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "team-a", Name: name} }

func podOf(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{InitContainers: []corev1.Container{{Name: "init", Image: "busybox"}}, Containers: []corev1.Container{{Name: "app", Image: image}}}}
}

func started(c corev1.Container) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{InitContainers: []corev1.Container{c}}}
}

func ownedBy(kind string) metav1.ObjectMeta {
	m := meta("a")
	m.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.com/v1", Kind: kind, Name: "app", UID: "1"}}
	return m
}

const login = `{"auths":{"zot.mural-system:5000":{"username":"admin","password":"s3cr3t-w0rd"}}}`

func TestWhatNamesZot(t *testing.T) {
	t.Parallel()
	dockerSecret := &corev1.Secret{ObjectMeta: meta("zot-login"), Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{".dockerconfigjson": []byte(login)}}
	for name, test := range map[string]struct {
		objects []client.Object
		object  string // of the first finding
		remedy  string
	}{
		"pod":         {[]client.Object{&corev1.Pod{ObjectMeta: meta("a"), Spec: podOf("zot.mural-system:5000/app:1").Spec}}, "Pod team-a/a", "palette-ecr copy --all-repositories"},
		"Deployment":  {[]client.Object{&appsv1.Deployment{ObjectMeta: meta("a"), Spec: appsv1.DeploymentSpec{Template: podOf("10.96.0.9:5000/app@sha256:00")}}}, "Deployment team-a/a", "ECR"},
		"StatefulSet": {[]client.Object{&appsv1.StatefulSet{ObjectMeta: meta("a"), Spec: appsv1.StatefulSetSpec{Template: podOf("zot.mural-system.svc:5000/app")}}}, "StatefulSet team-a/a", "ECR"},
		"DaemonSet":   {[]client.Object{&appsv1.DaemonSet{ObjectMeta: meta("a"), Spec: appsv1.DaemonSetSpec{Template: podOf("zot:5000/app")}}}, "DaemonSet team-a/a", "ECR"},
		"CronJob":     {[]client.Object{&batchv1.CronJob{ObjectMeta: meta("a"), Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: podOf("zot:5000/app")}}}}}, "CronJob team-a/a", "ECR"},
		"Job":         {[]client.Object{&batchv1.Job{ObjectMeta: meta("a"), Spec: batchv1.JobSpec{Template: podOf("zot:5000/app")}}}, "Job team-a/a", "ECR"},
		"variable of a container": {[]client.Object{&appsv1.Deployment{ObjectMeta: meta("a"), Spec: appsv1.DeploymentSpec{Template: started(corev1.Container{Name: "app", Env: []corev1.EnvVar{{Name: "REGISTRY", Value: "https://admin:s3cr3t-w0rd@zot.mural-system.svc:5000"}}})}}},
			"variable REGISTRY of container app", "kubectl --context prod --namespace team-a edit deployment a"},
		"argument": {[]client.Object{&batchv1.CronJob{ObjectMeta: meta("a"), Spec: batchv1.CronJobSpec{JobTemplate: batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: started(corev1.Container{Name: "app", Args: []string{"pull", "--from=zot.mural-system:5000/charts"}})}}}}},
			"the command line of container app", "edit cronjob a"},
		"pod of a controller that is not looked at": {[]client.Object{&corev1.Pod{ObjectMeta: ownedBy("Rollout"), Spec: podOf("zot.mural-system:5000/app:1").Spec}}, "Pod team-a/a", "ECR"},
		"ReplicaSet of such a controller":           {[]client.Object{&appsv1.ReplicaSet{ObjectMeta: ownedBy("Rollout"), Spec: appsv1.ReplicaSetSpec{Template: podOf("zot:5000/app")}}}, "ReplicaSet team-a/a", "ECR"},
		"login":                                     {[]client.Object{dockerSecret}, "Secret team-a/zot-login", "kubectl --context prod --namespace team-a delete secret zot-login"},
		"variables":                                 {[]client.Object{&corev1.ConfigMap{ObjectMeta: meta("mural-variables"), Data: map[string]string{"registry": "oci://zot.mural-system.svc.cluster.local:5000"}}}, "ConfigMap team-a/mural-variables", "edit configmap mural-variables"},
		"variables in a Secret": {[]client.Object{&corev1.Secret{ObjectMeta: meta("mural-variables"), Data: map[string][]byte{"registry": []byte("http://zot:5000 s3cr3t-w0rd")}}},
			"Secret team-a/mural-variables", "edit secret mural-variables"},
		"OCIRepository":  {[]client.Object{custom("OCIRepository", "a", map[string]any{"spec": map[string]any{"url": "oci://zot/charts/app"}})}, "OCIRepository team-a/a", "point it at ECR"},
		"HelmRepository": {[]client.Object{custom("HelmRepository", "a", map[string]any{"spec": map[string]any{"url": "oci://zot.mural-system.svc:5000/charts"}})}, "HelmRepository team-a/a", "edit helmrepository.source.toolkit.fluxcd.io a"},
		"Bucket":         {[]client.Object{custom("Bucket", "a", map[string]any{"spec": map[string]any{"endpoint": "zot.mural-system.svc:5000"}})}, "Bucket team-a/a", "point it at ECR"},
		"substitute": {[]client.Object{custom("Kustomization", "a", map[string]any{"spec": map[string]any{"postBuild": map[string]any{"substitute": map[string]any{"registry": "zot.mural-system.svc.cluster.local:5000"}}}})},
			"Kustomization team-a/a", "put ECR's address there"},
		"other HelmRelease":   {[]client.Object{custom("HelmRelease", "shop", map[string]any{"spec": map[string]any{"values": map[string]any{"image": map[string]any{"registry": "zot.mural-system:5000"}}}})}, "HelmRelease team-a/shop", "ECR's address"},
		"workload deployment": {[]client.Object{custom("WorkloadDeployment", "a", map[string]any{"spec": map[string]any{"workloadDeploymentConfigs": []any{map[string]any{"variables": map[string]any{"r": "10.96.0.9:5000"}}}}})}, "WorkloadDeployment team-a/a", "ECR"},
		"settings":            {[]client.Object{custom("Settings", "a", map[string]any{"data": map[string]any{"registries": []any{"zot:5000"}}})}, "Settings team-a/a", "ECR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := unused.Prove(t.Context(), []*cluster.Cluster{connected(interceptor.Funcs{}, test.objects...)}, config())[0]
			require.Equal(t, report.Broken, p.Verdict, p)
			assert.Contains(t, p.Cause, test.object)
			assert.Contains(t, p.Remedy, test.remedy)
			assert.NotContains(t, fmt.Sprint(p), "s3cr3t")
		})
	}

	account := &corev1.ServiceAccount{ObjectMeta: meta("puller"), ImagePullSecrets: []corev1.LocalObjectReference{{Name: "zot-login"}}}
	p := unused.Prove(t.Context(), []*cluster.Cluster{connected(interceptor.Funcs{}, dockerSecret, account)}, config())[0]
	assert.Contains(t, fmt.Sprint(p.Evidence), "ServiceAccount team-a/puller")
}

func TestWhatDoesNotNeedZot(t *testing.T) {
	t.Parallel()
	zots := meta("zot")
	zots.Labels = map[string]string{"app.kubernetes.io/name": "zot"}
	release := custom("HelmRelease", "mural", map[string]any{"spec": map[string]any{"values": map[string]any{"endpoint": "oci://zot.mural-system.svc:5000"}}}).(*unstructured.Unstructured)
	release.SetNamespace("mural-system")
	owned := meta("old")
	owned.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "app", UID: "1"}}
	objects := []client.Object{
		&corev1.Secret{ObjectMeta: meta("sh.helm.release.v1.mural.v1"), Type: "helm.sh/release.v1", Data: map[string][]byte{"release": []byte("oci://zot.mural-system.svc:5000")}},
		&corev1.Secret{ObjectMeta: meta("palette-ecr-journal"), Type: "palette-ecr/journal", Data: map[string][]byte{"journal.json": []byte(`"oci://zot.mural-system.svc:5000"`)}},
		&appsv1.StatefulSet{ObjectMeta: zots, Spec: appsv1.StatefulSetSpec{Template: podOf("zot.mural-system:5000/zot:1")}},
		&appsv1.Deployment{ObjectMeta: meta("app"), Spec: appsv1.DeploymentSpec{Template: podOf("ghcr.io/project-zot/zot:1")}},
		&appsv1.ReplicaSet{ObjectMeta: owned, Spec: appsv1.ReplicaSetSpec{Template: podOf("zot:5000/app")}},
		&corev1.ConfigMap{ObjectMeta: meta("notes"), Data: map[string]string{"text": "oci://zot.mural-system.svc:5000"}},
		&corev1.Secret{ObjectMeta: meta("other"), Type: corev1.SecretTypeDockerConfigJson, Data: map[string][]byte{".dockerconfigjson": []byte(`{"auths":{"ghcr.io":{}}}`)}},
		release, custom("Widget", "a", map[string]any{"spec": map[string]any{"url": "oci://zot:5000"}}),
		custom("OCIRepository", "ok", map[string]any{"spec": map[string]any{"url": "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads"}, "status": map[string]any{"url": "oci://zot:5000"}}),
	}
	p := unused.Prove(t.Context(), []*cluster.Cluster{connected(interceptor.Funcs{}, objects...)}, config())[0]
	require.Equal(t, report.Held, p.Verdict, p)

	more := config()
	more.Names, more.Groups = []string{"notes"}, []string{"example.com"}
	p = unused.Prove(t.Context(), []*cluster.Cluster{connected(interceptor.Funcs{}, objects...)}, more)[0]
	require.Equal(t, report.Broken, p.Verdict)
	assert.Contains(t, fmt.Sprint(p.Evidence), "ConfigMap team-a/notes")
	assert.Contains(t, fmt.Sprint(p.Evidence), "Widget team-a/a")
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*unused.Config)
		verdict report.Verdict
		text    string
	}{
		"chart in another repository": {func(c *unused.Config) {
			c.Catalog = func(context.Context) ([]string, error) { return []string{"mural-workloads", "charts/shop"}, nil }
		}, report.Broken, "--leave charts/shop"},
		"left by name": {func(c *unused.Config) {
			c.Catalog = func(context.Context) ([]string, error) { return []string{"mural-workloads", "charts/shop"}, nil }
			c.Left = []string{"charts/shop"}
		}, report.Held, "nothing on edge-1"},
		"copied too": {func(c *unused.Config) {
			c.Catalog = func(context.Context) ([]string, error) { return []string{"mural-workloads", "charts/shop"}, nil }
			c.Copied = []string{"mural-workloads", "charts/shop"}
		}, report.Held, "nothing on edge-1"},
		"no right": {func(c *unused.Config) {
			c.Catalog = func(context.Context) ([]string, error) {
				return nil, fault.New(fault.Failed, "use another user", "listing: denied")
			}
		}, report.Unproven, "use another user"},
		"filtered":             {func(c *unused.Config) { c.Catalog = func(context.Context) ([]string, error) { return nil, nil } }, report.Unproven, "depends on the user's rights"},
		"nobody can ask":       {func(c *unused.Config) { c.Catalog = nil }, report.Unproven, "Zot can't be asked"},
		"an address is unseen": {func(c *unused.Config) { c.Unseen = []string{"nodes: forbidden"} }, report.Unproven, "nodes: forbidden"},
		"no address":           {func(c *unused.Config) { c.Zot = registry.Spellings{} }, report.Unproven, "no address of Zot"},
	} {
		c := config()
		test.change(&c)
		p := unused.Prove(t.Context(), []*cluster.Cluster{connected(interceptor.Funcs{}), connected(interceptor.Funcs{})}, c)
		assert.Equal(t, test.verdict, p[0].Verdict, "%s: %v", name, p[0])
		assert.Contains(t, p[0].Summary+p[0].Cause+p[0].Remedy, test.text, name)
		assert.Equal(t, report.Held, p[1].Verdict, "a spoke has no catalog")
	}
}

func TestWhatCannotBeSeenIsUnproven(t *testing.T) {
	t.Parallel()
	deny := func(match func(client.ObjectList) bool) interceptor.Funcs {
		return interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if match(list) {
				return errors.New("forbidden")
			}
			return c.List(ctx, list, opts...)
		}}
	}
	for name, match := range map[string]func(client.ObjectList) bool{
		"Secrets":     func(l client.ObjectList) bool { _, ok := l.(*corev1.SecretList); return ok },
		"Deployments": func(l client.ObjectList) bool { _, ok := l.(*appsv1.DeploymentList); return ok },
		"Kustomization objects": func(l client.ObjectList) bool {
			u, ok := l.(*unstructured.UnstructuredList)
			return ok && strings.HasPrefix(u.GetKind(), "Kustomization")
		},
	} {
		p := unused.Prove(t.Context(), []*cluster.Cluster{connected(deny(match))}, config())[0]
		assert.Equal(t, report.Unproven, p.Verdict, name)
		assert.Contains(t, p.Cause, name+": forbidden")
		assert.Contains(t, p.Remedy, "may list "+name)
	}
}

func TestSeesAll(t *testing.T) {
	t.Parallel()
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "zot"}, Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "zot"}}}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "zot-0", Labels: map[string]string{"app": "zot"}}, Spec: corev1.PodSpec{Volumes: []corev1.Volume{
		{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "zot-config"}}}},
	}}}
	for name, test := range map[string]struct{ config, err string }{
		"no access control":  {`{"http":{"port":"5000"}}`, ""},
		"administrator":      {`{"http":{"accessControl":{"adminPolicy":{"users":["admin"],"actions":["read","create"]}}}}`, ""},
		"everything":         {`{"http":{"accessControl":{"repositories":{"**":{"policies":[{"users":["admin"],"actions":["read"]}]}}}}}`, ""},
		"by default":         {`{"http":{"accessControl":{"repositories":{"**":{"defaultPolicy":["read"]}}}}}`, ""},
		"one only":           {`{"http":{"accessControl":{"repositories":{"mural-workloads":{"policies":[{"users":["admin"],"actions":["read"]}]}}}}}`, "does not let this user read every repository"},
		"narrower is denied": {`{"http":{"accessControl":{"repositories":{"**":{"defaultPolicy":["read"]},"secret/**":{"policies":[{"users":["boss"],"actions":["read"]}]}}}}}`, `"secret/**"`},
		"unknown form":       {`{"http":{"accessControl":[1]}}`, "not of a form that is known"},
		"not a config":       {`admin:$2y$05$hash`, ""},
	} {
		m := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "zot-config"}, Data: map[string]string{"config.json": test.config}}
		err := unused.SeesAll(t.Context(), connected(interceptor.Funcs{}, service, pod, m), client.ObjectKeyFromObject(service), "admin")
		if test.err == "" {
			assert.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, test.err, name)
		assert.Equal(t, fault.Unproven, fault.CodeOf(err))
	}
	require.Error(t, unused.SeesAll(t.Context(), connected(interceptor.Funcs{}, service, pod), client.ObjectKeyFromObject(service), "admin"), "what can't be read is not known")
	require.Error(t, unused.SeesAll(t.Context(), connected(interceptor.Funcs{}, service), client.ObjectKeyFromObject(service), "admin"))
}
