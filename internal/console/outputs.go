package console

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Outputs are the flags that say how the report is written.
type Outputs struct {
	specs []string
	all   bool
}

// Add adds the flags; standard is what is written when nothing is asked for, besides text on standard output.
func (o *Outputs) Add(f *pflag.FlagSet, standard ...string) {
	f.StringArrayVarP(&o.specs, "output", "o", standard,
		"report as FORMAT or FORMAT=FILE, several at once, besides text: "+strings.Join(report.Names(), ", "))
	f.BoolVar(&o.all, "all", false, "text: all findings and all evidence, not only the first of each kind")
}

// Open reads the flags and checks, before any work is done, that each file can be written and is none of the inputs:
// the files that the command reads.
func (o *Outputs) Open(inputs ...string) (Writer, error) {
	outputs, err := report.ParseOutputs(o.specs)
	if err == nil {
		err = report.CheckOutputs(outputs, inputs...)
	}
	return Writer{outputs, o.all}, err
}

// Writer writes a report in every form that was asked for.
type Writer struct {
	outputs []report.Output
	all     bool
}

// Write writes the report to every output. The error that ends the command is shown without its secrets too.
func (c *Console) Write(w Writer, r *report.Report) error {
	c.clean = r.Clean
	dir, err := os.Getwd()
	if err != nil {
		dir = ""
	}
	// With standard output sent away from the terminal, the person at it would not see the text.
	seen := c.OutTTY || !c.ErrTTY
	c.reported = r.Error != "" && seen && slices.Contains(w.outputs, report.Output{Format: "text"})
	err = report.WriteAll(w.outputs, c.Out, r, report.Options{
		Paint: Paint(c.Color(c.OutTTY)), Width: c.width(), All: w.all, Seen: c.asked && c.OutTTY, Dir: dir,
		Root: c.Getenv("GITHUB_WORKSPACE") + c.Getenv("CI_PROJECT_DIR"),
	})
	if err != nil {
		c.reported = false // what was not written is in no report
	}
	return err
}
