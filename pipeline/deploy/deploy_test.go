package deploy

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/kube"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const namespace = "mural-system"

// mural is a chart with what a restart depends on: ServiceAccounts and a registry's Secret.
func muralChart(version string) *helmchart.Chart {
	template := `
{{- range list "hue" "source-controller" }}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: {{ . }}, namespace: {{ $.Release.Namespace }}, annotations: {{ $.Values.annotations | default dict | toJson }}}
{{- end }}
---
apiVersion: v1
kind: Secret
metadata: {name: hue-oci-registry, namespace: {{ .Release.Namespace }}}
stringData: {endpoint: {{ .Values.endpoint | quote }}, provider: {{ .Values.provider | quote }}}
`
	return &helmchart.Chart{
		Metadata:  &helmchart.Metadata{APIVersion: "v2", Name: "mural", Version: version},
		Values:    map[string]any{"endpoint": "oci://zot:5000", "provider": "generic", "basicAuth": map[string]any{"password": "default-password"}},
		Templates: []*helmchart.File{{Name: "templates/all.yaml", Data: []byte(template)}},
	}
}

func crds(version string) *helmchart.Chart {
	return &helmchart.Chart{Metadata: &helmchart.Metadata{APIVersion: "v2", Name: "mural-crds", Version: version}}
}

var toECR = map[string]any{"endpoint": "oci://1.dkr.ecr.eu-west-1.amazonaws.com/p", "provider": "aws", "annotations": map[string]any{mural.RoleAnnotation: "arn"}}

// world is a release on Zot, installed an hour ago, with its pods.
type world struct {
	cluster *cluster.Cluster
	helm    *helm
	options Options
	patched []string
}

func newWorld(t *testing.T, kubeClient kube.Interface) *world {
	t.Helper()
	w := &world{options: Options{
		Release: target.Release{Name: "mural", Namespace: namespace}, Chart: muralChart("1.0.7"), CRDs: crds("0.7.4"), Timeout: 3 * time.Second,
	}}
	w.options.complete()
	memory := driver.NewMemory()
	memory.SetNamespace(namespace)
	w.cluster = &cluster.Cluster{Name: "hub"}
	w.helm = &helm{records: records{cluster: w.cluster, namespace: namespace, options: w.options, config: &action.Configuration{
		Releases: storage.Init(memory), KubeClient: kubeClient, Capabilities: chartutil.DefaultCapabilities.Copy(), Log: func(string, ...any) {},
	}}}
	objects := []client.Object{}
	for _, name := range []string{"hue", "source-controller"} {
		labels := map[string]string{"app": name}
		objects = append(objects,
			&appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
				Spec:       appsv1.DeploymentSpec{Selector: &metav1.LabelSelector{MatchLabels: labels}, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{ServiceAccountName: name}}},
				Status:     appsv1.DeploymentStatus{Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1},
			},
			&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: labels, CreationTimestamp: metav1.NewTime(time.Now().Add(-time.Hour))}},
		)
	}
	// Patching the Deployment makes a new pod, as the Deployment's controller would.
	renew := interceptor.Funcs{Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
		data, _ := patch.Data(obj)
		if !strings.Contains(string(data), restartedAt) {
			return errors.New("only a restart is expected here")
		}
		w.patched = append(w.patched, obj.GetName())
		pod := &corev1.Pod{}
		if err := c.Get(ctx, client.ObjectKeyFromObject(obj), pod); err != nil {
			return err
		}
		if err := c.Delete(ctx, pod); err != nil {
			return err
		}
		pod.ResourceVersion, pod.CreationTimestamp = "", metav1.NewTime(time.Now().Add(time.Second))
		if err := c.Create(ctx, pod); err != nil {
			return err
		}
		return c.Patch(ctx, obj, patch, opts...)
	}}
	w.cluster.Client = fake.NewClientBuilder().WithScheme(cluster.NewScheme()).WithObjects(objects...).WithInterceptorFuncs(renew).Build()
	w.store(t, "mural", 1, release.StatusDeployed, map[string]any{"basicAuth": map[string]any{"password": "zot-secret"}})
	w.store(t, "mural-crds", 1, release.StatusDeployed, nil)
	return w
}

