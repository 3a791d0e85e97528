package terminal

import (
	"fmt"
	"io"

	"github.com/fatih/color"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// PrintError prints what failed, once, and below it what to try next. A nil error prints nothing.
func PrintError(w io.Writer, err error, colored bool) {
	if err == nil {
		return
	}
	red, bold := color.New(color.FgRed, color.Bold), color.New(color.Bold)
	if colored {
		red.EnableColor()
		bold.EnableColor()
	} else {
		red.DisableColor()
		bold.DisableColor()
	}
	fmt.Fprintf(w, "%s %v\n", red.Sprint("error:"), err)
	if remedy := fault.RemedyOf(err); remedy != "" {
		fmt.Fprintf(w, "%s   %s\n", bold.Sprint("try:"), remedy)
	}
}
