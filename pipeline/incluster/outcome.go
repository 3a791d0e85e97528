package incluster

import (
	"encoding/json"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// mostMessage is how much a container may say when it ends, in bytes
// (kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure).
const mostMessage = 4096

// Outcome is what a pod says when it ends.
type Outcome struct {
	Summary string           `json:"summary,omitempty"`
	Counts  map[string]int64 `json:"counts,omitempty"`
	Notes   []string         `json:"notes,omitempty"` // as many as there is room for; the log has all
	Proof   *report.Proof    `json:"proof,omitempty"`
	Code    fault.Code       `json:"code,omitempty"`
	Error   string           `json:"error,omitempty"`
	Remedy  string           `json:"remedy,omitempty"`
}

// failed is the outcome of an error.
func failed(err error) Outcome {
	return Outcome{Code: fault.CodeOf(err), Error: err.Error(), Remedy: fault.RemedyOf(err)}
}

// Err is the error of an outcome, with its code and remedy; nil when the pod did well.
func (o Outcome) Err() error {
	if o.Error == "" {
		return nil
	}
	return fault.New(o.Code, o.Remedy, "%s", o.Error)
}

// message writes an outcome so that a pod can say it: notes go first, then evidence of a proof, then the middle of what is
// long.
func (o Outcome) message() []byte {
	if o.Proof != nil {
		short := *o.Proof
		o.Proof = &short
	}
	for {
		text, err := json.Marshal(o)
		if err != nil || len(text) <= mostMessage {
			return text
		}
		switch {
		case len(o.Notes) > 0:
			o.Notes = o.Notes[:len(o.Notes)/2]
		case o.Proof != nil && len(o.Proof.Evidence) > 0:
			o.Proof.Evidence = o.Proof.Evidence[:len(o.Proof.Evidence)/2]
		case o.Proof != nil:
			o.Proof.Summary, o.Proof.Cause, o.Proof.Remedy = middle(o.Proof.Summary), middle(o.Proof.Cause), middle(o.Proof.Remedy)
			fallthrough
		default:
			o.Summary, o.Error, o.Remedy = middle(o.Summary), middle(o.Error), middle(o.Remedy)
		}
	}
}

// middle leaves out a quarter of a text, in its middle.
func middle(text string) string {
	runes := []rune(text)
	if len(runes) < 16 {
		return text
	}
	n := len(runes) * 3 / 8
	return string(runes[:n]) + "…" + string(runes[len(runes)-n:])
}
