package console

import (
	"fmt"
	"io"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// PrintError prints what failed, once, and below it what to try next, both passed through clean. A nil error prints
// nothing.
func PrintError(w io.Writer, err error, clean func(string) string, colored bool) {
	if err == nil {
		return
	}
	paint := Paint(colored)
	fmt.Fprintf(w, "%s %s\n", paint.Apply(report.Bad, "error:"), clean(err.Error()))
	if remedy := fault.RemedyOf(err); remedy != "" {
		fmt.Fprintf(w, "%s   %s\n", paint.Apply(report.Bold, "try:"), clean(remedy))
	}
}
