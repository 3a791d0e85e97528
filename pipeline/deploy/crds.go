package deploy

import (
	"context"
	"fmt"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// fieldOwner is the manager that the API server notes for what is applied.
const fieldOwner = "palette-ecr"

// applyCRDs brings the CRDs' release to a chart. What a chart has in its crds/ directory Helm installs once
// and never upgrades: so it is applied here, as Flux does with crds: CreateReplace.
func (h *helm) applyCRDs(ctx context.Context, c *cluster.Cluster, crds *helmchart.Chart) (change, error) {
	done, err := h.apply(ctx, crds.Name(), crds, nil)
	if err != nil || !done.changed {
		return done, err
	}
	return done, h.applyFiles(ctx, c, crds)
}

// applyFiles applies the CRDs of a chart's crds/ directory.
func (h *helm) applyFiles(ctx context.Context, c *cluster.Cluster, crds *helmchart.Chart) error {
	for _, crd := range crds.CRDObjects() {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(crd.File.Data, &object.Object); err != nil {
			return fmt.Errorf("reading CRD %q of chart %q: %w", crd.Filename, crds.Name(), err)
		}
		object.SetManagedFields(nil)
		if err := h.options.Lock(ctx); err != nil {
			return err
		}
		err := c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.ForceOwnership, client.FieldOwner(fieldOwner))
		if err != nil {
			return fault.New(fault.Failed, "make sure that you may patch CustomResourceDefinitions", "applying CRD %s on cluster %q: %w", object.GetName(), h.cluster.Name, err)
		}
	}
	return nil
}