// age makes the pods older than what comes next.
func (w *world) age(t *testing.T) {
	t.Helper()
	var list corev1.PodList
	require.NoError(t, w.cluster.Client.List(t.Context(), &list))
	for i := range list.Items {
		pod := &list.Items[i]
		require.NoError(t, w.cluster.Client.Delete(t.Context(), pod))
		pod.ResourceVersion, pod.CreationTimestamp = "", metav1.NewTime(time.Now().Add(-time.Hour))
		require.NoError(t, w.cluster.Client.Create(t.Context(), pod))
	}
}

// store puts a revision into Helm's storage as if it had been made two hours ago.
func (w *world) store(t *testing.T, name string, revision int, status release.Status, values map[string]any) {
	t.Helper()
	c := muralChart("1.0.7")
	if name == "mural-crds" {
		c = crds("0.7.4")
	}
	stored := release.Mock(&release.MockReleaseOptions{Name: name, Namespace: namespace, Version: revision, Status: status, Chart: c})
	stored.Config = values
	stored.Hooks = nil
	merged, err := chartutil.CoalesceValues(c, values)
	require.NoError(t, err)
	stored.Manifest = rendered(t, c, merged)
	require.NoError(t, w.helm.config.Releases.Create(stored))
}

func rendered(t *testing.T, c *helmchart.Chart, values map[string]any) string {
	t.Helper()
	install := action.NewInstall(&action.Configuration{Log: func(string, ...any) {}})
	install.ClientOnly, install.DryRun, install.ReleaseName, install.Namespace = true, true, "mural", namespace
	out, err := install.Run(c, values)
	require.NoError(t, err)
	return out.Manifest
}

func (w *world) run(t *testing.T, values map[string]any) (*Result, error) {
	t.Helper()
	w.options.Values = values
	return run(t.Context(), w.cluster, w.helm, w.options)
}

func printing() kube.Interface { return &kubefake.PrintingKubeClient{Out: io.Discard} }

func TestRunUpgradesOnceAndRestartsWhatReadsItsIdentityAtStart(t *testing.T) {
	w := newWorld(t, printing())
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.True(t, result.Changed)
	assert.Equal(t, 2, result.Revision)
	assert.Equal(t, 1, result.PreviousRevision)
	assert.Equal(t, []string{"hue", "source-controller"}, result.Restarted)
	assert.Equal(t, "mural-crds is version 0.7.4 with these values already, revision 1", result.CRDs)
	assert.False(t, result.SwitchedAt.Before(time.Now().Add(-time.Minute)))
	live, err := w.helm.live("mural")
	require.NoError(t, err)
	assert.NotContains(t, live.Values, "basicAuth", "the last release's values are not reused")
	assert.Equal(t, "aws", live.Merged["provider"])
	assert.Contains(t, live.Merged, "basicAuth", "the chart's defaults are part of what templates see")

	w.options.Chart = muralChart("1.0.7")
	again, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.False(t, again.Changed)
	assert.Contains(t, again.Reason, "already, revision 2")
	assert.Empty(t, again.Restarted)
	assert.Equal(t, []string{"hue", "source-controller"}, w.patched)
}

func TestRunFinishesARestartThatAKillPrevented(t *testing.T) {
	w := newWorld(t, printing())
	_, err := w.helm.apply(t.Context(), "mural", muralChart("1.0.7"), toECR) // and killed here
	require.NoError(t, err)
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.True(t, result.Changed)
	assert.Equal(t, []string{"hue", "source-controller"}, result.Restarted)
	assert.Equal(t, 1, result.PreviousRevision, "and a rollback goes to the revision before that upgrade")
}

func TestAFailedRevisionIsNothingToGoBackTo(t *testing.T) {
	w := newWorld(t, printing())
	w.store(t, "mural", 2, release.StatusFailed, toECR)
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.Equal(t, 3, result.Revision)
	assert.Equal(t, 1, result.PreviousRevision)
}

