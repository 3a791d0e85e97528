package values

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
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

// Change is one setting that has another value now. Secrets are masked.
type Change struct {
	Path   string       // for example hue.ociRegistry.endpoint
	Before string       // "" if there was nothing
	After  string       // "" if there is nothing now
	Place  report.Place // in the input: of the value, or of the mapping that gets the key
}

// String says it in one line.
func (c Change) String() string {
	switch {
	case c.Before == "":
		return fmt.Sprintf("%s: added %s", c.Path, c.After)
	case c.After == "":
		return c.Path + ": removed"
	}
	return fmt.Sprintf("%s: %s, was %s", c.Path, c.After, c.Before)
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

// changes tells what the jobs did, by path.
func (f *File) changes(jobs []*job, p *patch) []Change {
	all := make([]Change, 0, len(jobs))
	if jobs == nil { // there were no values at all
		for _, c := range p.content() {
			all = added(all, c.key, c.value, report.Place{File: f.name, Line: 1, Column: 1})
		}
		return all
	}
	root := ""
	for _, key := range f.rootKeys {
		root = join(root, key.(string))
	}
	for _, j := range jobs {
		for _, r := range j.requests {
			path := strings.TrimPrefix(strings.TrimPrefix(r.path, root), ".")
			at := j.in
			if j.key != nil {
				at = j.key
			}
			place := f.place(at.Start, at.End, path)
			if j.key == nil || j.do == within {
				all = added(all, path, j.entry.content(), place)
				continue
			}
			c := Change{Path: path, Before: show(path, value(j.value)), Place: place}
			if j.do != remove {
				c.After = show(path, j.entry.value)
			}
			all = append(all, c)
		}
	}
	return all
}

// added tells of every single value in what was added.
func added(all []Change, path string, v any, place report.Place) []Change {
	if inner, ok := normal(v).(fields); ok && len(inner) > 0 {
		for _, f := range inner {
			at := f.key
			if path != "" {
				at = join(path, f.key)
			}
			all = added(all, at, f.value, place)
		}
		return all
	}
	place.Path = path
	return append(all, Change{Path: path, After: show(path, v), Place: place})
}

// show writes a value on one line, secrets masked.
func show(path string, v any) string {
	if v != nil && (strings.HasSuffix(path, "basicAuth") || isSecret(path)) {
		return Mask
	}
	if list, ok := v.([]any); ok && len(list) > 0 {
		return fmt.Sprintf("a list of %d", len(list))
	}
	w := &writer{habits: habits{quote: syntax.Plain}}
	w.flow(hide(v), "")
	return w.out.String()
}

// hide masks the secrets in a decoded value.
func hide(v any) any {
	switch v := normal(v).(type) {
	case fields:
		hidden := make(fields, 0, len(v))
		for _, f := range v {
			if f.value != nil && (isSecret(f.key) || f.key == "basicAuth") {
				f.value = raw(Mask)
			} else {
				f.value = hide(f.value)
			}
			hidden = append(hidden, f)
		}
		return hidden
	case []any:
		hidden := make([]any, 0, len(v))
		for _, item := range v {
			hidden = append(hidden, hide(item))
		}
		return hidden
	}
	return v
}

// equalValues compares decoded values.
func equalValues(a, b any) bool { return reflect.DeepEqual(a, b) }
