package values

import (
	"fmt"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
)

// Undo takes the edit back in the file as it is now: what else was changed since stays. An error names the place of the
// first later change that touches what the edit wrote, where the two can't be told apart.
//
// It is a three-way merge of text, for a file that somebody keeps in Git: no byte changes but those of the edit, and two
// changes at one place are an error, since a person can look at both. deploy.Merge is the one of decoded values, for a
// release: those have no comments and no order to keep, and where both have changed a key one side must win. Neither can
// stand in for the other: text knows nothing of keys, and values nothing of bytes.
func (r *Rendered) Undo(now *File) (*Rendered, error) {
	later := udiff.Lines(string(r.Output), now.source())
	back, at, ahead := r.inverse(), 0, 0
	for i, e := range back {
		for at < len(later) && later[at].End <= e.start && !(later[at].Start == e.start && e.start == e.end) {
			ahead += len(later[at].New) - (later[at].End - later[at].Start)
			at++
		}
		if at < len(later) && overlap(e, later[at]) {
			line := strings.Count(string(r.Output[:later[at].Start]), "\n") + 1
			return nil, fmt.Errorf("what was changed later is in what render wrote: near line %d of the rendered original", line)
		}
		back[i].start, back[i].end = e.start+ahead, e.end+ahead
	}
	source := now.source()
	var out strings.Builder
	done := 0
	for _, e := range back {
		out.WriteString(source[done:e.start] + e.text)
		done = e.end
	}
	out.WriteString(source[done:])
	after, err := parse(now.name, out.String())
	if err != nil {
		return nil, fmt.Errorf("the result would be broken: %w", err)
	}
	now.opened.edited(after)
	undone := &Rendered{Output: []byte(out.String()), before: now, after: after, edits: back}
	for _, c := range r.Changes {
		undone.Changes = append(undone.Changes, Change{Path: c.Path, Before: c.After, After: c.Before, Place: c.Place})
	}
	return undone, nil
}

// SealedBySOPS reports whether the edit is written by sops, in a file that it encrypted.
func (r *Rendered) SealedBySOPS() bool { return r.before.opened != nil }

// As returns the edit as somebody else wrote it: line by line from the file before to the one that is given.
func (r *Rendered) As(written *File) *Rendered {
	as := &Rendered{Output: written.Data(), before: r.before, after: written, Changes: r.Changes}
	for _, e := range udiff.Lines(r.before.source(), written.source()) {
		as.edits = append(as.edits, edit{start: e.Start, end: e.End, text: e.New})
	}
	return as
}

// inverse returns the edits that make the input of the output again.
func (r *Rendered) inverse() []edit {
	var back []edit
	source, ahead := r.before.source(), 0
	for _, e := range r.edits {
		if was := source[e.start:e.end]; was != e.text {
			start := e.start + ahead
			back = append(back, edit{start: start, end: start + len(e.text), text: was})
			ahead += len(e.text) - len(was)
		}
	}
	return back
}

// overlap reports whether an edit and a later change share a character, or add something at the same place. Side by
// side they may be: whether the result is right is proven by rendering it.
func overlap(e edit, later udiff.Edit) bool {
	if e.start == e.end && later.Start == later.End {
		return e.start == later.Start
	}
	return e.start < later.End && later.Start < e.end
}
