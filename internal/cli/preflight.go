package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline/preflight"
)

func (a *app) preflightCommand() *cobra.Command {
	var r runFlags
	var explain string
	c := &cobra.Command{
		Use:   "preflight",
		Short: "Look at all that a cutover needs, before anything is touched",
		Long: `Looks, and writes nothing: our rights in every cluster, the AWS account, repository and roles, Flux, the release and
its values, and what is to be copied. Each finding has a rule (docs/preflight.md). What may not be looked at is unproven,
with the permission that is missing. run does the same before it copies.

  palette-ecr preflight --config cutover.yaml
  palette-ecr preflight --config cutover.yaml -o text -o markdown=preflight.md
  palette-ecr preflight --explain P01                            (or all)`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if explain == "" {
				return a.run.stages(c, &r, []string{"preflight"})
			}
			text, err := preflight.Explain(explain)
			fmt.Fprint(a.Out, text)
			return err
		},
	}
	r.add(c)
	c.Flags().StringVar(&explain, "explain", "", "explain a `RULE`, for example P01, or list all")
	return c
}
