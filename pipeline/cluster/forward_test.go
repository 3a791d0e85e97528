package cluster

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

func service(target intstr.IntOrString, selector map[string]string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: "zot"},
		Spec:       corev1.ServiceSpec{Selector: selector, Ports: []corev1.ServicePort{{Port: 5000, TargetPort: target}}},
	}
}

func pod(name string, ready corev1.ConditionStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "mural-system", Name: name, Labels: map[string]string{"app": "zot"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "zot", Ports: []corev1.ContainerPort{{Name: "zot", ContainerPort: 5001}}}}},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
}

func TestBackendChoosesAReadyPodAndItsPort(t *testing.T) {
	zot := map[string]string{"app": "zot"}
	tests := map[string]struct {
		objects []client.Object
		port    int
		want    int32
		fails   string
	}{
		"named port":    {[]client.Object{service(intstr.FromString("zot"), zot), pod("zot-0", corev1.ConditionFalse), pod("zot-1", corev1.ConditionTrue)}, 5000, 5001, ""},
		"number":        {[]client.Object{service(intstr.FromInt32(5002), zot), pod("zot-1", corev1.ConditionTrue)}, 0, 5002, ""},
		"no targetPort": {[]client.Object{service(intstr.IntOrString{}, zot), pod("zot-1", corev1.ConditionTrue)}, 5000, 5000, ""},
		"unknown name":  {[]client.Object{service(intstr.FromString("web"), zot), pod("zot-1", corev1.ConditionTrue)}, 5000, 0, `no container has a port named "web"`},
		"other port":    {[]client.Object{service(intstr.FromInt32(5002), zot)}, 443, 0, "it has no port 443"},
		"none ready":    {[]client.Object{service(intstr.FromInt32(5002), zot), pod("zot-1", corev1.ConditionFalse)}, 0, 0, "none of its 1 pods is ready"},
		"no selector":   {[]client.Object{service(intstr.FromInt32(5002), nil)}, 0, 0, "no selector"},
		"no Service":    {nil, 0, 0, "reading Service mural-system/zot"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Cluster{Name: "hub", Client: fake.NewClientBuilder().WithScheme(NewScheme()).WithObjects(test.objects...).Build()}
			chosen, port, err := c.backend(t.Context(), "mural-system", "zot", test.port)
			if test.fails != "" {
				require.ErrorContains(t, err, test.fails)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, "zot-1", chosen.Name)
			assert.Equal(t, test.want, port)
		})
	}
}
