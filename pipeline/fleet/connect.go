package fleet

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Connect prepares clients for a spoke with the kubeconfig that the hub has in a Secret. It asks the spoke nothing yet.
// No error quotes what is in the Secret.
func Connect(ctx context.Context, hub *cluster.Cluster, s Spoke) (*cluster.Cluster, error) {
	raw, key, err := kubeconfig(ctx, hub, s)
	if err != nil {
		return nil, err
	}
	remedy := fmt.Sprintf("correct Secret %s/%s on the hub, or give the spoke's kubeconfig with --spoke name=%s,kubeconfig=<file>", s.Kubeconfig.Namespace, s.Kubeconfig.Name, s.Name)
	config, err := clientcmd.NewClientConfigFromBytes(raw)
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "reading the kubeconfig of spoke %q in Secret %s/%s: it is not a kubeconfig", s.Name, s.Kubeconfig.Namespace, s.Kubeconfig.Name)
	}
	loaded, err := config.RawConfig()
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "reading the kubeconfig of spoke %q in Secret %s/%s: it is not complete", s.Name, s.Kubeconfig.Namespace, s.Kubeconfig.Name)
	}
	if reaches := outside(loaded); reaches != "" {
		remedy = "write token, client-certificate-data, client-key-data and certificate-authority-data into the kubeconfig itself: " + remedy
		return nil, fault.New(fault.Usage, remedy, "reading the kubeconfig of spoke %q in Secret %s/%s: it %s, which is not taken from a Secret", s.Name, s.Kubeconfig.Namespace, s.Kubeconfig.Name, reaches)
	}
	rest, err := config.ClientConfig()
	if err != nil {
		return nil, fault.New(fault.Usage, remedy, "reading the kubeconfig of spoke %q in Secret %s/%s: it is not complete", s.Name, s.Kubeconfig.Namespace, s.Kubeconfig.Name)
	}
	c, err := cluster.From(s.Name, rest)
	if err != nil {
		return nil, err
	}
	// The person has no file of it, and no context: commands that errors name take it from the Secret too.
	c.PrintedBy = hub.Kubectl("--namespace %s get secret %s --output go-template='{{index .data %q | base64decode}}'", s.Kubeconfig.Namespace, s.Kubeconfig.Name, key)
	return c, nil
}

// outside says what a kubeconfig takes from this machine, or "" when all is in it. Whoever may write Secrets on the hub would
// have a program run here, or a file of this machine sent to a server of their choice.
func outside(config api.Config) string {
	for _, user := range config.AuthInfos {
		switch {
		case user.Exec != nil:
			return "runs a program (exec)"
		case user.AuthProvider != nil:
			return "runs an auth-provider"
		case user.TokenFile != "":
			return "names a file of this machine (tokenFile)"
		case user.ClientCertificate != "":
			return "names a file of this machine (client-certificate)"
		case user.ClientKey != "":
			return "names a file of this machine (client-key)"
		}
	}
	for _, at := range config.Clusters {
		if at.CertificateAuthority != "" {
			return "names a file of this machine (certificate-authority)"
		}
	}
	return ""
}

// usualKeys are the keys under which a Secret has a kubeconfig when nobody says which.
var usualKeys = []string{"kubeconfig", "value", "config"}

func kubeconfig(ctx context.Context, hub *cluster.Cluster, s Spoke) (raw []byte, key string, err error) {
	at := s.Kubeconfig
	if at == (SecretKey{}) {
		return nil, "", fault.New(fault.Usage, "give it with --spoke name="+s.Name+",kubeconfig=<file>", "finding the kubeconfig of spoke %q: %s names no Secret for it", s.Name, s.From)
	}
	var secret corev1.Secret
	if err := hub.Client.Get(ctx, client.ObjectKey{Namespace: at.Namespace, Name: at.Name}, &secret); err != nil {
		return nil, "", fault.New(fault.Usage, "give it with --spoke name="+s.Name+",kubeconfig=<file>", "reading the kubeconfig of spoke %q, Secret %s/%s on the hub: %w", s.Name, at.Namespace, at.Name, err)
	}
	keys := usualKeys
	if at.Key != "" {
		keys = []string{at.Key}
	}
	for _, key = range keys {
		if raw = secret.Data[key]; len(raw) > 0 {
			return raw, key, nil
		}
	}
	return nil, "", fault.New(fault.Usage, "give it with --spoke name="+s.Name+",kubeconfig=<file>", "reading the kubeconfig of spoke %q: Secret %s/%s has none of the keys %s", s.Name, at.Namespace, at.Name, enumerate(keys))
}
