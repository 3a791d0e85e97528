package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// maxDocument is far above the longest policy that IAM stores (10,240 characters without white space,
// reference_iam-quotas.html): a longer file is not a policy.
const maxDocument = 256 << 10

type kind int

const (
	isNull kind = iota
	isBool
	isNumber
	isString
	isArray
	isObject
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// node is a JSON value that knows its place: encoding/json forgets places, keeps the last of two equal
// keys, and cannot tell where a value began.
type node struct {
	kind    kind
	text    string // of a scalar
	items   []*node
	members []member
	place   report.Place
}

type member struct {
	name  string
	place report.Place // of the name
	value *node
}

// readJSON reads exactly one JSON value. It accepts what encoding/json accepts (the fuzz test holds that).
func readJSON(data []byte) (*node, error) {
	lines := newLines(data)
	switch {
	case len(data) > maxDocument:
		return nil, fmt.Errorf("%d bytes are too much for a policy (IAM stores at most 10240 characters)", len(data))
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return nil, errors.New("line 1, column 1: the file begins with a byte order mark")
	case !utf8.Valid(data):
		return nil, fmt.Errorf("%s: not UTF-8", lines.position(invalidAt(data)))
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			at := max(int(syntax.Offset)-1, 0)
			if int(syntax.Offset) == len(data) && strings.HasPrefix(err.Error(), "unexpected end") {
				at = len(bytes.TrimRight(data, " \t\r\n")) // behind the last character
			}
			return nil, fmt.Errorf("%s: %w", lines.position(at), err)
		}
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	r := &jsonReader{decoder: decoder, data: data, lines: lines}
	return r.value(r.next())
}

type jsonReader struct {
	decoder *json.Decoder
	data    []byte
	lines   *lines
}

// token is a JSON token with where it begins and ends.
type token struct {
	value      json.Token
	start, end position
	err        error
}

func (r *jsonReader) next() token {
	start := int(r.decoder.InputOffset())
	for start < len(r.data) && bytes.IndexByte([]byte(" \t\r\n,:"), r.data[start]) >= 0 {
		start++
	}
	begin := r.lines.position(start) // in the order of the file, which position is quick for
	value, err := r.decoder.Token()
	return token{value, begin, r.lines.position(int(r.decoder.InputOffset())), err}
}

func (r *jsonReader) value(t token) (*node, error) {
	if t.err != nil {
		return nil, fmt.Errorf("%s: %w", t.start, t.err)
	}
	n := &node{}
	switch v := t.value.(type) {
	case nil:
		n.kind = isNull
	case bool:
		n.kind, n.text = isBool, fmt.Sprint(v)
	case json.Number:
		n.kind, n.text = isNumber, v.String()
	case string:
		n.kind, n.text = isString, v
	case json.Delim:
		n.kind = isArray
		if v == '{' {
			n.kind = isObject
		}
		end, err := r.children(n)
		if err != nil {
			return nil, err
		}
		t.end = end
	}
	n.place = report.Place{Line: t.start.line, Column: t.start.column, EndLine: t.end.line, EndColumn: t.end.column}
	return n, nil
}

// children reads what stands between a bracket and its fellow, whose end it returns.
func (r *jsonReader) children(n *node) (position, error) {
	for {
		t := r.next()
		if delim, ok := t.value.(json.Delim); ok && (delim == ']' || delim == '}') {
			return t.end, nil
		}
		if n.kind == isArray {
			item, err := r.value(t)
			if err != nil {
				return position{}, err
			}
			n.items = append(n.items, item)
			continue
		}
		name, err := r.value(t)
		if err != nil {
			return position{}, err
		}
		value, err := r.value(r.next())
		if err != nil {
			return position{}, err
		}
		n.members = append(n.members, member{name.text, name.place, value})
	}
}

func invalidAt(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return len(data)
}
