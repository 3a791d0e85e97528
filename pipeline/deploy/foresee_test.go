package deploy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/chart"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/plan"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
)

// whole is the chart mural with Zot's objects, which go when it is turned off, and one that comes with ECR.
func whole() *helmchart.Chart {
	c := muralChart("1.0.7")
	c.Templates = append(c.Templates, &helmchart.File{Name: "templates/zot.yaml", Data: []byte(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: hue, namespace: {{ .Release.Namespace }}}
spec:
  selector: {matchLabels: {app: hue}}
  template:
    metadata: {labels: {app: hue}}
    spec: {serviceAccountName: hue, containers: [{name: manager, image: hue, env: [{name: ENDPOINT, value: {{ .Values.endpoint }}}, {name: ZOT_PASSWORD, value: {{ .Values.basicAuth.password }}}]}]}
{{- if ne .Values.zot "off" }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: zot, namespace: {{ .Release.Namespace }}}
spec: {serviceName: zot, selector: {matchLabels: {app: zot}}, template: {metadata: {labels: {app: zot}}, spec: {containers: [{name: zot, image: zot}]}}, persistentVolumeClaimRetentionPolicy: {whenDeleted: {{ .Values.policy }}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kept, namespace: {{ .Release.Namespace }}, annotations: {helm.sh/resource-policy: keep}}
{{- else }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: new, namespace: {{ .Release.Namespace }}}
data: {config.yaml: "user: admin\npassword: {{ .Values.basicAuth.password }}\n"}
{{- end }}
`)})
	c.Values["zot"], c.Values["policy"] = "on", "Retain"
	return c
}

const oldPassword = "marker-4hX-zot-password"

// installed is a release on Zot whose objects are in the cluster, and a count of what is written there.
func installed(t *testing.T, change func(*world), hooks interceptor.Funcs) *world {
	t.Helper()
	w := newWorld(t, printing())
	w.options.CRDs = nil
	w.options.Chart = whole()
	if change != nil {
		change(w)
	}
	values := map[string]any{"basicAuth": map[string]any{"password": oldPassword}}
	stored := release.Mock(&release.MockReleaseOptions{Name: "mural", Namespace: namespace, Version: 2, Status: release.StatusDeployed, Chart: chart.Clone(w.options.Chart)})
	stored.Config, stored.Hooks = values, nil
	merged, err := chart.Merged(w.options.Chart, values)
	require.NoError(t, err)
	stored.Manifest = rendered(t, chart.Clone(w.options.Chart), merged)
	require.NoError(t, w.helm.config.Releases.Create(stored))
	objects, err := chart.Objects(stored)
	require.NoError(t, err)

	var pods corev1.PodList
	require.NoError(t, w.cluster.Client.List(t.Context(), &pods))
	scheme := cluster.NewScheme()
	if hooks.Patch == nil {
		hooks.Patch = answered
	}
	builder := fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(hooks).WithLists(&pods)
	for _, m := range objects {
		typed, err := scheme.New(m.Object.GroupVersionKind())
		require.NoError(t, err)
		if s, ok := typed.(*corev1.Secret); ok { // as the API server keeps it
			s.Namespace, s.Name, s.Data = namespace, m.Object.GetName(), map[string][]byte{}
			for key, value := range dataOf(m.Object) {
				s.Data[key] = []byte(value)
			}
			builder = builder.WithObjects(s)
			continue
		}
		builder = builder.WithObjects(m.Object)
	}
	w.cluster.Client = builder.Build()
	return w
}

// answered does a dry run as an API server: it answers with what would be. The fake client answers with what is.
func answered(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
	if len((&client.PatchOptions{}).ApplyOptions(opts).DryRun) == 0 {
		return errors.New("a write")
	}
	current := &unstructured.Unstructured{}
	current.SetGroupVersionKind(o.GetObjectKind().GroupVersionKind())
	if err := c.Get(ctx, client.ObjectKeyFromObject(o), current); err != nil {
		return err
	}
	return fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(current).Build().Patch(ctx, o, p)
}

func (w *world) foresee(t *testing.T, values map[string]any) (Foreseen, error) {
	t.Helper()
	w.options.Values = values
	return foresee(t.Context(), w.cluster, w.helm, w.options)
}

func actions(f Foreseen) map[string]plan.Action {
	all := map[string]plan.Action{}
	for _, e := range f.Effects {
		all[e.Object] = e.Action
	}
	return all
}

func diffOf(t *testing.T, f Foreseen, object string) string {
	t.Helper()
	for _, e := range f.Effects {
		if e.Object == object {
			return e.Diff
		}
	}
	require.Fail(t, "nothing happens to "+object)
	return ""
}

func TestForesee(t *testing.T) {
	t.Parallel()
	var writes []string
	w := installed(t, nil, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			if len((&client.CreateOptions{}).ApplyOptions(opts).DryRun) == 0 {
				writes = append(writes, "create "+o.GetName())
			}
			return c.Create(ctx, o, opts...)
		},
	})
	next := map[string]any{
		"endpoint": toECR["endpoint"], "provider": "aws", "annotations": toECR["annotations"], "zot": "off",
		"basicAuth": map[string]any{"password": "marker-9kQ-new-password"},
	}
	f, err := w.foresee(t, next)
	require.NoError(t, err)
	assert.Equal(t, map[string]plan.Action{
		"ServiceAccount mural-system/hue": plan.Update, "ServiceAccount mural-system/source-controller": plan.Update,
		"Secret mural-system/hue-oci-registry": plan.Update, "Deployment mural-system/hue": plan.Update,
		"StatefulSet mural-system/zot": plan.Delete, "ConfigMap mural-system/new": plan.Create,
	}, actions(f), "what is kept stays")
	assert.ElementsMatch(t, []string{"Deployment mural-system/hue"}, f.Restarts, "there is no source-controller here to restart")
	assert.Empty(t, f.Unknown)
	assert.Empty(t, f.Final)
	for _, e := range f.Effects {
		assert.Equal(t, e.Object == "StatefulSet mural-system/zot", e.Note == "its volumes stay", e.Object)
	}
	assert.Contains(t, f.Facts, plan.Fact{Kind: plan.Release, Name: "mural-system/mural", Seen: "revision 2, deployed, chart 1.0.7"})
	assert.Contains(t, f.Facts, plan.Fact{Kind: plan.Object, Name: "ConfigMap mural-system/new", Seen: plan.Absent})

	assert.Contains(t, diffOf(t, f, "ServiceAccount mural-system/hue"), "+    eks.amazonaws.com/role-arn: arn\n")
	assert.Contains(t, diffOf(t, f, "Secret mural-system/hue-oci-registry"), "-  endpoint: oci://zot:5000\n-  provider: generic\n+  endpoint: oci://1.dkr.ecr.eu-west-1.amazonaws.com/p\n+  provider: aws\n")
	assert.Contains(t, diffOf(t, f, "Deployment mural-system/hue"), "+          value: oci://1.dkr.ecr.eu-west-1.amazonaws.com/p\n")

	// Nobody's password is in it, neither as such nor as a hash that lets people guess.
	d := plan.New(plan.Document{Effects: f.Effects, Facts: f.Facts})
	data, err := d.Encode()
	require.NoError(t, err)
	for _, marker := range []string{oldPassword, "marker-9kQ-new-password", "default-password", "bWFya2Vy"} {
		assert.NotContains(t, string(data), marker)
	}

	// Nothing was written, and another look sees just the same.
	assert.Empty(t, writes)
	last, err := w.helm.last("mural")
	require.NoError(t, err)
	assert.Equal(t, 2, last.Version)
	again, err := w.foresee(t, next)
	require.NoError(t, err)
	same, err := plan.New(plan.Document{Effects: again.Effects, Facts: again.Facts}).Encode()
	require.NoError(t, err)
	assert.Equal(t, string(data), string(same))
}

func TestForeseeNothing(t *testing.T) {
	t.Parallel()
	w := installed(t, nil, interceptor.Funcs{})
	f, err := w.foresee(t, map[string]any{"basicAuth": map[string]any{"password": oldPassword}})
	require.NoError(t, err)
	assert.Empty(t, f.Effects)
	assert.Empty(t, f.Restarts)
	assert.Contains(t, factNames(f), "StatefulSet mural-system/zot", "what is live is noted all the same")
}

func factNames(f Foreseen) []string {
	var all []string
	for _, fact := range f.Facts {
		all = append(all, fact.Name)
	}
	return all
}

// TestForeseeSecretThatChanges: that it changes is seen, and not to what.
func TestForeseeSecretThatChanges(t *testing.T) {
	t.Parallel()
	w := installed(t, func(w *world) {
		w.options.Chart.Templates[0].Data = append(w.options.Chart.Templates[0].Data, []byte("\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: {{ .Release.Namespace }}}\nstringData: {login: {{ .Values.basicAuth.password | quote }}, other: same}\n")...)
	}, interceptor.Funcs{})
	f, err := w.foresee(t, map[string]any{"basicAuth": map[string]any{"password": "marker-2"}})
	require.NoError(t, err)
	diff := diffOf(t, f, "Secret mural-system/login")
	assert.Contains(t, diff, "-  login: '********'\n+  login: '******** (another)'\n   other: '********'\n")
}

// TestForeseeLosingAVolume is what can't be undone.
func TestForeseeLosingAVolume(t *testing.T) {
	t.Parallel()
	w := installed(t, func(w *world) { w.options.Chart.Values["policy"] = "Delete" }, interceptor.Funcs{})
	f, err := w.foresee(t, map[string]any{"zot": "off"})
	require.NoError(t, err)
	assert.Equal(t, []string{"StatefulSet mural-system/zot deletes its volume claims when it is deleted, and what is on them may go with them"}, f.Final)
	for _, e := range f.Effects {
		assert.Empty(t, e.Note)
	}
}

func TestForeseeAnotherVersionOfTheCRDs(t *testing.T) {
	t.Parallel()
	w := installed(t, func(w *world) { w.options.CRDs = crds("0.7.5") }, interceptor.Funcs{})
	f, err := w.foresee(t, map[string]any{"basicAuth": map[string]any{"password": oldPassword}})
	require.NoError(t, err)
	assert.Equal(t, []string{"mural-crds goes from 0.7.4 to 0.7.5, and stays there after a rollback"}, f.Final)

	w.options.CRDs = crds("0.7.3")
	_, err = w.foresee(t, nil)
	assert.Equal(t, fault.Refused, fault.CodeOf(err), "what run refuses is refused")
	assert.ErrorContains(t, err, "0.7.4, which is newer")
}

// TestForeseeWhatTheAPIServerSays: what it refuses would fail an upgrade halfway, and what we may not ask is unknown.
func TestForeseeWhatTheAPIServerSays(t *testing.T) {
	t.Parallel()
	on := schema.GroupResource{Resource: "serviceaccounts"}
	for name, test := range map[string]struct {
		says    error
		unknown string
		fails   string
		code    fault.Code
	}{
		"forbidden":  {says: apierrors.NewForbidden(on, "hue", errors.New("no")), unknown: "what the API server makes of ServiceAccount mural-system/hue: the right to patch it is missing"},
		"no dry run": {says: apierrors.NewBadRequest(`admission webhook "x" does not support dry run`), unknown: "a webhook supports no dry run"},
		"invalid":    {says: apierrors.NewBadRequest("spec of " + oldPassword + " is wrong"), fails: "spec of ******** is wrong", code: fault.Refused},
		"silent":     {says: errors.New("connection refused"), fails: "connection refused", code: fault.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := installed(t, nil, interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
				if o.GetName() == "hue" && o.GetObjectKind().GroupVersionKind().Kind == "ServiceAccount" {
					return test.says
				}
				return answered(ctx, c, o, p, opts...)
			}})
			f, err := w.foresee(t, map[string]any{"annotations": toECR["annotations"], "basicAuth": map[string]any{"password": oldPassword}})
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				require.ErrorContains(t, err, "trying ServiceAccount mural-system/hue on cluster \"hub\" without storing it")
				assert.NotContains(t, err.Error(), oldPassword)
				assert.Equal(t, test.code, fault.CodeOf(err))
				return
			}
			require.NoError(t, err)
			require.Len(t, f.Unknown, 1)
			assert.Contains(t, f.Unknown[0], test.unknown)
			assert.Equal(t, plan.Update, actions(f)["ServiceAccount mural-system/hue"], "what Helm would send is shown")
		})
	}
}

func TestForeseeRevisionIsFoundByItsValues(t *testing.T) {
	t.Parallel()
	w := installed(t, nil, interceptor.Funcs{})
	history, err := w.helm.history("mural")
	require.NoError(t, err)
	f := newForeseer(w.cluster, w.helm, w.options)
	require.NoError(t, f.compare(t.Context(), history[1], history[0]))
	assert.Equal(t, plan.Delete, actions(f.Foreseen)["StatefulSet mural-system/zot"], "revision 1 had no Zot")
}

// TestNoLineOfATextShowsASecret: what stands in a ConfigMap's files is masked by what the whole of a file says.
func TestNoLineOfATextShowsASecret(t *testing.T) {
	t.Parallel()
	const marker = "marker-7pQ"
	object := func(texts ...any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a"}, "data": map[string]any{"all": fmt.Sprint(texts...), "endpoint": "oci://zot"}}}
	}
	f := &foreseer{hide: secret.Known(nil)}
	for _, text := range []string{
		"-----BEGIN PRIVATE KEY-----\n" + marker + "\n-----END PRIVATE KEY-----\n", "users: [{name: a, user: {token: " + marker + "}}]", "a\npassword: " + marker, "credentials:\n  a: " + marker,
		`{"url": "https://x/c?sv=1\u0026sig=` + marker + `"}`, "mysql -uroot -p" + marker, "Authorization: Bearer " + marker, "https://acme.webhook.office.com/webhookb2/" + marker,
	} {
		for name, diff := range map[string]string{"new": f.diff(nil, object(text)), "changed": f.diff(object(text), object("b: ", text)), "deleted": f.diff(object(text), nil)} {
			assert.NotContains(t, diff, marker, name)
			assert.Contains(t, diff, secret.Hidden, name)
		}
		assert.Contains(t, f.diff(nil, object(text)), "endpoint: oci://zot")
	}
}

func TestValuesDiff(t *testing.T) {
	t.Parallel()
	diff, err := ValuesDiff(map[string]any{"a": 1, "basicAuth": map[string]any{"password": oldPassword}, "note": "see " + oldPassword}, map[string]any{"a": 2})
	require.NoError(t, err)
	assert.Contains(t, diff, "-a: 1\n")
	assert.Contains(t, diff, "+a: 2\n")
	assert.NotContains(t, diff, oldPassword)
	none, err := ValuesDiff(map[string]any{"a": 1}, map[string]any{"a": 1.0})
	require.NoError(t, err)
	assert.Empty(t, strings.TrimSpace(none))
}

// TestForeseeOfAPendingRelease: seen: `run --recover` was refused by its own plan, with the advice to run with --recover.
func TestForeseeOfAPendingRelease(t *testing.T) {
	t.Parallel()
	w := installed(t, nil, interceptor.Funcs{})
	last, err := w.helm.last("mural")
	require.NoError(t, err)
	pending := *last
	info := *last.Info
	pending.Version, pending.Info = 3, &info
	pending.Info.Status = release.StatusPendingUpgrade
	require.NoError(t, w.helm.config.Releases.Create(&pending))
	stored := w.helm.config.Releases.Driver
	w.helm.config.Releases.Driver = repaired{stored}

	f, err := w.foresee(t, toECR)
	require.NoError(t, err)
	assert.Contains(t, actions(f), "Secret mural-system/hue-oci-registry")
	assert.Contains(t, f.Facts, plan.Fact{Kind: plan.Release, Name: "mural-system/mural", Seen: "revision 3, failed, chart 1.0.7"})
	w.helm.config.Releases.Driver = stored
	last, err = w.helm.last("mural")
	require.NoError(t, err)
	assert.Equal(t, release.StatusPendingUpgrade, last.Info.Status, "nothing is written")
}
