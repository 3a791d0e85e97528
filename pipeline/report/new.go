package report

import (
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// New returns the report of a command that began at a time, with nothing in it yet.
func New(command, version string, began time.Time) *Report {
	return &Report{
		APIVersion: APIVersion, Kind: Kind, Version: version, Command: command, StartedAt: began,
		Stages: []Stage{}, Findings: []Finding{}, Proofs: []Proof{},
	}
}

// End closes the report with the error that ended the command, or nil.
func (r *Report) End(at time.Time, err error) {
	r.FinishedAt = at
	r.ExitCode, r.Error, r.Remedy = fault.CodeOf(err), "", ""
	if err != nil {
		r.Error, r.Remedy = err.Error(), fault.RemedyOf(err)
	}
}

// Hide keeps secrets out of everything that is written of this report, whatever text they turn up in. Whoever gets to
// know a secret calls it.
func (r *Report) Hide(secrets ...string) { r.secrets = append(r.secrets, secrets...) }

// Errors returns how many findings are errors that the file does not ask to ignore.
func (r *Report) Errors() int { return count(r).Errors }
