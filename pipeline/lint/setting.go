package lint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/values"
)

// setting is one value as it counts for the release, and where a person would change it: in the user's
// file, or, when the chart's default is what counts, where the file would override that.
type setting struct {
	view *view
	path string // for example hue.ociRegistry.endpoint
	node values.Node
	own  bool        // the file writes the key
	gone bool        // the file sets a mapping above to null, which takes the chart's default away too
	near values.Node // the nearest mapping above that the file writes
	// merged is the value under the chart's defaults; it counts when a chart is given.
	merged any
	layer  values.Layer // the one that it comes from, if the file doesn't write it
	keys   []string     // of the path, as long as it has no list
	listed bool
}

// sub goes on to a key.
func (s setting) sub(keys ...string) setting {
	for _, key := range keys {
		next := setting{view: s.view, path: join(s.path, key), near: s.near, gone: s.gone || s.own && s.node.IsNull()}
		if s.own {
			next.node, next.own = s.node.Lookup(key)
			next.near = s.node
		}
		if m, ok := s.merged.(map[string]any); ok {
			next.merged = m[key]
		}
		next.listed = s.listed
		if s.view.layered && !s.listed {
			next.keys = append(slices.Clone(s.keys), key)
		}
		if s.view.layered && next.merged != nil && !next.written() {
			next.layer = next.from()
			if next.layer.Name == "" && s.listed && !next.own {
				next.layer = s.layer
			}
		}
		s = next
	}
	return s
}

// items are those of a list.
func (s setting) items() []setting {
	merged, _ := s.merged.([]any)
	n := len(merged)
	if s.own && s.node.IsList() {
		n = s.node.Len()
	}
	items := make([]setting, 0, n)
	for i := range n {
		item := setting{view: s.view, path: s.path + "[" + strconv.Itoa(i) + "]", near: s.near, listed: true}
		if s.own {
			item.node, item.own = s.node.Lookup(i)
			item.near = s.node
		} else {
			item.layer = s.layer
		}
		if i < len(merged) {
			item.merged = merged[i]
		}
		items = append(items, item)
	}
	return items
}

// value is what counts; nil if nothing is set.
func (s setting) value() any {
	switch {
	case s.view.merged != nil:
		return s.merged
	case s.own:
		return s.node.Value()
	}
	return nil
}

// set reports whether there is a value other than null.
func (s setting) set() bool {
	if s.view.merged != nil {
		return s.merged != nil
	}
	return s.own && !s.node.IsNull()
}

// empty reports whether there is nothing to use: no value, or an empty text, mapping or list.
func (s setting) empty() bool {
	if s.view.merged == nil && s.own && (s.node.IsMapping() || s.node.IsList()) {
		return s.node.Len() == 0
	}
	switch v := s.value().(type) {
	case nil:
		return true
	case string:
		return v == ""
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// unseen reports whether something is written that can't be read here: it is encrypted, comes from a source that is not
// known, or is a variable that Flux or a template replaces.
func (s setting) unseen() bool {
	text, _ := s.value().(string)
	switch {
	case strings.HasPrefix(text, "ENC[") && strings.HasSuffix(text, "]"), text == values.Unseen:
		return true
	}
	return s.view.file.Kind() != values.Plain && variable.MatchString(text)
}

// variable is what Flux's post-build substitution replaces, or a template.
var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*|\{\{`)

// text is the value if it is a string that can be read.
func (s setting) text() string {
	text, _ := s.value().(string)
	if s.unseen() {
		return ""
	}
	return text
}

// unknown reports whether the file doesn't say, and nobody knows what the chart says.
func (s setting) unknown() bool {
	return !s.own && !s.gone && !s.view.chart && (s.view.merged == nil || s.merged == nil)
}

// inherited reports whether the value is the chart's default.
func (s setting) inherited() bool { return !s.own && s.set() && s.layer.Name == "" }

// written reports whether the value that counts is the file's own. Of a mapping and a list that is asked of what they hold.
func (s setting) written() bool {
	if !s.own || s.node.IsNull() {
		return false
	}
	return s.node.IsMapping() || s.node.IsList() || s.node.Value() == s.merged
}

// from returns the layer that the value comes from; none if it is the chart's.
func (s setting) from() values.Layer {
	if s.listed {
		layer, _ := s.view.file.Setting(s.path)
		return layer
	}
	layer, _ := s.view.file.From(s.merged, s.keys...)
	return layer
}

// outranked reports whether another place than the file gives the value, and wins over what is written here.
func (s setting) outranked() bool {
	return s.layer.Name != "" && (s.layer.Above || s.layer.TargetPath != "")
}

// place is where the value is written, or where it would be.
func (s setting) place() report.Place {
	if s.layer.Place.Line == 0 && s.own && !s.node.IsMapping() && !s.node.IsList() && !s.node.IsNull() {
		return s.at(s.node.Place())
	}
	return s.key()
}

// key is where the key is written, or where it would be.
func (s setting) key() report.Place {
	switch {
	case s.layer.Place.Line > 0:
		return s.at(s.layer.Place)
	case s.own:
		return s.at(s.node.Key())
	case s.near.Path != "":
		return s.at(s.near.Key())
	}
	if root, ok := s.view.file.Root(); ok {
		return s.at(root.Place())
	}
	return s.at(report.Place{File: s.view.file.Name(), Line: 1, Column: 1})
}

// at gives a place this setting's path, on one line.
func (s setting) at(p report.Place) report.Place {
	p.Path = s.path
	if p.EndLine != p.Line {
		p.EndLine, p.EndColumn = 0, 0
	}
	return p
}

var word = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// join writes paths as the package values does.
func join(path, key string) string {
	switch {
	case !word.MatchString(key):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}
