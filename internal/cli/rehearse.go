package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/fixtures/rehearsal"
)

func (a *app) rehearseCommand() *cobra.Command {
	var o rehearsal.Options
	var output outputFlags
	var clean bool
	c := &cobra.Command{
		Use:   "rehearse",
		Short: "The whole cutover on a throwaway kind cluster, with no AWS",
		Long: `Brings up a kind cluster with PaletteAI on Zot (stand-ins for its charts and for Hue, real Flux, real Zot) beside a
stand-in for AWS, then runs the cutover as ` + "`palette-ecr run`" + ` does, and once more, to see that the second run writes
nothing. Everything that it made is gone at the end, unless --keep is given; the report stays, in ./report. With
--no-cutover it stops before the cutover and leaves PaletteAI on Zot, for you to take the stages one by one. Needs
Docker and the images that scripts/images makes; scripts/rehearse does both.

With --break a fault is rehearsed, and the exit code is that of the cutover:

` + breakHelp(),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if clean {
				return rehearsal.Clean(c.Context(), o.Name)
			}
			outputs, err := output.parse()
			if err != nil {
				return err
			}
			o.Progress, o.Version = a.progress(), version()
			result, err := rehearsal.Run(c.Context(), o)
			if result.Report != nil {
				err = errors.Join(err, a.write(outputs, result.Report))
			}
			if result.Look != "" {
				_, e := fmt.Fprint(a.Err, result.Look)
				err = errors.Join(err, e)
			}
			return interrupted(c.Context(), err, "")
		},
	}
	output.add(c, "json=report/rehearsal.json", "html=report/rehearsal.html")
	c.Flags().StringVar(&o.Break, "break", "", "fault to rehearse: "+strings.Join(breakNames(), ", "))
	c.Flags().BoolVar(&o.Keep, "keep", false, "leave everything standing, and say how to look around")
	c.Flags().BoolVar(&o.NoCutover, "no-cutover", false, "stop with PaletteAI on Zot and leave it standing, for a cutover by hand")
	c.Flags().BoolVar(&clean, "clean", false, "only remove what an earlier rehearsal left")
	c.Flags().StringVar(&o.Name, "name", "palette-ecr-rehearsal", "name of the kind cluster")
	c.MarkFlagsMutuallyExclusive("no-cutover", "break")
	return c
}

func breakNames() []string {
	var names []string
	for _, b := range rehearsal.Breaks() {
		names = append(names, b.Name)
	}
	return names
}

func breakHelp() string {
	var text strings.Builder
	for _, b := range rehearsal.Breaks() {
		fmt.Fprintf(&text, "  %-22s %s\n", b.Name, b.Does)
	}
	return text.String()
}
