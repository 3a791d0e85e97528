package cluster

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// Distinct refuses two names for one cluster, by the UID of namespace kube-system, which no two clusters share.
// Its proofs would come twice, and those that write would get in each other's way. A cluster that does not
// let us read that namespace is taken for another one.
func Distinct(ctx context.Context, all []*Cluster) error {
	if len(all) < 2 {
		return nil
	}
	ids := make([]types.UID, len(all))
	err := Each(all, func(i int, c *Cluster) error {
		ctx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		if system, err := c.Clientset.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{}); err == nil {
			ids[i] = system.UID
		}
		return nil
	})
	if err != nil {
		return err
	}
	known := map[types.UID]*Cluster{}
	for i, c := range all {
		if ids[i] == "" {
			continue
		}
		if other := known[ids[i]]; other != nil {
			return fault.New(fault.Usage, "leave it out: the hub is proven without being named as a spoke, also as its own spoke (hub-as-spoke)",
				"reaching cluster %q at %s: it is the same cluster as %q", c.Name, c.Host, other.Name)
		}
		known[ids[i]] = c
	}
	return nil
}
