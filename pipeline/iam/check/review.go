package check

import (
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
	rep := report.New("policies check", r.Version, start)
	rep.Target = report.Target{Destination: r.Check.Wanted.Repository.URL()}
	rep.Findings, rep.Rules = append(result.Findings, r.Check.trustAlone()...), Rules()
	switch n := rep.Errors(); {
	case n > 0:
		err = fault.New(fault.Refused, "correct the documents, or write new ones with: palette-ecr policies",
			"checking the policies of %s: %s", r.Check.Principal, report.Counted(n, "error"))
	case len(result.Unproven) > 0:
		err = fault.New(fault.Unproven, "give what the findings ask for: nothing is known to be wrong, but not everything is known",
			"checking the policies of %s: unproven: %s", r.Check.Principal, strings.Join(result.Unproven, "; "))
	}
	rep.End(r.Now(), err)
	return rep, err
}

// trustAlone says what was not looked at where a trust policy is all that was given, as with the output of get-role.
func (c Check) trustAlone() []report.Finding {
	if c.Trust == nil || len(c.Policies)+len(c.Absent) > 0 || c.Repository != nil {
		return nil
	}
	return []report.Finding{finding(*c.Trust, "Statement", RuleTrust, report.Info, "give the role's own policies as well",
		"only who may assume the role was checked: none of its policies was given, so nothing is said of what it may do")}
}
