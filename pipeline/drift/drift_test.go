package drift_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fluxcd/pkg/apis/meta"
	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	fakeset "k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/drift"
	ecrapi "github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

const (
	ecr = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	zot = "oci://zot.mural-system.svc.cluster.local:5000"
)

func workload(change func(*sourcev1.OCIRepositorySpec)) *sourcev1.OCIRepository {
	r := &sourcev1.OCIRepository{
		ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "checkout"},
		Spec:       sourcev1.OCIRepositorySpec{URL: ecr + "/mural-workloads", Provider: "aws"},
	}
	change(&r.Spec)
	return r
}

// settings are what PaletteAI tells hue of its registry.
func settings(namespace, endpoint, login string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hue-oci-registry"}, Data: map[string][]byte{
		"endpoint": []byte(endpoint), "repository": []byte("mural-workloads"), "provider": []byte("aws"), "basicAuthSecretName": []byte(login),
	}}
}

func config(t *testing.T, funcs interceptor.Funcs, objects ...client.Object) drift.Config {
	t.Helper()
	parsed, err := registry.Parse(ecr)
	require.NoError(t, err)
	to, err := parsed.Repository("mural-workloads")
	require.NoError(t, err)
	c := drift.Config{
		Clusters: []*cluster.Cluster{{
			Name: "hub", Clientset: fakeset.NewClientset(),
			Client: fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).WithInterceptorFuncs(funcs).Build(),
		}},
		Destination: to, Live: mural.Values{Hue: mural.Registry{Endpoint: ecr, Repository: "mural-workloads"}},
		Release: "mural-system/mural", Namespace: "mural-system", Now: time.Now,
	}
	c.Zot.AddURL(zot + "/mural-workloads")
	return c
}

func TestFind(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change  func(*drift.Config)
		objects []client.Object
		want    []string // rule and object; none is no drift
	}{
		"as it should be":     {objects: []client.Object{workload(func(*sourcev1.OCIRepositorySpec) {})}},
		"hue on Zot":          {change: func(c *drift.Config) { c.Live.Hue.Endpoint = zot }, want: []string{"D1 release mural-system/mural"}},
		"hue elsewhere":       {change: func(c *drift.Config) { c.Live.Hue.Endpoint = "oci://harbor.example.com/x" }, want: []string{"D1 release mural-system/mural"}},
		"hue with a password": {change: func(c *drift.Config) { c.Live.Hue.BasicAuth.Password = "x" }, want: []string{"D2 release mural-system/mural"}},
		"hue with Zot's CA":   {change: func(c *drift.Config) { c.Live.Hue.CertSecretName = "ca" }, want: []string{"D2 release mural-system/mural"}},
		"a CA that is kept":   {change: func(c *drift.Config) { c.Live.Hue.CertSecretName, c.KeepCert = "ca", true }},
		"a spoke on Zot": {change: func(c *drift.Config) {
			c.Live.Spokes = []mural.Spoke{{Name: "a", HasRegistry: true, Registry: mural.Registry{Endpoint: zot, Repository: "mural-workloads"}}}
		}, want: []string{"D1 release mural-system/mural"}},
		"Zot on again":          {change: func(c *drift.Config) { c.Live.Zot = true }, want: []string{"D3 release mural-system/mural"}},
		"Zot was never off":     {change: func(c *drift.Config) { c.Live.Zot, c.ZotMayRun = true, true }},
		"a workload on Zot":     {objects: []client.Object{workload(func(s *sourcev1.OCIRepositorySpec) { s.URL = zot + "/mural-workloads" })}, want: []string{"D1 OCIRepository apps/checkout"}},
		"a pod's image in Zot":  {objects: []client.Object{&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "web"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "zot.mural-system.svc.cluster.local:5000/web:1"}}}}}, want: []string{"D1 Pod apps/web"}},
		"a workload's password": {objects: []client.Object{workload(func(s *sourcev1.OCIRepositorySpec) { s.SecretRef = &meta.LocalObjectReference{Name: "login"} })}, want: []string{"D2 OCIRepository apps/checkout"}},
		"no provider":           {objects: []client.Object{workload(func(s *sourcev1.OCIRepositorySpec) { s.Provider = "generic" })}, want: []string{"D2 OCIRepository apps/checkout"}},
		"an account with pull secrets": {objects: []client.Object{
			workload(func(s *sourcev1.OCIRepositorySpec) { s.ServiceAccountName = "reader" }),
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "reader"}, ImagePullSecrets: []corev1.LocalObjectReference{{Name: "login"}}},
		}, want: []string{"D2 ServiceAccount apps/reader"}},
		"hue's settings on Zot":           {objects: []client.Object{settings("mural-system", zot, "")}, want: []string{"D1 Secret mural-system/hue-oci-registry"}},
		"hue's settings with credentials": {objects: []client.Object{settings("mural-system", ecr, "login")}, want: []string{"D2 Secret mural-system/hue-oci-registry"}},
		"hue's settings":                  {objects: []client.Object{settings("mural-system", ecr, "")}},
		"somebody else's settings":        {objects: []client.Object{settings("apps", zot, "login")}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(t, interceptor.Funcs{}, test.objects...)
			if test.change != nil {
				test.change(&c)
			}
			found := drift.Find(t.Context(), c)
			var got []string
			for _, f := range found.Findings {
				got = append(got, f.Rule+" "+f.Place.Object)
				assert.NotEmpty(t, f.Remedy)
				assert.NotEmpty(t, f.Message)
			}
			assert.Equal(t, test.want, got)
			assert.Empty(t, found.Unseen)
		})
	}
}

