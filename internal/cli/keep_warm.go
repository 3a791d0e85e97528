package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/warm"
)

func (a *app) keepWarmCommand() *cobra.Command {
	var r runFlags
	var job warm.CronJob
	var manifest bool
	c := &cobra.Command{
		Use:   "keep-warm",
		Short: "Pull what clusters read from ECR once, so that ECR does not archive it",
		Long: `Flux never pulls an artifact again that has not changed, and so a lifecycle rule that archives by the last pull archives what
runs: ECR answers 404 for it from then on. This pulls everything that OCIRepositories of the clusters read, each artifact once,
and keeps none of it. Run it more often than the rule's days. It fails when ECR does not give something.

--manifest prints a CronJob instead, for each cluster, that does so under source-controller's identity and rights.

  palette-ecr keep-warm --config cutover.yaml
  palette-ecr keep-warm --manifest --config cutover.yaml --image registry.example.com/palette-ecr:v1.0.0 > keep-warm.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !manifest {
				if err := refuse(c, "without --manifest there is no CronJob", "image", "service-account", "schedule"); err != nil {
					return err
				}
				return a.run.pipeline(c, &r, asGiven, pipeline.KeepWarm)
			}
			want, err := r.target.cutover()
			if err != nil {
				return err
			}
			text, err := pipeline.KeepWarmManifest(pipeline.Options{Target: want}, job)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.Out, text)
			return err
		},
	}
	f := c.Flags()
	r.output.Add(f)
	r.target.registryFlags(f)
	r.target.clusterFlags(f)
	f.DurationVar(&r.timeout, "timeout", 5*time.Minute, "longest time for each wait in a cluster")
	f.StringVar(&r.profile, "profile", "", "profile of the shared AWS configuration")
	f.BoolVar(&manifest, "manifest", false, "print a CronJob, and pull nothing")
	f.StringVar(&job.Image, "image", "", "with --manifest: the `IMAGE` of palette-ecr, in a registry that the cluster can pull from")
	f.StringVar(&job.ServiceAccount, "service-account", "", "with --manifest: whose identity the CronJob has (default source-controller)")
	f.StringVar(&job.Schedule, "schedule", "", "with --manifest: when, as cron writes it (default \"17 3 * * 0\", once a week)")
	for _, name := range []string{"identity", "role-arn", "crds-chart", "crds-version", "managed-by"} {
		f.Lookup(name).Hidden = true // a file of --config may say so; here it means nothing
	}
	return c
}
