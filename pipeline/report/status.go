package report

import (
	"fmt"
	"time"
)

// Status is where an installation stands, beside which registry it uses.
type Status struct {
	Release Installed    `json:"release"`
	Cutover string       `json:"cutover"`           // one sentence: how far it is
	Journal *JournalNote `json:"journal,omitempty"` // nil: there is none
	Holder  string       `json:"holder,omitempty"`  // who is at work on the release now
	Next    string       `json:"next"`              // what to do
}

// Installed is the live release.
type Installed struct {
	Name      string `json:"name"` // namespace/name
	Revision  int    `json:"revision"`
	Status    string `json:"status"` // Helm's word
	Version   string `json:"version"`
	ManagedBy string `json:"managedBy"`
}

// JournalNote is what the journal says of the newest write to it. It holds nothing of the values.
type JournalNote struct {
	Run        string    `json:"run,omitempty"`
	By         string    `json:"by,omitempty"`
	Command    string    `json:"command,omitempty"`
	Stage      string    `json:"stage,omitempty"`
	At         time.Time `json:"at,omitzero"`
	SwitchedAt time.Time `json:"switchedAt,omitzero"` // since when hue uses ECR
	ZotOffAt   time.Time `json:"zotOffAt,omitzero"`
	Revision   int       `json:"revision,omitempty"` // that a rollback goes back to
}

func (i Installed) String() string {
	return fmt.Sprintf("%s, revision %d, %s, chart %s, applied by %s", i.Name, i.Revision, i.Status, i.Version, i.ManagedBy)
}

// facts are the lines that every format shows.
func (s *Status) facts(r *Report) []fact {
	facts := []fact{{Name: "Release", Value: s.Release.String()}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{Name: name, Value: value})
		}
	}
	if r.Now != nil {
		add("Hue pushes to", r.Now.Push.String())
		for _, p := range r.Now.Pulls {
			add("Pulls", p.sentence())
		}
		add("Zot", map[ZotState]string{ZotRuns: "on", ZotOff: "off", ZotAbsent: "there is none", ZotUnknown: "unknown"}[r.Now.Zot])
	}
	add("Cutover", s.Cutover)
	if j := s.Journal; j != nil {
		add("Journal", j.sentence())
	}
	add("At work", s.Holder)
	add("Next", s.Next)
	return facts
}

func (p Pull) sentence() string {
	switch p.From {
	case NoRegistry:
		return p.Cluster + " has no workload"
	case UnknownRegistry:
		return p.Cluster + " could not be looked at"
	}
	return fmt.Sprintf("%s from %s, %s", p.Cluster, p.From, Counted(p.Workloads, "workload"))
}

func (j *JournalNote) sentence() string {
	text := "kept for the rollback"
	if j.Revision > 0 {
		text += fmt.Sprintf(", to the values of revision %d", j.Revision)
	}
	if j.Command != "" {
		text += "; last written"
		if !j.At.IsZero() {
			text += " at " + moment(j.At)
		}
		if j.By != "" {
			text += " by " + j.By
		}
		text += " with " + j.Command
		if j.Stage != "" {
			text += ", stage " + j.Stage
		}
		if len(j.Run) >= 8 {
			text += " (run " + j.Run[:8] + ")"
		}
	}
	return text
}

// status writes where the installation stands.
func (t *textWriter) status(r *Report) {
	if r.Status == nil {
		return
	}
	facts := r.Status.facts(r)
	names := 0
	for _, f := range facts {
		names = max(names, width(printable(f.Name)))
	}
	t.heading("Status")
	for _, f := range facts {
		colour := t.dim
		if f.Name == "Next" {
			colour = t.cyan
		}
		t.item("  "+colour(pad(printable(f.Name), names))+"  ", names+4, f.Value, nil)
	}
}

// status writes where the installation stands.
func (m *markdown) status(r *Report) {
	if r.Status == nil {
		return
	}
	m.table("", "Status")
	for _, f := range r.Status.facts(r) {
		m.row(md(f.Name), md(f.Value))
	}
}
