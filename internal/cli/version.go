package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/internal/build"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

func (a *app) versionCommand() *cobra.Command {
	var format string
	c := &cobra.Command{
		Use:   "version",
		Short: "Show the version, the commit and the build",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch format {
			case "text":
				return writeVersion(a.Out, build.Read())
			case "json":
				encoder := json.NewEncoder(a.Out)
				encoder.SetIndent("", "  ")
				return encoder.Encode(build.Read())
			}
			return fault.New(fault.Usage, "use text or json", "choosing the output format %q: unknown", format)
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return c
}

// writeVersion writes what is known of the build, one thing a line.
func writeVersion(w io.Writer, b build.Info) error {
	text := "palette-ecr " + b.Version + "\n"
	if b.Commit != "" {
		commit := b.Commit
		if b.CommitTime != "" {
			commit += ", " + b.CommitTime
		}
		if b.Modified {
			commit += ", with changes"
		}
		text += "commit " + commit + "\n"
	}
	_, err := fmt.Fprintf(w, "%sbuild %s, %s\n", text, b.Go, b.Platform)
	return err
}
