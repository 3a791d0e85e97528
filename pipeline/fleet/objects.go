package fleet

import (
	"context"
	"fmt"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
)

// kinds are those of fleetconfig-controller that list spokes: one object for all, and since v1beta1 one for each.
var kinds = []schema.GroupVersionKind{
	{Group: "fleetconfig.open-cluster-management.io", Version: "v1alpha1", Kind: "FleetConfig"},
	{Group: "fleetconfig.open-cluster-management.io", Version: "v1beta1", Kind: "Spoke"},
}

// OfHub returns the spokes that FleetConfig and Spoke objects on the hub name. A hub that does not know these kinds has
// none.
func OfHub(ctx context.Context, hub *cluster.Cluster) ([]Spoke, error) {
	var all []Spoke
	for _, kind := range kinds {
		var listed unstructured.UnstructuredList
		listed.SetGroupVersionKind(kind)
		err := hub.Client.List(ctx, &listed)
		if apimeta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listing %s objects on cluster %q: %w", kind.Kind, hub.Name, err)
		}
		for _, object := range listed.Items {
			all = Merge(all, ofObject(object))
		}
	}
	return all, nil
}

func ofObject(object unstructured.Unstructured) []Spoke {
	from := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
	if object.GetKind() == "Spoke" {
		spec, _, _ := unstructured.NestedMap(object.Object, "spec")
		return []Spoke{ofSpec(object.GetName(), object.GetNamespace(), from, spec)}
	}
	var all []Spoke
	spokes, _, _ := unstructured.NestedSlice(object.Object, "spec", "spokes")
	for _, each := range spokes {
		spec, ok := each.(map[string]any)
		if !ok {
			continue
		}
		name, _, _ := unstructured.NestedString(spec, "name")
		all = append(all, ofSpec(name, object.GetNamespace(), from, spec))
	}
	return all
}

func ofSpec(name, namespace, from string, spec map[string]any) Spoke {
	s := Spoke{Name: name, From: from}
	inCluster, _, _ := unstructured.NestedBool(spec, "kubeconfig", "inCluster")
	s.IsHub = inCluster || name == "hub-as-spoke"
	secret, _, _ := unstructured.NestedString(spec, "kubeconfig", "secretReference", "name")
	if secret == "" {
		return s
	}
	s.Kubeconfig = SecretKey{Namespace: namespace, Name: secret}
	s.Kubeconfig.Key, _, _ = unstructured.NestedString(spec, "kubeconfig", "secretReference", "kubeconfigKey")
	if own, _, _ := unstructured.NestedString(spec, "kubeconfig", "secretReference", "namespace"); own != "" {
		s.Kubeconfig.Namespace = own
	}
	return s
}
