package values

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/secret"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

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

// changesOf returns what the jobs did to a file, by path.
func changesOf(f *File, jobs []*job, p *patch) []Change {
	c := changes{all: make([]Change, 0, len(jobs)), shown: map[string]string{}, known: secret.Known(f.Secrets())}
	if jobs == nil { // there were no values at all
		for _, e := range p.content() {
			c.added(e.key, e.value, report.Place{File: f.name, Line: 1, Column: 1})
		}
		return c.all
	}
	root := ""
	for _, key := range f.rootKeys {
		root = join(root, key)
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
				c.added(path, j.entry.content(), place)
				continue
			}
			change := Change{Path: path, Before: c.before(f, path, j.value), Place: place}
			if j.do != remove {
				change.After = c.show(path, j.entry.value)
			}
			c.all = append(c.all, change)
		}
	}
	return c.all
}

// changes collects what was changed.
type changes struct {
	all   []Change
	shown map[string]string // texts as they are shown: a fleet's spokes have the same values
	known *strings.Replacer // hides the file's secrets where they stand under another key
}

// added adds every single value in what was added.
func (c *changes) added(path string, v any, place report.Place) {
	if inner, ok := normal(v).(fields); ok && len(inner) > 0 {
		for _, f := range inner {
			at := f.key
			if path != "" {
				at = join(path, f.key)
			}
			c.added(at, f.value, place)
		}
		return
	}
	place.Path = path
	c.all = append(c.all, Change{Path: path, After: c.show(path, v), Place: place})
}

// show writes a value on one line, secrets masked.
func (c *changes) show(path string, v any) string {
	if v != nil && secret.Path(path) {
		return Mask
	}
	if list, ok := v.([]any); ok && len(list) > 0 {
		return fmt.Sprintf("a list of %d", len(list))
	}
	w := &writer{habits: habits{quote: syntax.Plain}}
	w.flow(hide(v), "")
	text := w.out.String()
	shown, ok := c.shown[text]
	if !ok {
		shown = secret.Text(c.known.Replace(text))
		c.shown[text] = shown
	}
	return shown
}

// before is show for a value of the file; what is encrypted on disk is masked.
func (c *changes) before(f *File, path string, n *syntax.Node) string {
	if f.opened.hides(n) {
		return Mask
	}
	return c.show(path, value(n))
}

// hide masks the secrets in a decoded value.
func hide(v any) any {
	switch v := normal(v).(type) {
	case fields:
		hidden := make(fields, 0, len(v))
		for _, f := range v {
			if f.value != nil && secret.Key(f.key) {
				f.value = raw(Mask)
			} else {
				f.value = hide(f.value)
			}
			hidden = append(hidden, f)
		}
		return hidden
	case string:
		if from, to, ok := secret.UserInfo(v); ok {
			return v[:from] + Mask + v[to:]
		}
	case []any:
		hidden := make([]any, 0, len(v))
		for _, item := range v {
			hidden = append(hidden, hide(item))
		}
		return hidden
	}
	return v
}
