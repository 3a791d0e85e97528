package iam

import (
	"bytes"
	"encoding/json"
)

// JSON is the document as one writes it: two spaces, the elements in the order of the grammar, a list of
// one as a plain string, and a final newline.
func (d Document) JSON() []byte {
	return d.ordered().indented()
}

func (o object) indented() []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	// Nothing in it fails to encode: it is strings only.
	_ = encoder.Encode(o)
	return out.Bytes()
}

// Compact is the document on one line without spaces, as IAM counts its size.
func (d Document) Compact() []byte {
	var out bytes.Buffer
	_ = json.Compact(&out, d.JSON())
	return out.Bytes()
}

// MarshalJSON makes a Document inside another value come out as a policy.
func (d Document) MarshalJSON() ([]byte, error) { return d.Compact(), nil }

// UnmarshalJSON is ParseDocument.
func (d *Document) UnmarshalJSON(data []byte) (err error) {
	*d, err = ParseDocument(data)
	return err
}

// pair and object keep the order that a Go map would lose.
type pair struct {
	name  string
	value any
}

type object []pair

func (o object) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	out.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := encoder.Encode(p.name); err != nil {
			return nil, err
		}
		out.WriteByte(':')
		if err := encoder.Encode(p.value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

func (o object) with(name string, value any, when bool) object {
	if !when {
		return o
	}
	return append(o, pair{name, value})
}

func oneOrMany(values []string) any {
	if len(values) == 1 {
		return values[0]
	}
	return values
}

func (d Document) ordered() object {
	statements := make([]object, 0, len(d.Statements))
	for _, s := range d.Statements {
		statements = append(statements, s.ordered())
	}
	return object{}.
		with("Version", d.Version, d.Version != "").
		with("Id", d.ID, d.ID != "").
		with("Statement", statements, true)
}

func (s Statement) ordered() object {
	return object{}.
		with("Sid", s.Sid, s.Sid != "").
		with("Effect", s.Effect, true).
		with("Principal", s.Principal.ordered(), s.Principal != nil).
		with("NotPrincipal", s.NotPrincipal.ordered(), s.NotPrincipal != nil).
		with("Action", oneOrMany(s.Actions), s.Actions != nil).
		with("NotAction", oneOrMany(s.NotActions), s.NotActions != nil).
		with("Resource", oneOrMany(s.Resources), s.Resources != nil).
		with("NotResource", oneOrMany(s.NotResources), s.NotResources != nil).
		with("Condition", s.conditions(), len(s.Conditions) > 0)
}

func (w *Principals) ordered() any {
	switch {
	case w == nil:
		return nil
	case w.Everyone:
		return "*"
	}
	return object{}.
		with("AWS", oneOrMany(w.AWS), w.AWS != nil).
		with("Federated", oneOrMany(w.Federated), w.Federated != nil).
		with("Service", oneOrMany(w.Service), w.Service != nil).
		with("CanonicalUser", oneOrMany(w.Canonical), w.Canonical != nil)
}

// conditions groups the keys under their operators, both in the order in which they were first met.
func (s Statement) conditions() object {
	var operators object
	index := map[string]int{}
	for _, c := range s.Conditions {
		at, known := index[c.Operator]
		if !known {
			at = len(operators)
			index[c.Operator] = at
			operators = append(operators, pair{c.Operator, object{}})
		}
		operators[at].value = append(operators[at].value.(object), pair{c.Key, oneOrMany(c.Values)})
	}
	return operators
}
