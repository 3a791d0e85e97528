package report

import (
	"strings"
	"time"
)

// Waiver is something that a person decided to leave, by name.
type Waiver struct {
	Flag   string `json:"flag"`   // that says so, for example --leave
	Name   string `json:"name"`   // of what is left
	Effect string `json:"effect"` // what that means, one sentence
}

// Baseline is what was seen before anything was touched: the rollback is judged against it.
type Baseline struct {
	TakenAt time.Time `json:"takenAt"`
	Sound   int       `json:"sound"` // how many objects were as they should be
	Broken  []Broke   `json:"broken"`
}

// Broke is an object that was broken before.
type Broke struct {
	Cluster  string `json:"cluster,omitempty"`
	Object   string `json:"object"`
	Seen     string `json:"seen"`     // what was wrong, one sentence
	Accepted bool   `json:"accepted"` // it doesn't stop the command
}

// Plan is what a command would do, before it does it. Secrets in it are masked by whoever makes it.
type Plan struct {
	Hash      string   `json:"hash"`               // names the plan: run --plan refuses another one
	Artifacts int64    `json:"artifacts"`          // to copy
	Bytes     int64    `json:"bytes"`              // of them
	Seconds   float64  `json:"seconds"`            // that copying takes within the registry's quotas
	Restarts  []string `json:"restarts,omitempty"` // objects
	Final     []string `json:"final,omitempty"`    // what can't be undone, one sentence each
	Unknown   []string `json:"unknown,omitempty"`  // what could not be looked at

	Objects []PlannedObject `json:"objects,omitempty"` // that would be made, changed or removed

	Values    string `json:"values,omitempty"`    // unified diff of the values
	Manifests string `json:"manifests,omitempty"` // unified diff of these objects

	// Document is the whole plan as format plan writes it, for run --plan; whoever makes it masks it.
	Document []byte `json:"-"`
}

// PlannedObject is one object that would be another one.
type PlannedObject struct {
	Action string `json:"action"` // create, update or delete
	Object string `json:"object"` // kind namespace/name
	Stage  string `json:"stage,omitempty"`
	Note   string `json:"note,omitempty"` // what a person may wonder about
}

// Changes counts the objects and artifacts that would be made, changed and removed.
type Changes struct {
	Create int64 `json:"create"`
	Update int64 `json:"update"`
	Delete int64 `json:"delete"`
}

// String says the counts, as in "1 to create, 2 to update, 0 to delete".
func (c Changes) String() string {
	return thousands(c.Create) + " to create, " + thousands(c.Update) + " to update, " + thousands(c.Delete) + " to delete"
}

// copying says how much a plan copies, or "".
func (p *Plan) copying() string {
	if p.Artifacts == 0 {
		return ""
	}
	text := Counted(int(p.Artifacts), "artifact") + ", " + size(p.Bytes)
	if p.Seconds > 0 {
		text += ", about " + seconds(p.Seconds)
	}
	return text
}

// sound says how many objects were as they should be.
func (b *Baseline) sound() string {
	text := Counted(b.Sound, "object was", "objects were")
	if len(b.Broken) > 0 {
		text = strings.Replace(text, " object", " other object", 1)
	}
	return text + " as " + map[bool]string{true: "it", false: "they"}[b.Sound == 1] + " should be."
}
