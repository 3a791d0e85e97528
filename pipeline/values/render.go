package values

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Rendered is the result of an edit.
type Rendered struct {
	Output  []byte   // the whole file
	Changes []Change // in the order of the patch; none if Output is the input
	Notes   []string // what the file alone can't tell, for people
	before  *File
	after   *File
	edits   []edit // in order, without overlaps
}

// File returns the file as it is after the edit, with what is merged with its values.
func (r *Rendered) File() *File {
	after := *r.after
	after.layers = r.before.layers
	return &after
}

// Render writes the settings into the file's values, for the hub and for every spoke. What isn't a registry
// setting stays byte for byte; rendering the output again changes nothing. An error is a *fault.Error, and
// nothing has been written anywhere.
func (f *File) Render(s Settings) (*Rendered, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := f.overridden(s.patch(nil)); err != nil {
		return nil, err
	}
	p, notes, err := f.wanted(s)
	if err != nil {
		return nil, err
	}
	r, err := f.edit(p)
	if err != nil {
		return nil, err
	}
	r.Notes = notes
	return r, nil
}

// wanted makes the patch, with the spokes of what is beneath the file if it has none of its own.
func (f *File) wanted(s Settings) (*patch, []string, error) {
	var notes []string
	hidden := f.Hidden()
	for _, l := range hidden {
		notes = append(notes, fmt.Sprintf("%s (line %d) gives further values, which can't be seen here: what it sets is not known", l.Name, l.Place.Line))
	}
	if f.release != nil && f.release.Patch {
		notes = append(notes, "this HelmRelease names no chart: it is a patch, and what it is laid over can't be seen here")
	}
	if s.ChartDefaults == nil {
		notes = append(notes, "no chart was given: whether its defaults bring basicAuth back can't be told")
	}
	s.beneath = overlay(s.ChartDefaults, f.Beneath())
	s.unseen = len(hidden) > 0 || f.release != nil && f.release.Patch
	if f.hasSpokes() {
		return s.patch(nil), notes, nil
	}
	known := mural.Get(f.Beneath(), mural.SpokeList()...) != nil
	switch {
	case s.unseen && !known:
		where := "the manifest that it is laid over"
		if len(hidden) > 0 {
			where = fmt.Sprintf("%s (line %d)", hidden[0].Name, hidden[0].Place.Line)
		}
		return nil, nil, fault.New(fault.Usage, "write fleetConfig.spokes into the values here, or give the source with --values-from kind/name=FILE",
			"rendering %q: the values have no fleetConfig.spokes, and %s may hold them, which can't be seen here", f.name, where)
	case s.ChartDefaults == nil && !known:
		return nil, nil, fault.New(fault.Usage, "give the chart with --chart (and --version), so that its default spokes can be taken in",
			"rendering %q: the file has no fleetConfig.spokes: the chart's own count, and no chart was given", f.name)
	}
	return s.patch(s.spokesBeneath()), notes, nil
}

// hasSpokes reports whether the file says what the spokes are; also by null, which says that there are none.
func (f *File) hasSpokes() bool {
	fleet, ok := f.Lookup("fleetConfig")
	if !ok || fleet.IsNull() {
		return ok
	}
	_, ok = fleet.Lookup("spokes")
	return ok
}

// edit applies a patch to the values.
func (f *File) edit(p *patch) (*Rendered, error) {
	full := p
	for i := len(f.rootKeys) - 1; i >= 0; i-- {
		full = &patch{atEnd: true, entries: []entry{{key: f.rootKeys[i], do: within, patch: full}}}
	}
	work := &plan{file: f}
	e := newEditor(f)
	if f.isEmpty() {
		e.emptyDocument(p)
	} else {
		if err := work.walk(f.base, full, ""); err != nil {
			return nil, err
		}
		if err := work.settle(); err != nil {
			return nil, err
		}
		if err := f.checkSOPS(work.jobs); err != nil && len(work.jobs) > 0 {
			return nil, err
		}
		e.do(work.jobs)
	}
	output, err := e.apply()
	if err != nil && f.text == nil && !strings.HasSuffix(f.stream.Source, "\n") {
		return f.editWithBreak(p, full, e.habits.eol, err)
	}
	if err != nil {
		return nil, err
	}
	if err := f.checkAnchors(e.edits); err != nil {
		return nil, err
	}
	r := &Rendered{Output: []byte(output), before: f, after: f, edits: e.edits}
	if output == f.stream.Source {
		r.Output = f.Data()
		return r, nil
	}
	output = f.text.put(output)
	r.Output = []byte(output)
	told := make(chan []Change, 1)
	go func() { told <- f.changes(work.jobs, p) }() // beside the check: both take their time for a fleet
	r.after, err = f.verify(output, full)
	r.Changes = <-told
	if err != nil {
		return nil, err
	}
	return r, nil
}

// editWithBreak edits a file whose last line has no line break as if it had one, and takes that away again. It is for
// the few where lines that belong to several mappings go at the end, and their edits would overlap: cause.
func (f *File) editWithBreak(p, full *patch, eol string, cause error) (*Rendered, error) {
	longer, err := parse(f.name, f.stream.Source+eol)
	if err != nil {
		return nil, cause
	}
	r, err := longer.edit(p)
	if err != nil {
		return nil, cause
	}
	output := strings.TrimSuffix(string(r.Output), eol)
	if r.after, err = f.verify(output, full); err != nil {
		return nil, err
	}
	source, from := f.stream.Source, 0
	for from < min(len(source), len(output)) && source[from] == output[from] {
		from++
	}
	from = strings.LastIndexByte(source[:from], '\n') + 1
	r.before, r.Output, r.edits = f, []byte(output), []edit{{start: from, end: len(source), text: output[from:]}}
	return r, nil
}

// isEmpty reports whether the file holds no value at all: nothing, comments, null or {}.
func (f *File) isEmpty() bool {
	if f.document == nil || f.document.Root == nil {
		return true
	}
	root := f.document.Root
	return root.IsNull() || root.Kind == syntax.Mapping && len(root.Children) == 0
}

// emptyDocument writes the values into a file that has none: behind its comments.
func (e *editor) emptyDocument(p *patch) {
	w := &writer{habits: e.habits}
	for i, f := range p.content() {
		if i > 0 {
			w.out.WriteString(w.eol)
		}
		w.block(0, f.key, f.value)
	}
	at := len(e.src)
	if d := e.file.document; d != nil {
		at = d.End
		if d.Root != nil && d.Root.End > d.Root.Start {
			e.replace(d.Root.Start, d.Root.End, "")
			if at == d.Root.End { // "null" was the last thing in the file
				e.replace(at, at, w.eol+w.out.String())
				return
			}
		}
	}
	text := w.out.String()
	if at > 0 && at <= len(e.src) && e.src[at-1] != '\n' && e.src[:at] != "\ufeff" {
		text = w.eol + text
	}
	e.replace(at, at, text)
}

// equalValues compares decoded values.
func equalValues(a, b any) bool { return reflect.DeepEqual(a, b) }
