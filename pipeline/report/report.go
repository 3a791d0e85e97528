// Package report is the one result model: what stages did, what they found, and what was proven. Every
// output format is made from it and from nothing else.
package report

import (
	"time"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
)

// APIVersion and Kind mark the JSON form of a Report.
const (
	APIVersion = "palette-ecr/v1alpha1"
	Kind       = "Report"
)

// Report is the result of one command. Its JSON form is published as a schema in this package.
type Report struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Version    string     `json:"version"` // of palette-ecr
	Command    string     `json:"command"` // for example "run" or "lint"
	Target     Target     `json:"target"`
	StartedAt  time.Time  `json:"startedAt"`
	FinishedAt time.Time  `json:"finishedAt"`
	ExitCode   fault.Code `json:"exitCode"`
	Error      string     `json:"error,omitempty"`  // the error that ended the command
	Remedy     string     `json:"remedy,omitempty"` // what to try next
	Stages     []Stage    `json:"stages"`
	Findings   []Finding  `json:"findings"`
	Proofs     []Proof    `json:"proofs"`
	Rules      []Rule     `json:"rules,omitempty"`    // the rules that were looked at, for outputs that explain them
	Before     *Standing  `json:"before,omitempty"`   // which registry was used when the command began; nil: it did not look
	Now        *Standing  `json:"now,omitempty"`      // which one is used at its end
	Baseline   *Baseline  `json:"baseline,omitempty"` // what was broken before anything was touched
	Waivers    []Waiver   `json:"waivers,omitempty"`  // what was left by name
	Plan       *Plan      `json:"plan,omitempty"`     // what would be done
	Status     *Status    `json:"status,omitempty"`   // where the installation stands
	Changes    *Changes   `json:"changes,omitempty"`  // how much would change; nil when the command did not find out

	secrets []string // see Hide
}

// Target says what the report is about, as far as the command knew it.
type Target struct {
	Destination string   `json:"destination,omitempty"` // oci://<registry>/<repository>
	Release     string   `json:"release,omitempty"`     // namespace/name
	Hub         string   `json:"hub,omitempty"`         // kubeconfig context
	Spokes      []string `json:"spokes,omitempty"`
	Values      string   `json:"values,omitempty"` // path of the values file or HelmRelease
}

// Outcome of a stage.
type Outcome string

const (
	Done    Outcome = "done"
	Skipped Outcome = "skipped" // nothing to do; Reason says why
	Failed  Outcome = "failed"
	Refused Outcome = "refused"
	NotRun  Outcome = "not run" // an earlier stage ended the run
)

// Stage is what one stage of the pipeline did.
type Stage struct {
	Name    string           `json:"name"`
	Outcome Outcome          `json:"outcome"`
	Summary string           `json:"summary,omitempty"` // one sentence
	Reason  string           `json:"reason,omitempty"`  // why it was skipped, failed or refused
	Seconds float64          `json:"seconds"`
	Counts  map[string]int64 `json:"counts,omitempty"` // for example "manifests copied": 24
	Notes   []string         `json:"notes,omitempty"`  // what a person should know, such as a tag that was overwritten, and what it was
}

// Severity of a finding.
type Severity string

const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Place is where something was seen: in a file, or in a cluster or an AWS account. Lines and columns count
// from 1; a column counts characters (Unicode code points), not bytes. Zero is unknown.
type Place struct {
	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"`
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"endLine,omitempty"`
	EndColumn int    `json:"endColumn,omitempty"` // exclusive
	Path      string `json:"path,omitempty"`      // YAML path, for example hue.ociRegistry.endpoint
	Cluster   string `json:"cluster,omitempty"`
	Object    string `json:"object,omitempty"` // for example OCIRepository mural-system/checkout
}

// Finding is one observation with a rule, a place and a remedy.
type Finding struct {
	Rule     string   `json:"rule"` // for example L07
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	Message  string   `json:"message"` // what was seen here, one sentence, never a secret
	Remedy   string   `json:"remedy"`
	Place    Place    `json:"place"`
	Snippet  string   `json:"snippet,omitempty"` // the source line, with secrets masked
	Ignored  string   `json:"ignored,omitempty"` // the reason given in the file for ignoring it
}

// Verdict of a proof. Unknown is never success.
type Verdict string

const (
	Held     Verdict = "held"
	Broken   Verdict = "failed"
	Unproven Verdict = "unproven"
)

// The proofs that gates need, by name (docs/proofs.md).
const (
	ProofRendered = "rendered"
	ProofClosure  = "closure"
	ProofReady    = "ready"
	ProofPull     = "pull"
	ProofPush     = "push"
	ProofUnused   = "unused"
)

// Proof is evidence that a gate needs: what was seen, where and when, and until when it counts.
type Proof struct {
	Name       string     `json:"name"`
	Cluster    string     `json:"cluster,omitempty"` // hub or the spoke's name; empty when no cluster is involved
	Verdict    Verdict    `json:"verdict"`
	Summary    string     `json:"summary"`          // one sentence
	Cause      string     `json:"cause,omitempty"`  // for failed and unproven: the true cause, one sentence
	Remedy     string     `json:"remedy,omitempty"` // what to do
	Evidence   []Evidence `json:"evidence,omitempty"`
	ObservedAt time.Time  `json:"observedAt"`
	ExpiresAt  time.Time  `json:"expiresAt"`
}

// Evidence is one thing that was seen.
type Evidence struct {
	Object string `json:"object"` // what was looked at
	Seen   string `json:"seen"`   // what it showed
	OK     bool   `json:"ok"`
}
