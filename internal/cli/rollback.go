package cli

import (
	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
)

func (a *app) rollbackCommand() *cobra.Command {
	var r runFlags
	var noCopyBack bool
	c := &cobra.Command{
		Use:   "rollback",
		Short: "The way back: Zot on, what ECR has copied to it, the values of before",
		Long: `Takes a release back to where its cutover began, also days later: turns Zot on again, copies to it what hue has pushed
to ECR meanwhile, gives the release the values that it had (they are kept in the Secret palette-ecr-journal), and waits
until every workload reads from Zot. Until then everything reads from ECR, and what is in ECR stays there. It needs no
values file; a second rollback writes nothing. If AWS or the chart can't be reached, --no-copy-back goes back to the
revision in Helm's history. Where Git or a pipeline applies your values, revert them there too, or the next upgrade
goes to ECR again.

  palette-ecr rollback --kubeconfig hub.kubeconfig
  palette-ecr rollback --config cutover.yaml -o text -o html=report.html`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.runPipeline(c, &r, func(o pipeline.Options) pipeline.Options { o.NoCopyBack = noCopyBack; return o }, pipeline.Rollback)
		},
	}
	r.add(c)
	c.Flags().BoolVar(&noCopyBack, "no-copy-back", false, "leave in ECR what only ECR has; needs neither AWS nor the chart")
	return c
}
