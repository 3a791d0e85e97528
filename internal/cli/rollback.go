package cli

import (
	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
)

func (a *app) rollbackCommand() *cobra.Command {
	var r runFlags
	var noCopyBack, discardChanges, crds, preview bool
	var leave, only []string
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Go back to Zot: copy to it what only ECR has, and restore the previous registry settings",
		Long: `Takes a release back to where its cutover began, also days later: copies to Zot what hue has pushed to ECR meanwhile,
gives the release the registry settings and the chart that it had (the Secret palette-ecr-journal knows them) and Zot
with them, and waits until every workload reads from Zot. Other values that were changed since stay, and so do CRDs and
what is in ECR. A release that a killed helm has left pending is repaired first.
It needs no values file, with Flux the manifest of the HelmRelease; a second rollback writes nothing. If AWS or the
chart can't be reached, --no-copy-back goes back with what Helm's history has. Where Git or a pipeline applies your
values, revert them there too, or the next upgrade goes to ECR again. On a terminal it shows what would change, and asks.

  palette-ecr rollback --kubeconfig hub.kubeconfig --spoke name=spoke-1,kubeconfig=spoke-1.yaml
  palette-ecr rollback --config cutover.yaml --leave-spoke edge-7
  palette-ecr rollback --config cutover.yaml --only-spoke edge-7
  palette-ecr rollback --config cutover.yaml -o text -o html=report.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.run.pipeline(c, &r, func(o pipeline.Options) pipeline.Options {
				o.NoCopyBack, o.DiscardChanges, o.CRDsBack = noCopyBack, discardChanges, crds
				o.LeaveSpokes, o.OnlySpokes = leave, only
				if preview {
					o.Only, o.Confirm = []string{"plan"}, nil
				}
				return o
			}, pipeline.Rollback)
		},
	}
	r.add(c)
	r.asks(c)
	c.Flags().BoolVar(&preview, "preview", false, "only show what would change: exit code 2 when something would")
	c.Flags().StringArrayVar(&leave, "leave-spoke", nil, "a spoke that is left behind, since it can't be reached for example: nothing is proven of it; once for each")
	c.Flags().StringArrayVar(&only, "only-spoke", nil, "finish on a spoke that an earlier rollback has left behind; once for each")
	c.MarkFlagsMutuallyExclusive("only-spoke", "leave-spoke")
	c.Flags().BoolVar(&noCopyBack, "no-copy-back", false, "leave in ECR what only ECR has; needs neither AWS nor the chart")
	c.Flags().BoolVar(&crds, "crds", false, "take mural-crds back too: older CRDs can lose what newer ones have stored")
	c.Flags().BoolVar(&discardChanges, "discard-changes", false, "give up what was changed in the values since the cutover")
	return c
}
