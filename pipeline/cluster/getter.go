package cluster

import (
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Getter hands this cluster to the Helm SDK, with namespace as the one that manifests without one go to.
func (c *Cluster) Getter(namespace string) genericclioptions.RESTClientGetter {
	return &getter{cluster: c, namespace: namespace}
}

type getter struct {
	cluster   *Cluster
	namespace string
	cached    discovery.CachedDiscoveryInterface
}

func (g *getter) ToRESTConfig() (*rest.Config, error) {
	return rest.CopyConfig(g.cluster.REST), nil
}

func (g *getter) ToDiscoveryClient() (discovery.CachedDiscoveryInterface, error) {
	if g.cached == nil {
		client, err := discovery.NewDiscoveryClientForConfig(g.cluster.REST)
		if err != nil {
			return nil, err
		}
		g.cached = memory.NewMemCacheClient(client)
	}
	return g.cached, nil
}

func (g *getter) ToRESTMapper() (meta.RESTMapper, error) {
	client, err := g.ToDiscoveryClient()
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(client)
	return restmapper.NewShortcutExpander(mapper, client, nil), nil
}

// ToRawKubeConfigLoader knows the namespace; the rest of a kubeconfig comes from ToRESTConfig.
func (g *getter) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	return clientcmd.NewDefaultClientConfig(api.Config{}, &clientcmd.ConfigOverrides{Context: api.Context{Namespace: g.namespace}})
}
