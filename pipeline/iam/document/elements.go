package document

import (
	"fmt"
)

// strings reads a string or a list of strings, which must not be empty.
func (p *parser) strings(n *node, path string) ([]string, error) {
	values, err := p.values(n, path, isString)
	if err == nil && len(values) == 0 {
		err = wrong(n.place, "%s is empty", path)
	}
	return values, err
}

// values reads a scalar or a list of scalars of the kinds given.
func (p *parser) values(n *node, path string, kinds ...kind) ([]string, error) {
	p.mark(path, n.place)
	items := []*node{n}
	if n.kind == isArray {
		items = n.items
	}
	values := make([]string, 0, len(items))
	for i, item := range items {
		ok := false
		for _, k := range kinds {
			ok = ok || item.kind == k
		}
		if !ok {
			return nil, wrong(item.place, "%s must hold %s, not %s", path, kinds[0], item.kind)
		}
		p.mark(fmt.Sprintf("%s[%d]", path, i), item.place)
		values = append(values, item.text)
	}
	return values, nil
}

func (p *parser) principals(n *node, path string) (*Principals, error) {
	if n == nil {
		return nil, nil
	}
	p.mark(path, n.place)
	if n.kind == isString {
		if n.text != "*" {
			return nil, wrong(n.place, "%s must be \"*\" or an object with AWS, Federated or Service, not %q", path, n.text)
		}
		return &Principals{Everyone: true}, nil
	}
	if _, err := p.object(n, path, principalTypes); err != nil {
		return nil, err
	}
	if len(n.members) == 0 {
		return nil, wrong(n.place, "%s is empty", path)
	}
	var who Principals
	lists := map[string]*[]string{
		"AWS": &who.AWS, "Federated": &who.Federated, "Service": &who.Service, "CanonicalUser": &who.Canonical,
	}
	for _, m := range n.members {
		values, err := p.strings(m.value, path+"."+m.name)
		if err != nil {
			return nil, err
		}
		*lists[m.name] = values
	}
	return &who, nil
}

// conditions reads the condition block. An unknown operator is kept: it never grants, and the evaluation
// reports it.
func (p *parser) conditions(n *node, path string) ([]Condition, error) {
	p.mark(path, n.place)
	if _, err := p.object(n, path, nil); err != nil {
		return nil, err
	}
	var conditions []Condition
	for _, operator := range n.members {
		at := path + "." + operator.name
		p.mark(at, operator.place)
		if _, err := p.object(operator.value, at, nil); err != nil {
			return nil, err
		}
		for _, key := range operator.value.members {
			values, err := p.values(key.value, at+"."+key.name, isString, isNumber, isBool)
			if err != nil {
				return nil, err
			}
			p.mark(at+"."+key.name, key.place)
			conditions = append(conditions, Condition{operator.name, key.name, values})
		}
	}
	return conditions, nil
}
