package deploy

import (
	"reflect"
	"time"

	"helm.sh/helm/v3/pkg/kube"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/resource"
)

// selective is Helm's client that waits only for what an upgrade has changed and was healthy before. Helm itself waits
// for every object of the release: one workload that crashed for weeks would fail the cutover, and the rollback too.
type selective struct {
	*kube.Client
	waits waits
}

// waits knows what to wait for.
type waits struct {
	accepted func(kind, namespace, name string) bool
	changed  map[objectKey]bool // by the newest Update; nil: everything is new
}

type objectKey struct{ kind, namespace, name string }

func keyOf(info *resource.Info) objectKey {
	key := objectKey{namespace: info.Namespace, name: info.Name}
	if info.Mapping != nil {
		key.kind = info.Mapping.GroupVersionKind.Kind
	} else if info.Object != nil {
		key.kind = info.Object.GetObjectKind().GroupVersionKind().Kind
	}
	return key
}

func (s *selective) Create(resources kube.ResourceList) (*kube.Result, error) {
	s.waits.changed = nil
	return s.Client.Create(resources)
}

func (s *selective) Update(original, target kube.ResourceList, force bool) (*kube.Result, error) {
	s.waits.note(original, target) // before the client fills in what the API server answers
	result, err := s.Client.Update(original, target, force)
	if result != nil {
		s.waits.made(result.Created)
	}
	return result, err
}

func (s *selective) Wait(resources kube.ResourceList, timeout time.Duration) error {
	return s.Client.Wait(resources.Filter(s.waits.on), timeout)
}

func (s *selective) WaitWithJobs(resources kube.ResourceList, timeout time.Duration) error {
	return s.Client.WaitWithJobs(resources.Filter(s.waits.on), timeout)
}

// note compares two manifests, apart from metadata, in which Helm writes its own.
func (w *waits) note(original, target kube.ResourceList) {
	before := map[objectKey]map[string]any{}
	for _, info := range original {
		before[keyOf(info)] = bodyOf(info)
	}
	w.changed = map[objectKey]bool{}
	for _, info := range target {
		old, known := before[keyOf(info)]
		if !known || !reflect.DeepEqual(old, bodyOf(info)) {
			w.changed[keyOf(info)] = true
		}
	}
}

// made notes objects that somebody had deleted.
func (w *waits) made(created kube.ResourceList) {
	for _, info := range created {
		w.changed[keyOf(info)] = true
	}
}

func (w *waits) on(info *resource.Info) bool {
	key := keyOf(info)
	if w.accepted(key.kind, key.namespace, key.name) {
		return false
	}
	return w.changed == nil || w.changed[key]
}

func bodyOf(info *resource.Info) map[string]any {
	body, err := runtime.DefaultUnstructuredConverter.ToUnstructured(info.Object)
	if err != nil {
		return nil
	}
	rest := make(map[string]any, len(body))
	for key, value := range body {
		if key != "metadata" && key != "status" {
			rest[key] = value
		}
	}
	return rest
}
