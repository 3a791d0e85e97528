package cli

import (
	"fmt"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/rights"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// kubernetesRole prints the least ClusterRole for a whole cutover, on the hub and on spokes.
func (a *app) kubernetesRole(p *policyFlags, inCluster bool) error {
	want, err := p.target.cutover()
	if err != nil {
		return err
	}
	namespace := want.Release.Namespace
	o := rights.Options{Namespace: namespace, SourceIn: namespace, Flux: want.Release.ManagedBy == target.Flux, Prepare: want.Identity.Mode == target.IRSA, InCluster: inCluster, Stages: pipeline.Rights()}
	a.Progress().Say("apart from what Helm needs for the chart's own objects, which palette-ecr preflight asks for with the chart at hand")
	_, err = fmt.Fprint(a.Out, rights.ClusterRole("palette-ecr", slices.Concat(rights.Hub(o), rights.Spoke(o), rights.Optional())))
	return err
}
