package values

import (
	"sigs.k8s.io/yaml"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/values/syntax"
)

// Values decodes the values as Helm does (aliases and merges resolved, YAML 1.1 words such as yes are
// booleans, numbers are float64), without what is merged with them (Merged). Each call makes a new map.
func (f *File) Values() map[string]any {
	document, err := f.decode()
	if err != nil {
		return map[string]any{}
	}
	values, _ := plainValue(f.valuesIn(document)).(map[string]any)
	if values == nil {
		return map[string]any{}
	}
	return values
}

// decodeDocument decodes a document with the library that Helm uses, whatever this package thinks of it.
func (t *fileText) decodeDocument(d *syntax.Document) (map[string]any, error) {
	if d == nil || d.Root == nil {
		return nil, nil
	}
	var decoded map[string]any
	if err := yaml.Unmarshal([]byte(t.stream.Source[d.Start:d.End]), &decoded); err != nil {
		// The cause would quote values.
		return nil, fault.New(fault.Usage, "correct the YAML", "parsing %q: Helm can't decode it", t.name)
	}
	return decoded, nil
}

// value decodes one node as Helm does.
func value(n *syntax.Node) any {
	n = n.Resolved()
	switch n.Kind {
	case syntax.Scalar:
		return scalar(n)
	case syntax.Sequence:
		list := make([]any, 0, len(n.Children))
		for _, item := range n.Children {
			list = append(list, value(item))
		}
		return list
	}
	decoded := make(map[string]any, len(n.Children)/2)
	into(decoded, n)
	return decoded
}

// into adds a mapping's keys to decoded, merges in their order.
func into(decoded map[string]any, n *syntax.Node) {
	n = n.Resolved()
	if n.Kind == syntax.Sequence {
		for i := len(n.Children) - 1; i >= 0; i-- {
			into(decoded, n.Children[i])
		}
		return
	}
	for i := 0; i+1 < len(n.Children); i += 2 {
		if n.Children[i].IsMerge() {
			into(decoded, n.Children[i+1])
			continue
		}
		decoded[keyText(n.Children[i])] = value(n.Children[i+1])
	}
}

// keyText is a key as Helm sees it: YAML 1.1 makes the plain key n "false".
func keyText(key *syntax.Node) string {
	if text, ok := scalar(key).(string); ok && text == key.Value {
		return text
	}
	var decoded map[string]any
	if err := yaml.Unmarshal([]byte(key.Value+": "), &decoded); err == nil {
		for text := range decoded {
			return text
		}
	}
	return key.Value
}

// scalar decodes a scalar: text unless it is plain and looks like something else.
func scalar(n *syntax.Node) any {
	if n.Style != syntax.Plain || n.Tag() == "!!str" {
		return n.Value
	}
	switch c := first(n.Value); {
	case n.IsNull():
		return nil
	case c >= '0' && c <= '9', c == '+', c == '-', c == '.':
		// A number, perhaps: as the library has it.
	default:
		switch n.Value {
		case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
			return true
		case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
			return false
		}
		return n.Value
	}
	if number, ok := decimal(n.Value); ok {
		return number
	}
	var decoded any
	if err := yaml.Unmarshal([]byte(n.Value), &decoded); err != nil {
		return n.Value
	}
	switch decoded.(type) {
	case float64, string:
		return decoded
	}
	return n.Value
}

// decimal reads the numbers that nearly all are, such as ports and sizes, without the library.
func decimal(text string) (float64, bool) {
	if len(text) > 15 || text[0] == '0' && text != "0" {
		return 0, false
	}
	var number float64
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = number*10 + float64(c-'0')
	}
	return number, true
}

func first(text string) byte {
	if text == "" {
		return 0
	}
	return text[0]
}