func TestRunRestartsOnlyWhoseInputsChanged(t *testing.T) {
	w := newWorld(t, printing())
	result, err := w.run(t, map[string]any{"endpoint": "oci://1.dkr.ecr.eu-west-1.amazonaws.com/p", "provider": "aws"})
	require.NoError(t, err)
	assert.Equal(t, []string{"hue"}, result.Restarted, "source-controller reads no registry Secret, and its ServiceAccount is as it was")

	w = newWorld(t, printing())
	result, err = w.run(t, map[string]any{"replicas": 2})
	require.NoError(t, err)
	assert.True(t, result.Changed)
	assert.Empty(t, result.Restarted)
}

func TestRunUpgradesForAnotherVersionTemplateOrStatus(t *testing.T) {
	same := map[string]any{"basicAuth": map[string]any{"password": "zot-secret"}}
	tests := map[string]func(*testing.T, *world){
		"version":  func(_ *testing.T, w *world) { w.options.Chart = muralChart("1.0.8") },
		"template": func(_ *testing.T, w *world) { w.options.Chart.Templates[0].Data = []byte("# other") },
		"status":   func(t *testing.T, w *world) { w.store(t, "mural", 2, release.StatusFailed, same) },
		"crds":     func(_ *testing.T, w *world) { w.options.CRDs = crds("0.7.5") },
		"older, as asked": func(_ *testing.T, w *world) {
			w.options.Chart = muralChart("1.0.6")
			w.options.AllowDowngrade, w.helm.options.AllowDowngrade = true, true
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, printing())
			change(t, w)
			result, err := w.run(t, same)
			require.NoError(t, err)
			assert.True(t, result.Changed)
		})
	}
	w := newWorld(t, printing())
	result, err := w.run(t, same)
	require.NoError(t, err)
	assert.False(t, result.Changed, "without any of these nothing changes")
}

func TestRunRefusesWithoutTouchingAnything(t *testing.T) {
	tests := map[string]struct {
		prepare      func(*testing.T, *world)
		text, remedy string
	}{
		"pending":      {func(t *testing.T, w *world) { w.store(t, "mural", 2, release.StatusPendingUpgrade, nil) }, "revision 2 is pending-upgrade since", "palette-ecr run --recover"},
		"pending crds": {func(t *testing.T, w *world) { w.store(t, "mural-crds", 2, release.StatusPendingUpgrade, nil) }, "mural-system/mural-crds", "palette-ecr rollback"},
		"missing":      {func(_ *testing.T, w *world) { w.options.Release.Name = "none" }, "there is no such release", "helm list"},
		"older chart":  {func(_ *testing.T, w *world) { w.options.Chart = muralChart("1.0.6") }, `deploying version 1.0.6 of release mural-system/mural on cluster "hub": it has version 1.0.7, which is newer`, "leave the version out, which keeps 1.0.7, or pass --allow-downgrade"},
		"older CRDs":   {func(_ *testing.T, w *world) { w.options.CRDs = crds("0.7.3") }, `deploying version 0.7.3 of release mural-system/mural-crds on cluster "hub": it has version 0.7.4`, "--allow-downgrade"},
		"no version":   {func(_ *testing.T, w *world) { w.options.Chart = muralChart("main") }, "which is newer, that or 1.0.7, is unknown", "--allow-downgrade"},
		"lease of another run": {func(_ *testing.T, w *world) {
			w.helm.options.Lock = func(context.Context) error {
				return fault.New(fault.Refused, "wait until run one has ended", "taking the Lease")
			}
		}, "taking the Lease", "wait until run one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, printing())
			w.options.CRDs = crds("0.7.5") // would be upgraded first
			test.prepare(t, w)
			_, err := w.run(t, toECR)
			require.ErrorContains(t, err, test.text)
			assert.Equal(t, fault.Refused, fault.CodeOf(err))
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			last, err := w.helm.last("mural-crds")
			require.NoError(t, err)
			assert.Equal(t, "0.7.4", last.Chart.Metadata.Version)
			assert.Empty(t, w.patched)
		})
	}
}

