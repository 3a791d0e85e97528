package values

import (
	"reflect"
	"strings"
)

// Rendered is the result of an edit.
type Rendered struct {
	Output  []byte   // the whole file
	Changes []Change // in the order of the patch; none if Output is the input
	Notes   []string // what the file alone can't tell, for people
	Unseen  []string // what else gives values that can't be seen here: findings, which nobody may take for clean
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
	if err := f.overridden(f.name, s.patch(nil)); err != nil {
		return nil, err
	}
	p, notes, err := s.wanted(f)
	if err != nil {
		return nil, err
	}
	r, err := f.edit(p)
	if err != nil {
		return nil, err
	}
	if err := f.undone(r.after, p); err != nil {
		return nil, err
	}
	r.Notes, r.Unseen = notes, f.unseen()
	return r, nil
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
		if err := f.sops.check(f.fileText, work.jobs); err != nil {
			return nil, err
		}
		e.do(work.jobs)
	}
	output, err := e.apply()
	if err != nil && f.block == nil && !strings.HasSuffix(f.stream.Source, "\n") {
		return f.editWithBreak(p, full, e.habits.eol, err)
	}
	if err != nil {
		return nil, err
	}
	if err := f.uses.check(f.fileText, e.edits); err != nil {
		return nil, err
	}
	r := &Rendered{Output: []byte(output), before: f, after: f, edits: e.edits}
	if output == f.stream.Source {
		r.Output = f.Data()
		_, err := f.decode()
		return r, err
	}
	output = f.block.put(output)
	if err := f.block.check(f.fileText, output); err != nil {
		return nil, err
	}
	r.Output = []byte(output)
	told := make(chan []Change, 1)
	go func() { told <- changesOf(f, work.jobs, p) }() // beside the check: both take their time for a fleet
	r.after, err = verify(f, output, full)
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
	if r.after, err = verify(f, output, full); err != nil {
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

// equalValues compares decoded values.
func equalValues(a, b any) bool { return reflect.DeepEqual(a, b) }
