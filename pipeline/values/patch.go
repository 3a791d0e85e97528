package values

import (
	"encoding/json"
	"reflect"
	"slices"

	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// action is what is to become of one key.
type action uint8

const (
	set        action = iota // have this value
	keep                     // have this value only if there is none
	remove                   // be gone
	removeText               // be gone, unless it is an empty text
	null                     // be null, so that the chart's default doesn't come back
	within                   // be a mapping in which a patch applies
	forEach                  // be a list, in each item of which a patch applies
	nothing                  // stay: the change is made elsewhere, at the anchor
)

// entry is what one key is to have.
type entry struct {
	key   string
	do    action
	value any      // set, keep: bool, string, or for a key that is added whole: fields, []any, map[string]any
	patch *patch   // within, forEach
	only  []string // forEach: names of the items that it is about; nil is all
}

// of returns what an item of a list is to have, by its name.
func (e entry) of(name any) *patch {
	if text, ok := name.(string); e.only != nil && !(ok && slices.Contains(e.only, text)) {
		return &patch{}
	}
	return e.patch
}

// ofNode is of for an item as it is written.
func (e entry) ofNode(item *syntax.Node) *patch {
	if _, value, _ := find(item.Resolved(), mural.Name); value != nil {
		return e.of(scalar(value.Resolved()))
	}
	return e.of(nil)
}

// patch is what a mapping is to have; keys that it doesn't name stay as they are. The order is the one in
// which a person would write the keys.
type patch struct {
	entries []entry
	atEnd   bool // a key that is added goes to the mapping's end if none before it is there
}

// field is one key of an ordered mapping that is to be written.
type field struct {
	key   string
	value any
}

// fields is a mapping that is to be written in its order.
type fields []field

// adds reports whether the patch makes keys where nothing is. Only removing doesn't.
func (p *patch) adds() bool {
	for _, e := range p.entries {
		if e.adds() {
			return true
		}
	}
	return false
}

func (e entry) adds() bool {
	switch e.do {
	case remove, removeText:
		return false
	case within:
		return e.patch.adds()
	case forEach:
		return e.value != nil
	}
	return true
}

// content is what a key holds when it is added.
func (e entry) content() any {
	switch e.do {
	case within:
		return e.patch.content()
	case null:
		return nil
	}
	return e.value
}

func (p *patch) content() fields {
	var all fields
	for _, e := range p.entries {
		if e.adds() {
			all = append(all, field{e.key, e.content()})
		}
	}
	return all
}

// same reports whether two entries want the same of their key.
func (e entry) same(other entry) bool {
	return e.key == other.key && e.do == other.do && e.patch == other.patch && reflect.DeepEqual(e.value, other.value)
}

// apply does to decoded values what Render does to their text: the independent half of the self check. It
// changes and returns its argument.
func (p *patch) apply(values map[string]any) map[string]any {
	if values == nil {
		values = map[string]any{}
	}
	for _, e := range p.entries {
		old, there := values[e.key]
		switch e.do {
		case set:
			values[e.key] = plainValue(e.value)
		case keep:
			if old == nil {
				values[e.key] = plainValue(e.value)
			}
		case remove, removeText:
			if old != nil && !(e.do == removeText && old == "") {
				delete(values, e.key)
			}
		case null:
			values[e.key] = nil
		case within:
			inner, isMap := old.(map[string]any)
			if !isMap && !e.adds() {
				continue
			}
			had := len(inner)
			if inner = e.patch.apply(inner); len(inner) == 0 && had > 0 {
				delete(values, e.key)
			} else {
				values[e.key] = inner
			}
		case forEach:
			list, isList := old.([]any)
			switch {
			case !there && e.value != nil:
				values[e.key] = plainValue(e.value)
			case isList:
				for i := range list {
					inner, _ := list[i].(map[string]any)
					list[i] = e.of(inner[mural.Name]).apply(inner)
				}
			}
		}
	}
	return values
}

// allowNull takes a null for a removed key where a shared mapping made it so.
func (p *patch) allowNull(wanted, is map[string]any) {
	for _, e := range p.entries {
		value, there := is[e.key]
		switch _, expected := wanted[e.key]; {
		case (e.do == remove || e.do == removeText) && there && value == nil && !expected:
			wanted[e.key] = nil
		case e.do == within:
			inner, _ := wanted[e.key].(map[string]any)
			now, _ := value.(map[string]any)
			if inner != nil && now != nil {
				e.patch.allowNull(inner, now)
			}
		case e.do == forEach:
			list, _ := wanted[e.key].([]any)
			now, _ := value.([]any)
			for i := range min(len(list), len(now)) {
				inner, _ := list[i].(map[string]any)
				other, _ := now[i].(map[string]any)
				if inner != nil && other != nil {
					e.patch.allowNull(inner, other)
				}
			}
		}
	}
}

// plainValue makes of fields what they decode to.
func plainValue(v any) any {
	switch v := v.(type) {
	case fields:
		plain := make(map[string]any, len(v))
		for _, f := range v {
			plain[f.key] = plainValue(f.value)
		}
		return plain
	case []any:
		plain := make([]any, 0, len(v))
		for _, item := range v {
			plain = append(plain, plainValue(item))
		}
		return plain
	case map[string]any:
		plain := make(map[string]any, len(v))
		for key, value := range v {
			plain[key] = plainValue(value)
		}
		return plain
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case json.Number:
		if number, err := v.Float64(); err == nil {
			return number
		}
	}
	return v
}
