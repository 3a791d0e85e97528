package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// outputFlags say how the report is written.
type outputFlags struct {
	specs []string
	all   bool
}

// add makes the flags; standard is what is written when nothing is asked for, besides text on standard output.
func (o *outputFlags) add(c *cobra.Command, standard ...string) {
	c.Flags().StringArrayVarP(&o.specs, "output", "o", standard,
		"report as FORMAT or FORMAT=FILE, several at once, besides text: "+strings.Join(report.Names(), ", "))
	c.Flags().BoolVar(&o.all, "all", false, "text: all findings and all evidence, not only the first of each kind")
}

func (o *outputFlags) parse() (writer, error) {
	outputs, err := report.ParseOutputs(o.specs)
	return writer{outputs, o.all}, err
}

// writer writes a report in every form that was asked for.
type writer struct {
	outputs []report.Output
	all     bool
}

// apart returns an error when an output would overwrite one of the inputs, or when two of them are one file, by whatever
// names.
func (w writer) apart(inputs ...string) error {
	var written []os.FileInfo
	for _, o := range w.outputs {
		info, err := os.Stat(o.File)
		if o.File == "" || err != nil {
			continue
		}
		for _, input := range inputs {
			if in, err := os.Stat(input); err == nil && os.SameFile(info, in) {
				return fault.New(fault.Usage, "give the report another name", "reading --output %s=%s: the output is the input %q, which would be lost", o.Format, o.File, input)
			}
		}
		for _, other := range written {
			if info.Mode().IsRegular() && os.SameFile(info, other) {
				return fault.New(fault.Usage, "give each report a file of its own", "reading --output %s=%s: another report goes into that file too", o.Format, o.File)
			}
		}
		written = append(written, info)
	}
	return nil
}

func (a *app) write(w writer, r *report.Report) error {
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	// With standard output sent away from the terminal, the person at it would not see the text.
	seen := a.OutTTY || !a.ErrTTY
	a.told = r.Error != "" && seen && slices.Contains(w.outputs, report.Output{Format: "text"})
	err = report.WriteAll(w.outputs, a.Out, r, report.Options{
		Color: a.color(a.OutTTY), Width: a.width(), All: w.all, Dir: dir, Root: a.Getenv("GITHUB_WORKSPACE") + a.Getenv("CI_PROJECT_DIR"),
	})
	if err != nil {
		a.told = false // what was not written is in no report
	}
	return err
}

// width is the terminal's, or 0 when there is none.
func (a *app) width() int {
	out, ok := a.Out.(*os.File)
	if !ok || !a.OutTTY {
		return 0
	}
	columns, _, err := term.GetSize(int(out.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
