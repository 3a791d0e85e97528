// Package cli is the command line: cobra commands that turn flags into library calls, and nothing more.
package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/palette-ecr/palette-ecr/internal/build"
	"github.com/palette-ecr/palette-ecr/internal/console"
)

// Streams is what a command reads and writes.
type Streams = console.Streams

// OS returns the process's own streams.
func OS() Streams { return console.OS() }

// app makes the commands.
type app struct {
	*console.Console
	read reader
	run  runner
}

func newApp(s Streams) *app {
	c := console.New(s)
	return &app{c, reader{c}, runner{c}}
}

// reader reads what people name: values, a chart, policies.
type reader struct{ *console.Console }

// runner runs stages, and writes the report of them.
type runner struct{ *console.Console }

// Main runs the command line and returns its exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	a := newApp(s)
	return a.Execute(ctx, a.rootCommand(), args)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "palette-ecr",
		Short: "Move PaletteAI from its in-cluster Zot registry to Amazon ECR, with proof",
		Long: `palette-ecr moves a PaletteAI installation (Helm chart mural) from its in-cluster Zot registry to Amazon ECR:
it renders the values, lints them, copies every artifact with its digest, deploys, proves that hue pushes to and
source-controller pulls from ECR, and only then turns Zot off. A gate that fails puts the release back on Zot.

  palette-ecr render       what changes in my values.yaml?            (no cluster, no AWS)
  palette-ecr lint         what is wrong with it?                     (no cluster, no AWS)
  palette-ecr policies     which IAM policies does that need?         (no cluster, no AWS)
  palette-ecr preflight    what stands in the way of a cutover?       (only reads)
  palette-ecr plan         what would the cutover change?              (changes nothing)
  palette-ecr run          the whole cutover
  palette-ecr rollback     back to Zot, also days later
  palette-ecr status       where does this installation stand?         (changes nothing)
  palette-ecr drift        does anything point back to Zot?            (changes nothing)
  palette-ecr finish       nobody wants to go back: forget how

scripts/rehearse, in a clone of the repository, runs the whole cutover on kind, with no AWS.

Exit codes: 0 done, 1 failed, 2 changes pending, 3 a gate refused, 4 unproven, 64 wrong use.`,
		Version: build.Version(),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetVersionTemplate("palette-ecr {{.Version}}\n")
	root.AddCommand(a.commands()...)
	explainExits(root)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	return root
}
