package fleet

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd"
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
	if err == nil {
		for _, user := range loaded.AuthInfos {
			if user.Exec != nil {
				// A program that somebody who may write Secrets on the hub names would run here.
				return nil, fault.New(fault.Usage, remedy, "reading the kubeconfig of spoke %q in Secret %s/%s: it runs a program (exec), which is not taken from a Secret", s.Name, s.Kubeconfig.Namespace, s.Kubeconfig.Name)
			}
		}
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
