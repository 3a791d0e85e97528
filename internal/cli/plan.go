package cli

import (
	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline"
)

func (a *app) planCommand() *cobra.Command {
	var r runFlags
	var from, until string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Show everything that run would change, and change nothing",
		Long: `Shows what the stages of run would do: the settings in your file, every object of mural-crds and mural as the API
server would have it (secrets masked), what copy would send and how long that takes within ECR's quotas, which pods
restart, and what can't be undone. It writes nothing, neither in the clusters nor in AWS.

With -o plan=FILE it is kept, without a secret; ` + "`palette-ecr run --plan FILE`" + ` refuses to go on once anything that it rests on
has changed. Artifacts that hue pushes meanwhile are copied too, and are no reason to refuse.

  palette-ecr plan --config cutover.yaml
  palette-ecr plan --config cutover.yaml --all -o plan=cutover.plan -o markdown=plan.md -o terraform=tfplan.json
  palette-ecr plan --config cutover.yaml --from disable-zot`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			planned, err := pipeline.Between(from, until)
			if err != nil {
				return err
			}
			stages, err := pipeline.Between("", "plan")
			if err != nil {
				return err
			}
			return a.run.pipeline(c, &r, func(o pipeline.Options) pipeline.Options {
				o.Only, o.Planned = stages, planned
				return o
			}, pipeline.Run)
		},
	}
	r.add(c)
	c.Flags().StringVar(&from, "from", "", "first stage to plan, for example disable-zot")
	c.Flags().StringVar(&until, "until", "", "last stage to plan, for example validate, after which Zot is on")
	return c
}
