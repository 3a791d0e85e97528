package values

import (
	"fmt"
	"reflect"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
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

// Render writes the settings into the file's values, for the hub and for every spoke. What isn't a registry
// setting stays byte for byte; rendering the output again changes nothing. An error is a *fault.Error, and
// nothing has been written anywhere.
func (f *File) Render(s Settings) (*Rendered, error) {
	if err := s.check(); err != nil {
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

// wanted makes the patch, with the chart's default spokes if the file has none.
func (f *File) wanted(s Settings) (*patch, []string, error) {
	var notes []string
	if f.release != nil {
		for _, from := range f.release.ValuesFrom {
			notes = append(notes, fmt.Sprintf("%s (line %d) gives further values, which can't be seen here: check that it holds no registry settings", from, from.Place.Line))
		}
	}
	if s.ChartDefaults == nil {
		notes = append(notes, "no chart was given: whether its defaults bring basicAuth back can't be told")
	}
	if f.hasSpokes() {
		return s.patch(nil), notes, nil
	}
	if s.ChartDefaults == nil {
		return nil, nil, fault.New(fault.Usage, "give the chart with --chart (and --version), so that its default spokes can be taken in",
			"rendering %q: the file has no fleetConfig.spokes: the chart's own count, and no chart was given", f.name)
	}
	if f.release != nil && len(f.release.ValuesFrom) > 0 {
		return nil, nil, fault.New(fault.Usage, "write fleetConfig.spokes into the HelmRelease's values",
			"rendering %q: the values have no fleetConfig.spokes, and %s (line %d) may hold them, which can't be seen here", f.name, f.release.ValuesFrom[0], f.release.ValuesFrom[0].Place.Line)
	}
	return s.patch(s.chartSpokes()), notes, nil
}

// hasSpokes tells whether the file says what the spokes are; also by null, which says that there are none.
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
		full = &patch{atEnd: true, entries: []entry{{key: f.rootKeys[i].(string), do: within, patch: full}}}
	}
	work := &plan{file: f}
	e := newEditor(f)
	if f.isEmpty() {
		e.emptyDocument(p)
	} else {
		if err := work.walk(f.document.Root, full, ""); err != nil {
			return nil, err
		}
		if err := work.settle(); err != nil {
			return nil, err
		}
		e.do(work.jobs)
	}
	output, err := e.apply()
	if err != nil {
		return nil, err
	}
	if err := f.checkAnchors(e.edits); err != nil {
		return nil, err
	}
	r := &Rendered{Output: []byte(output), before: f, after: f, edits: e.edits}
	if output == f.stream.Source {
		return r, nil
	}
	told := make(chan []Change, 1)
	go func() { told <- f.changes(work.jobs, p) }() // beside the check: both take their time for a fleet
	r.after, err = f.verify(output, full)
	r.Changes = <-told
	if err != nil {
		return nil, err
	}
	return r, nil
}

// isEmpty tells whether the file holds no value at all: nothing, comments, null or {}.
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