func TestRunInstallsWhenAsked(t *testing.T) {
	w := newWorld(t, printing())
	w.options.Install, w.helm.options.Install = true, true
	w.options.Release.Name = "second"
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	assert.True(t, result.Changed)
	assert.Equal(t, 1, result.Revision)
	assert.Zero(t, result.PreviousRevision)
}

func TestRunTellsWhatThePodSaysAndNoSecret(t *testing.T) {
	failing := &kubefake.FailingKubeClient{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard}, WaitError: errors.New("timed out waiting for zot-secret and new-secret")}
	w := newWorld(t, failing)
	crashing := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "hue-2"}, Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
		Name: "manager", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}},
	}}}}
	require.NoError(t, w.cluster.Client.Create(t.Context(), crashing))
	result, err := w.run(t, map[string]any{"canvas": map[string]any{"sessionSecret": "new-secret"}})
	require.ErrorContains(t, err, "pod hue-2, container manager: ImagePullBackOff: no such image")
	assert.NotContains(t, err.Error(), "zot-secret")
	assert.NotContains(t, err.Error(), "new-secret")
	assert.Equal(t, fault.Failed, fault.CodeOf(err))
	assert.Contains(t, fault.RemedyOf(err), "helm rollback mural 1 --namespace mural-system")
	assert.True(t, result.Changed)
	assert.Equal(t, 2, result.Revision)
	assert.Empty(t, w.patched)
}

func TestUndoGoesBackOnceAndRestarts(t *testing.T) {
	w := newWorld(t, printing())
	result, err := w.run(t, toECR)
	require.NoError(t, err)
	w.age(t)
	require.NoError(t, undo(t.Context(), w.cluster, w.helm, w.options, result.PreviousRevision))
	live, err := w.helm.live("mural")
	require.NoError(t, err)
	assert.Equal(t, 3, live.Revision)
	assert.Contains(t, live.Values, "basicAuth")
	assert.Equal(t, []string{"hue", "source-controller", "hue", "source-controller"}, w.patched)

	require.NoError(t, undo(t.Context(), w.cluster, w.helm, w.options, result.PreviousRevision))
	live, err = w.helm.live("mural")
	require.NoError(t, err)
	assert.Equal(t, 3, live.Revision, "it is there already")
	require.ErrorContains(t, undo(t.Context(), w.cluster, w.helm, w.options, 9), "going back to revision 9")

	w.store(t, "mural", 4, release.StatusPendingUpgrade, nil)
	err = undo(t.Context(), w.cluster, w.helm, w.options, 1)
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
}

// TestRunBlamesNobodyWhoWasBrokenBefore: a Deployment that crashed for weeks explains no upgrade that failed.
func TestRunBlamesNobodyWhoWasBrokenBefore(t *testing.T) {
	t.Parallel()
	waiting := corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}}
	owned := func(name, kind, owner string) *corev1.Pod {
		return &corev1.Pod{Status: waiting, ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, Labels: map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: "5d8f"},
			OwnerReferences: []metav1.OwnerReference{{Kind: kind, Name: owner, Controller: new(true)}},
		}}
	}
	w := newWorld(t, &kubefake.FailingKubeClient{PrintingKubeClient: kubefake.PrintingKubeClient{Out: io.Discard}, WaitError: errors.New("timed out")})
	for _, pod := range []*corev1.Pod{owned("a-dex", "ReplicaSet", "dex-5d8f"), owned("b-store", "StatefulSet", "store"), owned("canvas-1", "ReplicaSet", "canvas-5d8f")} {
		require.NoError(t, w.cluster.Client.Create(t.Context(), pod))
	}
	w.helm.options.Accepted = func(kind, in, name string) bool {
		return in == namespace && (kind == "Deployment" && name == "dex" || kind == "StatefulSet" && name == "store")
	}
	_, err := w.run(t, toECR)
	require.ErrorContains(t, err, "pod canvas-1, container main: CrashLoopBackOff")
}
