package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// forward opens a local port to a ready pod behind a Service, through the API server, as `kubectl port-forward` does:
// so a registry inside the cluster is reached with nothing but the kubeconfig. port is the Service's port; zero is its
// only one.
func (c *Cluster) forward(ctx context.Context, namespace, service string, port int) (forward, error) {
	pod, target, err := c.backend(ctx, namespace, service, port)
	if err != nil {
		return forward{}, err
	}
	doing := fmt.Sprintf("forwarding a port to pod %s/%s on cluster %q", namespace, pod.Name, c.Name)
	dialer, err := c.dialer(pod)
	if err != nil {
		return forward{}, fmt.Errorf("%s: %w", doing, err)
	}
	// It lives until stop, not until ctx ends; and it logs each connection that is closed early, to nobody's use.
	forwarding, end := context.WithCancel(klog.NewContext(context.WithoutCancel(ctx), klog.Logger{}))
	ready, ended := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(forwarding, dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", target)}, ready, io.Discard, io.Discard)
	if err != nil {
		end()
		return forward{}, fmt.Errorf("%s: %w", doing, err)
	}
	var why error // written before ended is closed
	go func() {
		why = forwarder.ForwardPorts()
		close(ended)
	}()
	stop := func() {
		end()
		<-ended
	}
	select {
	case <-ready:
	case <-ended:
		end()
		return forward{}, fault.New(fault.Failed, "check that you may create pods/portforward in namespace "+namespace, "%s: %w", doing, why)
	case <-ctx.Done():
		end()
		return forward{}, fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		stop()
		return forward{}, fmt.Errorf("%s: %w", doing, err)
	}
	return forward{addr: fmt.Sprintf("127.0.0.1:%d", ports[0].Local), ended: ended, stop: stop}, nil
}

// dialer speaks WebSocket where the API server can, and SPDY to older ones and through their proxies.
func (c *Cluster) dialer(pod *corev1.Pod) (httpstream.Dialer, error) {
	address := c.Clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("portforward").URL()
	transport, upgrader, err := spdy.RoundTripperFor(c.REST)
	if err != nil {
		return nil, err
	}
	older := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, address)
	newer, err := portforward.NewSPDYOverWebsocketDialerForStreaming(address, c.REST)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialerForStreaming(newer, older, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

// How long a pod may take to be ready, and to be made again after it was deleted.
const (
	podStarts = 30 * time.Second
	noPod     = 5 * time.Second
)

// backend finds a ready pod of the Service, and the port in it that the Service's port means.
func (c *Cluster) backend(ctx context.Context, namespace, service string, port int) (*corev1.Pod, int32, error) {
	var found corev1.Service
	if err := c.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: service}, &found); err != nil {
		return nil, 0, fmt.Errorf("reading Service %s/%s on cluster %q: %w", namespace, service, c.Name, err)
	}
	wanted, err := servicePort(&found, port)
	if err != nil {
		return nil, 0, err
	}
	if len(found.Spec.Selector) == 0 {
		return nil, 0, fault.New(fault.Failed, "name a Service that selects pods", "reading Service %s/%s on cluster %q: it has no selector", namespace, service, c.Name)
	}
	var pods corev1.PodList
	if err := c.Client.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels(found.Spec.Selector)); err != nil {
		return nil, 0, fmt.Errorf("listing the pods of Service %s/%s on cluster %q: %w", namespace, service, c.Name, err)
	}
	for i := range pods.Items {
		if Ready(&pods.Items[i]) {
			target, err := podPort(&pods.Items[i], wanted)
			return &pods.Items[i], target, err
		}
	}
	err = fault.New(fault.Failed, fmt.Sprintf("see why with `%s`", c.Kubectl("--namespace %s get pods", namespace)),
		"forwarding a port to Service %s/%s on cluster %q: none of its %d pods is ready", namespace, service, c.Name, len(pods.Items))
	if len(pods.Items) == 0 {
		return nil, 0, starting{err, noPod}
	}
	for _, pod := range pods.Items {
		if _, hopeless := Waiting(pod); !hopeless {
			return nil, 0, starting{err, podStarts}
		}
	}
	return nil, 0, err
}

// Ready reports whether a pod takes requests.
func Ready(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func servicePort(service *corev1.Service, port int) (corev1.ServicePort, error) {
	for _, candidate := range service.Spec.Ports {
		if int(candidate.Port) == port || (port == 0 && len(service.Spec.Ports) == 1) {
			return candidate, nil
		}
	}
	return corev1.ServicePort{}, fault.New(fault.Failed, "check the port in the endpoint", "reading Service %s/%s: it has no port %d", service.Namespace, service.Name, port)
}

func podPort(pod *corev1.Pod, port corev1.ServicePort) (int32, error) {
	switch {
	case port.TargetPort.Type == intstr.Int && port.TargetPort.IntVal != 0:
		return port.TargetPort.IntVal, nil
	case port.TargetPort.Type == intstr.Int:
		return port.Port, nil
	}
	for _, container := range pod.Spec.Containers {
		for _, candidate := range container.Ports {
			if candidate.Name == port.TargetPort.StrVal {
				return candidate.ContainerPort, nil
			}
		}
	}
	return 0, fault.New(fault.Failed, "check the Service's targetPort", "reading pod %s/%s: no container has a port named %q", pod.Namespace, pod.Name, port.TargetPort.StrVal)
}
