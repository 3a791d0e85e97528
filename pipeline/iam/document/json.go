package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"

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

// node is a JSON value with its place in the file.
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

// readJSON reads exactly one JSON value. encoding/json decides what JSON is; hujson, which keeps places and
// members that occur twice, would also take comments and trailing commas.
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
				at = len(bytes.TrimRight(data, " \t\r\n")) // after the last character
			}
			return nil, fmt.Errorf("%s: %w", lines.position(at), err)
		}
		return nil, err
	}
	value, err := hujson.Parse(data)
	if err != nil {
		return nil, err
	}
	return lines.node(value), nil
}

// node converts a value and all in it, in the order of the file, for which position is fast.
func (l *lines) node(v hujson.Value) *node {
	n := &node{}
	start := l.position(v.StartOffset)
	switch value := v.Value.(type) {
	case *hujson.Object:
		n.kind = isObject
		for _, m := range value.Members {
			name := l.node(m.Name)
			n.members = append(n.members, member{name.text, name.place, l.node(m.Value)})
		}
	case *hujson.Array:
		n.kind = isArray
		for _, item := range value.Elements {
			n.items = append(n.items, l.node(item))
		}
	case hujson.Literal:
		n.kind, n.text = scalar(value)
	}
	end := l.position(v.EndOffset)
	n.place = report.Place{Line: start.line, Column: start.column, EndLine: end.line, EndColumn: end.column}
	return n
}

func scalar(value hujson.Literal) (kind, string) {
	switch value.Kind() {
	case '"':
		return isString, value.String()
	case '0':
		return isNumber, string(value)
	case 't', 'f':
		return isBool, string(value)
	}
	return isNull, ""
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
