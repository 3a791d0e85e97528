package unused

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// zotConfig is the part of Zot's configuration that says who sees which repository in the catalog.
type zotConfig struct {
	HTTP struct {
		AccessControl *struct {
			Repositories map[string]struct {
				Policies      []policy `json:"policies"`
				DefaultPolicy []string `json:"defaultPolicy"`
			} `json:"repositories"`
			AdminPolicy policy `json:"adminPolicy"`
		} `json:"accessControl"`
	} `json:"http"`
}

type policy struct {
	Users   []string `json:"users"`
	Actions []string `json:"actions"`
}

func (p policy) lets(user string) bool {
	return slices.Contains(p.Users, user) && slices.Contains(p.Actions, "read")
}

// SeesAll returns nil when Zot's configuration shows the user every repository in the catalog. Zot filters it by rights
// without a word, so a catalog proves nothing otherwise. The configuration is read where Zot's pods mount it; one that
// can't be read, or that is more than this understands, is an error.
func SeesAll(ctx context.Context, hub *cluster.Cluster, service client.ObjectKey, user string) error {
	const remedy = "use a user of Zot whom its configuration lets read every repository (adminPolicy), and a kubeconfig that may read Zot's configuration"
	var s corev1.Service
	if err := hub.Client.Get(ctx, service, &s); err != nil {
		return fault.New(fault.Unproven, remedy, "reading Service %s of Zot: %w", service, err)
	}
	var pods corev1.PodList
	if err := hub.Client.List(ctx, &pods, client.InNamespace(service.Namespace), client.MatchingLabels(s.Spec.Selector)); err != nil {
		return fault.New(fault.Unproven, remedy, "listing the pods of Zot: %w", err)
	}
	if len(pods.Items) == 0 {
		return fault.New(fault.Unproven, remedy, "reading Zot's configuration: Service %s has no pod", service)
	}
	for _, volume := range pods.Items[0].Spec.Volumes {
		data, err := mounted(ctx, hub, service.Namespace, volume)
		if err != nil {
			return fault.New(fault.Unproven, remedy, "reading Zot's configuration: %w", err)
		}
		for name, raw := range data {
			if err := judge(raw, user); err != nil {
				return fault.New(fault.Unproven, remedy, "reading Zot's configuration, %s of volume %s: %w", name, volume.Name, err)
			}
		}
	}
	return nil
}

// mounted returns the files of a volume that is a ConfigMap or a Secret.
func mounted(ctx context.Context, hub *cluster.Cluster, namespace string, volume corev1.Volume) (map[string][]byte, error) {
	all := map[string][]byte{}
	if volume.ConfigMap != nil {
		var m corev1.ConfigMap
		if err := hub.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: volume.ConfigMap.Name}, &m); err != nil {
			return nil, fmt.Errorf("reading ConfigMap %s/%s: %w", namespace, volume.ConfigMap.Name, err)
		}
		for key, value := range m.Data {
			all[key] = []byte(value)
		}
	}
	if volume.Secret != nil {
		var m corev1.Secret
		if err := hub.Client.Get(ctx, client.ObjectKey{Namespace: namespace, Name: volume.Secret.SecretName}, &m); err != nil {
			return nil, fmt.Errorf("reading Secret %s/%s: %w", namespace, volume.Secret.SecretName, err)
		}
		all = m.Data
	}
	return all, nil
}

// judge looks at one file. One that is not a configuration of Zot says nothing. Errors quote nothing of it.
func judge(raw []byte, user string) error {
	var outer struct {
		HTTP struct {
			AccessControl json.RawMessage `json:"accessControl"`
		} `json:"http"`
	}
	asJSON, err := yaml.YAMLToJSON(raw)
	if err != nil || json.Unmarshal(asJSON, &outer) != nil || len(outer.HTTP.AccessControl) == 0 {
		return nil
	}
	var c zotConfig
	if json.Unmarshal(asJSON, &c) != nil || c.HTTP.AccessControl == nil {
		return errors.New("its access control is not of a form that is known")
	}
	access := c.HTTP.AccessControl
	if user != "" && access.AdminPolicy.lets(user) {
		return nil
	}
	// Zot takes the pattern that fits best, so each of them must let the user read, and one must fit everything.
	everything := false
	for pattern, rights := range access.Repositories {
		everything = everything || pattern == "**"
		may := slices.Contains(rights.DefaultPolicy, "read") && user != "" ||
			user != "" && slices.ContainsFunc(rights.Policies, func(p policy) bool { return p.lets(user) })
		if !may {
			return fmt.Errorf("its access control keeps repositories %q from this user", pattern)
		}
	}
	if !everything {
		return errors.New("its access control does not let this user read every repository")
	}
	return nil
}
