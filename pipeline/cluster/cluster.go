// Package cluster reaches a Kubernetes cluster, the hub or a spoke, the way that kubectl and helm would,
// and says in field terms why it can't: which file, which context, which host.
package cluster

import (
	"context"

	sourcev1 "github.com/fluxcd/source-controller/api/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// userAgent is what the API server's audit log knows our requests by.
const userAgent = "palette-ecr"

// Cluster is one connected cluster.
type Cluster struct {
	Name       string               // as the target names it; else its context
	Host       string               // address of the API server
	Context    string               // of the kubeconfig, for commands that people paste; of an EKS cluster its ARN, as `aws eks update-kubeconfig` calls it
	Kubeconfig string               // its path, when it was given; empty is the usual ones
	PrintedBy  string               // the command that prints its kubeconfig, where that is in no file of the person's
	Client     client.WithWatch     // typed for core, apps, rbac, OCIRepository; unstructured for the rest
	Clientset  kubernetes.Interface // for what Client has no verbs for: pod logs
	REST       *rest.Config
	EKS        *EKS // nil for a cluster that was not found by its name in EKS
}

// EKS is what AWS says of a cluster that was found by its name.
type EKS struct {
	Name, Region, ARN string
	Issuer            string // of service account tokens
	Private           bool   // the API server answers inside the VPC only

	// Remedy returns what to do when the cluster does not accept our AWS identity.
	Remedy func(context.Context) string
}

// NewScheme knows the kinds that this project reads and writes: Kubernetes' own, and Flux's sources.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		panic(err) // the types are compiled in: it fails for nobody or for everybody
	}
	if err := sourcev1.AddToScheme(scheme); err != nil {
		panic(err)
	}
	return scheme
}

// Connect reads the kubeconfig and prepares clients; it asks the cluster nothing yet (Ping does). The
// error is a fault with code Usage: it is about the file and the flags.
func Connect(t target.Cluster) (*Cluster, error) {
	loaded, err := load(t)
	if err != nil {
		return nil, err
	}
	c, err := From(loaded.name, loaded.config)
	if err != nil {
		return nil, err
	}
	c.Context, c.Kubeconfig = loaded.context, loaded.path
	return c, nil
}

// From prepares clients for a configuration that the caller has already, for example kind's.
func From(name string, restConfig *rest.Config) (*Cluster, error) {
	restConfig = rest.CopyConfig(restConfig)
	restConfig.UserAgent = userAgent
	restConfig.QPS, restConfig.Burst = 100, 300
	restConfig.WarningHandler = rest.NoWarnings{} // the library writes to no stream
	most := answerOf(restConfig)
	outliving(restConfig)
	c, err := connect(restConfig, silence{name: name, host: restConfig.Host, most: most})
	if err != nil {
		return nil, fault.New(fault.Usage, "check the credentials and certificates that the kubeconfig names", "connecting to cluster %q at %s: %w", name, restConfig.Host, err)
	}
	return c, nil
}

// connect makes the clients. Discovery takes no context, so it has a limit of its own: an API server that freezes would be
// waited for for ever.
func connect(restConfig *rest.Config, quiet silence) (*Cluster, error) {
	transport, err := rest.HTTPClientFor(restConfig)
	if err != nil {
		return nil, err
	}
	limited := *transport
	limited.Timeout = quiet.most
	mapper, err := apiutil.NewDynamicRESTMapper(restConfig, &limited)
	if err != nil {
		return nil, err
	}
	connected, err := client.NewWithWatch(restConfig, client.Options{Scheme: NewScheme(), HTTPClient: transport, Mapper: mapper})
	if err != nil {
		return nil, err
	}
	clientset, err := kubernetes.NewForConfigAndClient(restConfig, transport)
	if err != nil {
		return nil, err
	}
	if clientset.DiscoveryClient, err = discovery.NewDiscoveryClientForConfigAndClient(restConfig, &limited); err != nil {
		return nil, err
	}
	return &Cluster{Name: quiet.name, Host: quiet.host, Client: bounded{connected, quiet}, Clientset: clientset, REST: restConfig}, nil
}
