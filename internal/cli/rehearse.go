package cli

import (
	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// rehearseCommand says where the rehearsal went, whatever flags it is given.
func rehearseCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "rehearse",
		Short:              "Moved: scripts/rehearse, in a clone of the repository",
		Hidden:             true,
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return fault.New(fault.Usage,
				"run scripts/rehearse in a clone of https://github.com/palette-ecr/palette-ecr, with the same flags, or `dagger -m . call rehearse`",
				"rehearsing the cutover: this is a command of its own now, since it needs Docker and kind, which a cutover does not")
		},
	}
}
