package values

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// writer writes new YAML in the habits of a file.
type writer struct {
	habits
	keys syntax.Style // of keys
	out  strings.Builder
}

// block writes key and value as lines, indented by column, each with its line break.
func (w *writer) block(column int, key string, value any) {
	w.indent(column)
	w.out.WriteString(w.key(key))
	w.out.WriteByte(':')
	w.under(column, value)
}

// under writes a value behind its key's colon and the line break.
func (w *writer) under(column int, value any) {
	switch v := normal(value).(type) {
	case fields:
		if len(v) > 0 {
			w.out.WriteString(w.eol)
			for _, f := range v {
				w.block(column+w.step, f.key, f.value)
			}
			return
		}
	case []any:
		if len(v) > 0 {
			w.out.WriteString(w.eol)
			for _, item := range v {
				w.item(column+w.dash, item)
			}
			return
		}
	}
	w.out.WriteByte(' ')
	w.flow(value, "")
	w.out.WriteString(w.eol)
}

// item writes one item of a list.
func (w *writer) item(column int, value any) {
	w.indent(column)
	w.out.WriteByte('-')
	v, ok := normal(value).(fields)
	if !ok || len(v) == 0 {
		w.under(column, value)
		return
	}
	w.out.WriteByte(' ')
	for i, f := range v {
		if i > 0 {
			w.indent(column + 2)
		}
		w.out.WriteString(w.key(f.key))
		w.out.WriteByte(':')
		w.under(column+2, f.value)
	}
}

// flow writes a value in braces and brackets. With a line prefix, each key of a mapping gets a line of its
// own, indented by step more than the prefix.
func (w *writer) flow(value any, prefix string) {
	switch v := normal(value).(type) {
	case fields:
		if len(v) == 0 {
			w.out.WriteString("{}")
			return
		}
		w.out.WriteByte('{')
		inner := prefix
		if prefix != "" {
			inner += strings.Repeat(" ", w.step)
		}
		for i, f := range v {
			switch {
			case i > 0 && prefix == "":
				w.out.WriteString(", ")
			case i > 0:
				w.out.WriteByte(',')
			}
			w.out.WriteString(inner)
			w.out.WriteString(w.key(f.key) + ": ")
			w.flow(f.value, inner)
		}
		w.out.WriteString(prefix + "}")
	case []any:
		w.out.WriteByte('[')
		for i, item := range v {
			if i > 0 {
				w.out.WriteString(", ")
			}
			w.flow(item, prefix)
		}
		w.out.WriteByte(']')
	default:
		w.out.WriteString(scalarText(v, w.quote))
	}
}

func (w *writer) indent(column int) {
	for range column {
		w.out.WriteByte(' ')
	}
}

func (w *writer) key(key string) string { return quote(key, w.keys) }

// normal makes fields of any mapping, in the order of the keys' names.
func normal(value any) any {
	m, ok := value.(map[string]any)
	if !ok {
		return value
	}
	var all fields
	for key, v := range m {
		all = append(all, field{key, v})
	}
	sort.Slice(all, func(i, j int) bool { return all[i].key < all[j].key })
	return all
}

// scalarText writes a single value; text in the given style if it can be.
func scalarText(value any, style syntax.Style) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return quote(v, style)
	case raw:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	case float64:
		if v == float64(int64(v)) {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return fmt.Sprint(value) // integers and json.Number
}

// printable matches text that may stand in single quotes on one line.
var printable = regexp.MustCompile(`^[\x20-\x7e\x{a0}-\x{d7ff}\x{e000}-\x{fefe}\x{ff00}-\x{fffd}]*$`)

// quote writes text in a style, or in the next one that can hold it.
func quote(text string, style syntax.Style) string {
	switch {
	case style == syntax.Plain && isBare(text):
		return text
	case style != syntax.DoubleQuoted && printable.MatchString(text) && !strings.ContainsAny(text, "\u2028\u2029"):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r >= 0xfffe && r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}

// isBare reports whether text may stand without quotes in any context and reads as that text. It is narrow:
// letters, digits and what addresses are made of, no ':' at an end.
func isBare(text string) bool {
	if text == "" || strings.HasPrefix(text, "...") || strings.HasSuffix(text, ":") || strings.IndexByte(":@+=-", text[0]) >= 0 {
		return false
	}
	for i := range len(text) {
		if c := text[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_./@+=:-", c) >= 0) {
			return false
		}
	}
	decoded, ok := scalar(&syntax.Node{Value: text}).(string)
	return ok && decoded == text
}
