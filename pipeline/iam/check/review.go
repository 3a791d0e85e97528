package check

import (
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Review is a check as a report.
type Review struct {
	Check   Check
	Version string // of palette-ecr
	Now     func() time.Time
}

// Report checks and reports. The error says how many findings are errors (a *fault.Error, Refused), or what
// kept the check from being made; with the first the report is whole, with the second there is none.
func (r Review) Report() (*report.Report, error) {
	start := r.Now()
	findings, err := r.Check.Findings()
	if err != nil {
		return nil, err
	}
	rep := report.New("policies check", r.Version, start)
	rep.Target = report.Target{Destination: r.Check.Wanted.Repository.URL()}
	rep.Findings, rep.Rules = findings, Rules()
	if n := rep.Errors(); n > 0 {
		err = fault.New(fault.Refused, "correct the documents, or write new ones with: palette-ecr policies",
			"checking the policies of %s: %s", r.Check.Principal, report.Counted(n, "error"))
	}
	rep.End(r.Now(), err)
	return rep, err
}
