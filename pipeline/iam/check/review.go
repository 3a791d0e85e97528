package check

import (
	"fmt"
	"strings"
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

// Report checks and reports. The error says how many findings are errors (a *fault.Error, Refused), what the
// verdict depends on (Unproven), or what kept the check from being made; only then there is no report.
func (r Review) Report() (*report.Report, error) {
	start := r.Now()
	result, err := r.Check.Result()
	if err != nil {
		return nil, err
	}
	rep := &report.Report{
		APIVersion: report.APIVersion, Kind: report.Kind, Version: r.Version, Command: "policies check",
		Target:    report.Target{Destination: r.Check.Wanted.Repository.URL()},
		StartedAt: start, FinishedAt: r.Now(),
		Findings: result.Findings, Rules: Rules(),
	}
	wrong := 0
	for _, f := range result.Findings {
		if f.Severity == report.Error {
			wrong++
		}
	}
	switch {
	case wrong > 0:
		err = fault.New(fault.Refused, "correct the documents, or write new ones with: palette-ecr policies",
			"checking the policies of %s: %s", r.Check.Principal, count(wrong))
	case len(result.Unproven) > 0:
		err = fault.New(fault.Unproven, "give what the findings ask for: nothing is known to be wrong, but not everything is known",
			"checking the policies of %s: unproven: %s", r.Check.Principal, strings.Join(result.Unproven, "; "))
	}
	if err != nil {
		rep.ExitCode, rep.Error, rep.Remedy = fault.CodeOf(err), err.Error(), fault.RemedyOf(err)
	}
	return rep, err
}

func count(wrong int) string {
	if wrong == 1 {
		return "1 error"
	}
	return fmt.Sprintf("%d errors", wrong)
}
