// Package cli is the command line: cobra commands that turn flags into library calls, and nothing more.
package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"golang.org/x/term"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/palette-ecr/palette-ecr/internal/cli/terminal"
	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
)

// Streams is what a command reads and writes, injected so that tests see all of it.
type Streams struct {
	In     io.Reader
	Out    io.Writer // the result
	Err    io.Writer // progress and errors
	Getenv func(string) string
	OutTTY bool // whether Out and Err are terminals
	ErrTTY bool
}

// OS gives the process's own streams.
func OS() Streams {
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv,
		OutTTY: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTTY: term.IsTerminal(int(os.Stderr.Fd())),
	}
}

// app is what every command shares.
type app struct {
	Streams
	quiet   bool
	noColor bool
	told    bool // the text report has said what failed, and what to try
}

// Main runs the command line and tells the exit code.
func Main(ctx context.Context, args []string, s Streams) int {
	ctrllog.SetLogger(logr.Discard()) // controller-runtime's client would complain on standard error
	a := &app{Streams: s}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	if !a.told {
		terminal.PrintError(s.Err, err, a.color(s.ErrTTY))
	}
	return int(fault.CodeOf(err))
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
  palette-ecr run          the whole cutover
  palette-ecr rollback     the way back, also days later
  palette-ecr rehearse     the whole cutover on kind, with no AWS

Exit codes: 0 done, 1 failed, 2 changes pending, 3 a gate refused, 4 unproven, 64 wrong use.`,
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fault.New(fault.Usage, "see "+c.CommandPath()+" --help", "reading flags: %w", err)
	})
	root.SetVersionTemplate("palette-ecr {{.Version}}\n")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "show no progress")
	root.PersistentFlags().BoolVar(&a.noColor, "no-color", false, "no colours, even on a terminal (NO_COLOR does the same)")
	root.AddCommand(a.commands()...)
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	wrapArgs(root)
	return root
}

// color tells whether a stream gets colours: only a terminal, and only when nobody objects.
func (a *app) color(tty bool) bool {
	return tty && !a.noColor && a.Getenv("NO_COLOR") == "" && a.Getenv("TERM") != "dumb"
}

// progress shows what is going on, on standard error.
func (a *app) progress() progress.Reporter {
	if a.quiet {
		return progress.Discard
	}
	return terminal.NewProgress(a.Err, a.ErrTTY, a.color(a.ErrTTY))
}

// interrupted turns the error of a cancelled context into words, unless the library has done so.
func interrupted(ctx context.Context, err error, remedy string) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && !errors.Is(err, pipeline.ErrInterrupted) {
		return fault.New(fault.Failed, remedy, "interrupted: %w", err)
	}
	return err
}