// TestAnotherRegistryInECRIsNotZot: the release may have gone to an endpoint that is not the one given.
func TestAnotherRegistryInECRIsNotZot(t *testing.T) {
	t.Parallel()
	const other = "oci://210987654321.dkr.ecr.eu-west-1.amazonaws.com/palette"
	c := config(t, interceptor.Funcs{}, workload(func(s *sourcev1.OCIRepositorySpec) { s.URL = other + "/mural-workloads" }), settings("mural-system", other, ""))
	c.Zot.AddURL(other + "/mural-workloads")
	found := drift.Find(t.Context(), c)
	require.Len(t, found.Findings, 2)
	for _, f := range found.Findings {
		assert.Contains(t, f.Message, "another registry than the destination, "+other)
		assert.NotContains(t, f.Message, "Zot")
	}
}

// TestWhatCannotBeSeen is not "no drift".
func TestWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	c := config(t, interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		if _, ok := list.(*sourcev1.OCIRepositoryList); ok {
			return errors.New("forbidden here")
		}
		return c.List(ctx, list, opts...)
	}})
	found := drift.Find(t.Context(), c)
	assert.Empty(t, found.Findings)
	require.NotEmpty(t, found.Unseen)
	assert.Contains(t, found.Unseen[0], "forbidden here")
}

// TestLost: what ECR does not give is a finding for each who reads it, whether it is archived or gone.
func TestLost(t *testing.T) {
	t.Parallel()
	to := config(t, interceptor.Funcs{}).Destination
	found := drift.Lost("hub", to, []copy.Reference{
		{Tag: "v1", Digest: "sha256:a", From: "apps/fine@hub"}, {Tag: "v1", From: "apps/also-fine@hub"},
		{Digest: "sha256:b", From: "apps/asleep@hub"}, {Tag: "v3", From: "apps/gone@hub"},
	}, []ecrapi.Image{{Digest: "sha256:a", Tags: []string{"v1"}}}, []ecrapi.Image{{Digest: "sha256:b"}})
	var got []string
	for _, f := range found {
		assert.Equal(t, "D4", f.Rule)
		got = append(got, f.Place.Object+": "+f.Message)
	}
	assert.Equal(t, []string{
		"OCIRepository apps/asleep: ECR has archived what it reads, sha256:b, and answers 404 for it",
		"OCIRepository apps/gone: what it reads, v3, is not in " + ecr + "/mural-workloads any more",
	}, got)
}
