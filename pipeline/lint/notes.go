package lint

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// notes are what the rules have found in a file.
type notes struct {
	file     *values.File
	rule     report.Rule // that is being looked at
	findings []report.Finding
	unproven []string // why the verdict on the policies is not certain
}

// hides reports whether what a place spans on its line is not shown as it is in the line's masked text.
func (n *notes) hides(p report.Place, masked string) bool {
	if p.File != n.file.Name() || p.Line <= 0 || p.EndLine != p.Line {
		return false
	}
	line := []rune(n.file.Line(p.Line))
	from, to := p.Column-1, min(p.EndColumn-1, len(line))
	return from >= 0 && from < to && !strings.Contains(masked, string(line[from:to]))
}

// behind reports whether a place begins behind something that is not shown on its line.
func (n *notes) behind(p report.Place, masked string) bool {
	if p.File != n.file.Name() || p.Line <= 0 || p.Column <= 1 {
		return false
	}
	line := []rune(n.file.Line(p.Line))
	before := string(line[:min(p.Column-1, len(line))])
	return !strings.HasPrefix(masked, before)
}

// add makes a finding of the rule at hand.
func (n *notes) add(severity report.Severity, place report.Place, remedy, format string, args ...any) {
	f := report.Finding{
		Rule: n.rule.ID, Severity: severity, Title: n.rule.Title,
		Message: fmt.Sprintf(format, args...), Remedy: remedy, Place: place,
	}
	if place.File == n.file.Name() && place.Line > 0 {
		f.Snippet = report.MaskPlace(n.file.Masked(place.Line), place)
	}
	if secret.Path(place.Path) || n.hides(place, f.Snippet) { // how long the underline is would show how long the secret is
		f.Place.EndLine, f.Place.EndColumn = 0, 0
	}
	if n.behind(place, f.Snippet) { // so would where it begins
		indent := len(f.Snippet) - len(strings.TrimLeft(f.Snippet, " "))
		f.Place.Column, f.Place.EndLine, f.Place.EndColumn = indent+1, 0, 0
	}
	n.findings = append(n.findings, f)
}
