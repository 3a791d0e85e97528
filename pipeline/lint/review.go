package lint

import (
	"strings"
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Review is a lint as a report.
type Review struct {
	Input
	Version string   // of palette-ecr
	Secrets []string // of the file before an edit, which it may hold elsewhere still
	Now     func() time.Time
}

// Report lints and reports. The error says how many findings are errors (a *fault.Error, Refused), what the verdict on
// the policies depends on (Unproven), or what kept the file from being linted; only with the last there is no report.
func (r Review) Report() (*report.Report, error) {
	start := r.Now()
	findings, unproven, err := judge(r.Input)
	if err != nil {
		return nil, err
	}
	rep := report.New("lint", r.Version, start)
	rep.Target = report.Target{Values: r.File.Name(), Release: r.Target.Release.Namespace + "/" + r.Target.Release.Name}
	rep.Findings, rep.Rules = findings, Catalogue()
	rep.Hide(append(r.File.Secrets(), r.Secrets...)...)
	if r.Destination.Registry.IsECR() {
		rep.Target.Destination = r.Destination.URL()
	}
	switch n := rep.Errors(); {
	case n > 0:
		err = fault.New(fault.Refused, r.remedy(findings), "linting %q: %s", r.File.Name(), report.Counted(n, "error"))
	case len(unproven) > 0:
		err = fault.New(fault.Unproven, "give what the findings ask for: nothing is known to be wrong, but not everything is known",
			"linting %q: the verdict on the policies is unproven: %s", r.File.Name(), strings.Join(unproven, "; "))
	}
	rep.End(r.Now(), err)
	return rep, err
}

// remedy says how to go on.
func (r Review) remedy(findings []report.Finding) string {
	if rendered, err := Fix(r.Input, findings); err == nil && rendered != nil {
		return "`palette-ecr lint --fix` corrects some of them; `palette-ecr lint --explain <rule>` says more"
	}
	return "correct them; `palette-ecr lint --explain <rule>` says more"
}
