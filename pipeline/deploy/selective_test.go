package deploy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/resource"
)

func info(kind, name string, replicas int64, labels map[string]string) *resource.Info {
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": kind, "spec": map[string]any{"replicas": replicas}}}
	o.SetNamespace(namespace)
	o.SetName(name)
	o.SetLabels(labels)
	return &resource.Info{Namespace: namespace, Name: name, Object: o}
}

func waitedFor(w *waits, list kube.ResourceList) []string {
	var names []string
	for _, i := range list.Filter(w.on) {
		names = append(names, i.Name)
	}
	return names
}

func TestOnlyWhatChangedAndWasHealthyIsWaitedFor(t *testing.T) {
	t.Parallel()
	w := &waits{accepted: func(kind, in, name string) bool { return kind == "Deployment" && in == namespace && name == "broken" }}
	before := kube.ResourceList{info("Deployment", "hue", 1, nil), info("Deployment", "same", 1, nil), info("Deployment", "broken", 1, nil), info("Deployment", "deleted", 1, nil)}
	after := kube.ResourceList{
		info("Deployment", "hue", 2, nil), info("Deployment", "same", 1, map[string]string{"app.kubernetes.io/managed-by": "Helm"}),
		info("Deployment", "broken", 2, nil), info("StatefulSet", "zot", 1, nil), info("Deployment", "deleted", 1, nil),
	}
	assert.Equal(t, []string{"hue", "same", "zot", "deleted"}, waitedFor(w, after), "of an installation everything is new")
	w.note(before, after)
	w.made(kube.ResourceList{info("Deployment", "deleted", 1, nil)})
	assert.Equal(t, []string{"hue", "zot", "deleted"}, waitedFor(w, after))
}
