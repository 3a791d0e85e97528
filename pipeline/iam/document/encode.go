package document

import (
	"bytes"
	"encoding/json"
)

// JSON is the document as one writes it: two spaces, the elements in the order of the grammar, a list of
// one as a plain string, and a final newline.
func (d Document) JSON() []byte {
	var out bytes.Buffer
	_ = json.Indent(&out, d.Compact(), "", "  ") // what was encoded is JSON
	out.WriteByte('\n')
	return out.Bytes()
}

// Compact is the document on one line without spaces, as IAM counts its size.
func (d Document) Compact() []byte {
	policy := policyJSON{Version: d.Version, ID: d.ID, Statement: make([]statementJSON, 0, len(d.Statements))}
	for _, s := range d.Statements {
		policy.Statement = append(policy.Statement, s.json())
	}
	return encode(policy)
}

// MarshalJSON makes a Document inside another value come out as a policy.
func (d Document) MarshalJSON() ([]byte, error) { return d.Compact(), nil }

// UnmarshalJSON is Parse without a file.
func (d *Document) UnmarshalJSON(data []byte) (err error) {
	*d, err = Parse("", data)
	return err
}

// encode writes strings as a person would, without escapes for HTML. Nothing in a policy fails to encode:
// it is strings only.
func encode(value any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

type policyJSON struct {
	Version   string `json:",omitempty"`
	ID        string `json:"Id,omitempty"`
	Statement []statementJSON
}

type statementJSON struct {
	Sid          string `json:",omitempty"`
	Effect       Effect
	Principal    *Principals    `json:",omitempty"`
	NotPrincipal *Principals    `json:",omitempty"`
	Action       oneOrMany      `json:",omitempty"`
	NotAction    oneOrMany      `json:",omitempty"`
	Resource     oneOrMany      `json:",omitempty"`
	NotResource  oneOrMany      `json:",omitempty"`
	Condition    conditionBlock `json:",omitempty"`
}

func (s Statement) json() statementJSON {
	return statementJSON{
		s.Sid, s.Effect, s.Principal, s.NotPrincipal, s.Actions, s.NotActions, s.Resources, s.NotResources, s.Conditions,
	}
}

// MarshalJSON writes "*" for everyone.
func (w *Principals) MarshalJSON() ([]byte, error) {
	if w.Everyone {
		return []byte(`"*"`), nil
	}
	return encode(struct {
		AWS           oneOrMany `json:",omitempty"`
		Federated     oneOrMany `json:",omitempty"`
		Service       oneOrMany `json:",omitempty"`
		CanonicalUser oneOrMany `json:",omitempty"`
	}{w.AWS, w.Federated, w.Service, w.Canonical}), nil
}

// oneOrMany writes a list of one as a plain string.
type oneOrMany []string

func (l oneOrMany) MarshalJSON() ([]byte, error) {
	switch len(l) {
	case 0:
		return []byte("[]"), nil
	case 1:
		return encode(l[0]), nil
	}
	return encode([]string(l)), nil
}

// conditionBlock groups the keys under their operators, both in the order in which they were first met,
// which a Go map would lose.
type conditionBlock []Condition

func (b conditionBlock) MarshalJSON() ([]byte, error) {
	var operators []string
	keys := map[string][]byte{}
	for _, c := range b {
		members, known := keys[c.Operator]
		if !known {
			operators = append(operators, c.Operator)
		} else {
			members = append(members, ',')
		}
		members = append(append(members, encode(c.Key)...), ':')
		keys[c.Operator] = append(members, encode(oneOrMany(c.Values))...)
	}
	var out bytes.Buffer
	for _, operator := range operators {
		out.WriteByte(map[bool]byte{true: '{', false: ','}[out.Len() == 0])
		out.Write(encode(operator))
		out.WriteString(":{" + string(keys[operator]) + "}")
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
