package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
)

// installedFlags are the flags of commands about an installation, whatever its values file says.
func (r *runFlags) addInstalled(c *cobra.Command) {
	f := c.Flags()
	r.output.Add(f)
	r.target.registryFlags(f)
	r.target.clusterFlags(f)
	f.BoolVar(&r.fromHub, "spokes-from-values", false, "take kubeconfigs of spokes that --spoke does not name from the Secrets that the values name")
	f.StringArrayVar(&r.without, "without-spoke", nil, "a spoke that is left out; once for each")
	f.BoolVar(&r.keepCert, "keep-cert", false, "certSecretName and proxySecretName are meant for ECR too")
	f.DurationVar(&r.timeout, "timeout", 5*time.Minute, "longest time for each wait in a cluster")
	f.StringVar(&r.profile, "profile", "", "profile of the shared AWS configuration")
	for _, name := range []string{"identity", "role-arn", "allow-public", "crds-chart", "crds-version"} {
		f.Lookup(name).Hidden = true // a file of --config may say so; here it means nothing
	}
}

func (a *app) statusCommand() *cobra.Command {
	var r runFlags
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where an installation stands, and what to do next",
		Long: `Shows on one screen where hue pushes and every cluster pulls from, whether Zot is on, the release and its revision, what
the journal says (which run, which stage, by whom, when), the proofs and until when they count, and what to do next. It
only reads, and needs neither AWS nor your values file.

  palette-ecr status --kubeconfig hub.kubeconfig
  palette-ecr status --config cutover.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run.pipeline(c, &r, asGiven, pipeline.Status) },
	}
	r.addInstalled(c)
	return c
}

func (a *app) driftCommand() *cobra.Command {
	var r runFlags
	c := &cobra.Command{
		Use:   "drift",
		Short: "Find what points back to Zot, or has credentials again, since the cutover",
		Long: `Looks in every cluster for what names Zot (OCIRepositories, pods, ServiceAccounts, PaletteAI's settings and the like) or
has credentials for a registry again, and at the live release. It only reads, and needs neither AWS nor your values
file: for cron and CI.

With --ecr it asks ECR too whether it still gives everything that clusters read: a lifecycle rule may have archived or
deleted it, which no cluster notices before its source-controller restarts.

  palette-ecr drift --kubeconfig hub.kubeconfig --spoke name=spoke-1,kubeconfig=spoke-1.yaml
  palette-ecr drift --config cutover.yaml -o junit=drift.xml -o markdown=drift.md`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run.pipeline(c, &r, asGiven, pipeline.Drift) },
	}
	r.addInstalled(c)
	c.Flags().BoolVar(&r.inECR, "ecr", false, "look in ECR too, with AWS credentials: is anything archived, or gone, that clusters read")
	return c
}

func (a *app) finishCommand() *cobra.Command {
	var r runFlags
	c := &cobra.Command{
		Use:   "finish",
		Short: "End the cutover for good: remove the journal, and the rollback with it",
		Long: `Once nobody wants to go back: proves again that every workload reads from ECR and that ECR is whole, then removes the
journal (the Secret palette-ecr-journal, which keeps the values from before the cutover with Zot's password), canaries
and the Lease. There is no rollback after it. Refuses while Zot is on, or when a proof does not hold. On a terminal it
asks first.

  palette-ecr finish --config cutover.yaml
  palette-ecr finish --kubeconfig hub.kubeconfig --yes`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.run.pipeline(c, &r, asGiven, pipeline.Finish) },
	}
	r.addInstalled(c)
	r.asks(c)
	return c
}

func asGiven(o pipeline.Options) pipeline.Options { return o }
