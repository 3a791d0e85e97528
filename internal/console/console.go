// Package console is what every command line of this repository shares: streams and colours, progress, errors and
// exit codes, and the flags that say how a report is written.
package console

import (
	"context"
	"errors"
	"sync"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/palette-ecr/palette-ecr/pipeline"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Console runs one command line on its streams.
type Console struct {
	Streams
	quiet    bool
	noColor  bool
	reported bool                // the text report has said what failed, and what to try
	clean    func(string) string // hides secrets
	asked    bool                // the person has seen the plan
}

// New returns a console on the given streams.
func New(s Streams) *Console { return &Console{Streams: s, clean: report.Scrub} }

// silence keeps controller-runtime's client from complaining on standard error. Once: SetLogger is not safe to call
// from two command lines at a time.
var silence = sync.OnceFunc(func() { ctrllog.SetLogger(logr.Discard()) })

// Execute runs the command line and returns its exit code.
func (c *Console) Execute(ctx context.Context, root *cobra.Command, args []string) int {
	silence()
	root.SilenceUsage, root.SilenceErrors = true, true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return wrongFlag(c, err)
	})
	root.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "show no progress")
	root.PersistentFlags().BoolVar(&c.noColor, "no-color", false, "no colours, even on a terminal (NO_COLOR does the same)")
	checkArgs(root)
	root.SetArgs(args)
	root.SetIn(c.In)
	root.SetOut(c.Out)
	root.SetErr(c.Err)
	err := root.ExecuteContext(ctx)
	if !c.reported {
		PrintError(c.Err, err, c.clean, c.Color(c.ErrTTY))
	}
	return int(fault.CodeOf(err))
}

// Color reports whether a stream gets colours: only a terminal does, and only when nobody objects.
func (c *Console) Color(tty bool) bool {
	return tty && !c.noColor && c.Getenv("NO_COLOR") == "" && c.Getenv("TERM") != "dumb"
}

// Progress returns what shows progress on standard error.
func (c *Console) Progress() progress.Reporter {
	if c.quiet {
		return progress.Discard
	}
	return NewProgress(c.Err, c.ErrTTY, c.Color(c.ErrTTY))
}

// Interrupted turns the error of a cancelled context into words, unless the library has done so.
func Interrupted(ctx context.Context, err error, remedy string) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) && !errors.Is(err, pipeline.ErrInterrupted) {
		return fault.New(fault.Failed, remedy, "interrupted: %w", err)
	}
	return err
}
