package report

import (
	"fmt"
	"io"
	"strings"
)

// WritePlan writes only the plan of a report, as text, for a person who is asked whether to go on; in its last lines where
// it would happen.
func WritePlan(w io.Writer, r *Report, o Options) error {
	t := newTextWriter(o)
	r = complete(r)
	t.plan(r)
	t.labelled(2, "where", r.Target.where(), t.bold)
	_, err := io.WriteString(w, t.String())
	return err
}

// where names release, clusters and destination: the last thing to check before a yes.
func (t Target) where() string {
	text := t.Release
	if t.Hub != "" {
		text += " in " + t.Hub
	}
	switch n := len(t.Spokes); {
	case n > 4:
		text += fmt.Sprintf(" and %d spokes", n)
	case n > 0:
		text += " and " + strings.Join(t.Spokes, ", ")
	}
	if t.Destination != "" && text != "" {
		text += " → "
	}
	return text + t.Destination
}

// mostObjects is how many objects a terminal shows of each action, unless all are asked for.
const mostObjects = 20

// plan writes what would be done.
func (t *textWriter) plan(r *Report) {
	p := r.Plan
	if p == nil {
		return
	}
	t.heading("Plan")
	t.diff(p.Values)
	if t.all {
		t.diff(p.Manifests)
	} else {
		t.objects(p.Objects)
	}
	const indent = 2
	if r.Changes != nil {
		t.labelled(indent, "change", r.Changes.String(), t.dim)
	}
	t.labelled(indent, "copy", p.copying(), t.dim)
	if len(p.Restarts) > 0 {
		t.labelled(indent, "pods", "restart of "+strings.Join(p.Restarts, ", "), t.dim)
	}
	for _, final := range p.Final {
		t.labelled(indent, "final", final, t.yellow)
	}
	for _, unknown := range p.Unknown {
		t.labelled(indent, "unseen", unknown, t.yellow)
	}
	t.labelled(indent, "hash", p.Hash, t.dim)
}

// objects writes one line for each object, those of one action and stage together.
func (t *textWriter) objects(all []PlannedObject) {
	for _, action := range []string{"create", "update", "delete"} {
		shown, more := 0, 0
		for _, o := range all {
			if o.Action != action {
				continue
			}
			if shown == mostObjects {
				more++
				continue
			}
			shown++
			sign, colour := actionSign(t, action)
			line := fmt.Sprintf("%s %s", sign, printable(o.Object))
			text := colour(line)
			if o.Stage != "" {
				text += t.dim("  " + printable(o.Stage))
			}
			note := ""
			if o.Note != "" {
				note = ": " + printable(o.Note)
			}
			if 4+width(line)+width(printable(o.Stage))+width(note) <= t.width {
				text, note = text+t.dim(note), ""
			}
			t.line("  " + text)
			t.item("    ", 4, strings.TrimPrefix(note, ": "), t.dim)
		}
		if more > 0 {
			t.line("  " + t.dim(fmt.Sprintf("  … and %d more to %s (--all shows them, with their diffs)", more, action)))
		}
	}
	if len(all) > 0 {
		t.line("")
	}
}

func actionSign(t *textWriter, action string) (string, func(string) string) {
	switch action {
	case "create":
		return "+", t.green
	case "delete":
		return "-", t.red
	}
	return "~", t.yellow
}
