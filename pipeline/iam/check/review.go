package check

import (
	"fmt"
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
	rep := &report.Report{
		APIVersion: report.APIVersion, Kind: report.Kind, Version: r.Version, Command: "policies check",
		Target:    report.Target{Destination: r.Check.Wanted.Repository.URL()},
		StartedAt: start, FinishedAt: r.Now(),
		Findings: findings, Rules: Rules(),
	}
	wrong := 0
	for _, f := range findings {
		if f.Severity == report.Error {
			wrong++
		}
	}
	if wrong > 0 {
		err = fault.New(fault.Refused, "correct the documents, or write new ones with: palette-ecr policies",
			"checking the policies of %s: %s", r.Check.Principal, count(wrong))
		rep.ExitCode, rep.Error, rep.Remedy = fault.Refused, err.Error(), fault.RemedyOf(err)
	}
	return rep, err
}

func count(wrong int) string {
	if wrong == 1 {
		return "1 error"
	}
	return fmt.Sprintf("%d errors", wrong)
}
