package sops

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// step is one value to set or, without a value, one key to take away.
type step struct {
	index string // as sops writes a path: ["hue"]["ociRegistry"]
	value []byte // JSON
}

// compare returns what leads from one text to another, and what the documents of the other hold.
func compare(before, after []byte) ([]step, []any, error) {
	was, other, err := documents(before)
	if err != nil {
		return nil, nil, err
	}
	is, wanted, err := documents(after)
	if err != nil {
		return nil, nil, err
	}
	if !reflect.DeepEqual(other[1:], wanted[1:]) {
		return nil, nil, errors.New("the values are not in its first document, and sops sets values in no other")
	}
	var steps []step
	err = differ(&steps, "", was, is)
	return steps, wanted, err
}

// documents reads a text: the first document, and what all of them hold.
func documents(text []byte) (first *yaml.Node, all []any, err error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		var decoded any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) && first != nil {
			return first, all, nil
		}
		if err == nil {
			err = document.Decode(&decoded)
		}
		if err != nil || len(document.Content) != 1 {
			return nil, nil, errors.New("its text can't be read") // the cause would quote values
		}
		if all = append(all, decoded); first == nil {
			first = document.Content[0]
		}
	}
}

// differ appends what leads from one node to another, both at a path.
func differ(steps *[]step, path string, was, is *yaml.Node) error {
	switch {
	case was.Kind == yaml.MappingNode && is.Kind == yaml.MappingNode && len(is.Content) > 0:
		return differMapping(steps, path, was, is)
	case was.Kind == yaml.SequenceNode && is.Kind == yaml.SequenceNode && len(was.Content) <= len(is.Content):
		for i, item := range is.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			if i >= len(was.Content) {
				if err := set(steps, at, item); err != nil {
					return err
				}
			} else if err := differ(steps, at, was.Content[i], item); err != nil {
				return err
			}
		}
		return nil
	case was.Kind == is.Kind && was.Tag == is.Tag && was.Value == is.Value && len(was.Content) == len(is.Content):
		return nil
	}
	return set(steps, path, is)
}

func differMapping(steps *[]step, path string, was, is *yaml.Node) error {
	for i := 0; i < len(is.Content); i += 2 {
		key, value := is.Content[i].Value, is.Content[i+1]
		at, err := join(path, key)
		if err != nil {
			return err
		}
		if old := lookUp(was, key); old != nil {
			err = differ(steps, at, old, value)
		} else {
			err = set(steps, at, value)
		}
		if err != nil {
			return err
		}
	}
	for i := 0; i < len(was.Content); i += 2 {
		key := was.Content[i].Value
		if lookUp(is, key) != nil {
			continue
		}
		at, err := join(path, key)
		if err != nil {
			return err
		}
		*steps = append(*steps, step{index: at})
	}
	return nil
}

func lookUp(mapping *yaml.Node, key string) *yaml.Node {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// join adds a key to a path. sops cuts a path at each bracket, quoted or not.
func join(path, key string) (string, error) {
	if strings.ContainsAny(key, `[]"`) {
		return "", fmt.Errorf("the path of a key with a bracket or quote can't be given to sops, below %s", path)
	}
	return path + `["` + key + `"]`, nil
}

// set appends the setting of a value. sops takes a list only within a mapping, so its items are set one by one.
func set(steps *[]step, path string, value *yaml.Node) error {
	if value.Kind == yaml.SequenceNode {
		if len(value.Content) == 0 {
			return fmt.Errorf("an empty list can't be written by sops, at %s", path)
		}
		for i, item := range value.Content {
			if err := set(steps, fmt.Sprintf("%s[%d]", path, i), item); err != nil {
				return err
			}
		}
		return nil
	}
	var text bytes.Buffer
	if err := encode(&text, value); err != nil {
		return err
	}
	*steps = append(*steps, step{index: path, value: text.Bytes()})
	return nil
}

// encode writes a node as JSON, keys in their order.
func encode(out *bytes.Buffer, n *yaml.Node) error {
	begin, end := "[", "]"
	switch n.Kind {
	case yaml.MappingNode:
		begin, end = "{", "}"
	case yaml.SequenceNode:
	default:
		var value any
		if err := n.Decode(&value); err != nil {
			return errors.New("a value can't be read")
		}
		text, err := json.Marshal(value)
		out.Write(text)
		return err
	}
	out.WriteString(begin)
	for i, child := range n.Content {
		if i > 0 {
			separator := ","
			if n.Kind == yaml.MappingNode && i%2 == 1 {
				separator = ":"
			}
			out.WriteString(separator)
		}
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			key, err := json.Marshal(child.Value)
			if err != nil {
				return err
			}
			out.Write(key)
			continue
		}
		if err := encode(out, child); err != nil {
			return err
		}
	}
	out.WriteString(end)
	return nil
}
