package console

import (
	"github.com/fatih/color"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Paint returns a painter with ANSI colours, or nil, which leaves text as it is.
func Paint(colored bool) report.Paint {
	if !colored {
		return nil
	}
	styles := map[report.Style]*color.Color{
		report.Bold:    color.New(color.Bold),
		report.Dim:     color.New(color.Faint),
		report.Good:    color.New(color.FgGreen),
		report.Bad:     color.New(color.FgRed, color.Bold),
		report.Removed: color.New(color.FgRed),
		report.Warn:    color.New(color.FgYellow),
		report.Note:    color.New(color.FgBlue),
		report.Accent:  color.New(color.FgCyan),
	}
	for _, style := range styles {
		style.EnableColor() // whether there are colours was decided by the caller
	}
	return func(style report.Style, text string) string { return styles[style].Sprint(text) }
}
