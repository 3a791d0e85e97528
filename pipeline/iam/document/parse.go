package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// Parse reads a policy document as strictly as IAM does: an unknown element, an element given twice, one
// that is missing or excludes another is an error (a *fault.Error, Usage) with its line and column.
// Wherever the grammar has a list, a single value will do. The name is that of the file, for messages.
func Parse(name string, data []byte) (Document, error) {
	p := &parser{doc: Document{file: name, places: map[string]report.Place{}}}
	root, err := readJSON(data)
	if err == nil {
		p.doc.lines = newLines(data)
		err = p.document(root)
	}
	if err != nil {
		what := "policy document"
		if name != "" {
			what = fmt.Sprintf("policy document %q", name)
		}
		return Document{}, fault.New(fault.Usage,
			"correct the policy document; the grammar is at https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
			"parsing %s: %w", what, err)
	}
	return p.doc, nil
}

type parser struct{ doc Document }

func (p *parser) mark(path string, place report.Place) {
	place.File, place.Path = p.doc.file, path
	p.doc.places[path] = place
}

func wrong(place report.Place, format string, args ...any) error {
	return fmt.Errorf("line %d, column %d: %s", place.Line, place.Column, fmt.Sprintf(format, args...))
}

var documentElements = []string{"Version", "Id", "Statement"}

func (p *parser) document(root *node) error {
	p.mark("", root.place)
	elements, err := p.object(root, "the policy document", documentElements)
	if err != nil {
		return err
	}
	if v, ok := elements["Version"]; ok {
		if v.kind != isString || v.text != Current && v.text != Legacy {
			return wrong(v.place, "Version must be %q or %q, not %s", Current, Legacy, quoted(v))
		}
		p.doc.Version = v.text
		p.mark("Version", v.place)
	}
	if id, ok := elements["Id"]; ok {
		if id.kind != isString {
			return wrong(id.place, "Id must be a string, not %s", id.kind)
		}
		p.doc.ID = id.text
		p.mark("Id", id.place)
	}
	list, ok := elements["Statement"]
	if !ok {
		return wrong(root.place, "the policy document has no Statement")
	}
	p.mark("Statement", list.place)
	statements := []*node{list}
	if list.kind == isArray {
		statements = list.items
	}
	if len(statements) == 0 {
		return wrong(list.place, "Statement is empty")
	}
	for i, n := range statements {
		s, err := p.statement(n, fmt.Sprintf("Statement[%d]", i))
		if err != nil {
			return err
		}
		p.doc.Statements = append(p.doc.Statements, s)
	}
	return nil
}

// object returns the members of n by name, after every name was found to be known and single.
func (p *parser) object(n *node, what string, known []string) (map[string]*node, error) {
	if n.kind != isObject {
		return nil, wrong(n.place, "%s must be an object, not %s", what, n.kind)
	}
	elements := make(map[string]*node, len(n.members))
	for _, m := range n.members {
		if known != nil && !slices.Contains(known, m.name) {
			for _, k := range known {
				if strings.EqualFold(m.name, k) || strings.EqualFold(m.name, k+"s") {
					return nil, wrong(m.place, "%s has an unknown element %q (it is spelled %q)", what, m.name, k)
				}
			}
			return nil, wrong(m.place, "%s has an unknown element %q (it knows %s)", what, m.name, strings.Join(known, ", "))
		}
		if _, twice := elements[m.name]; twice {
			return nil, wrong(m.place, "%s has %q twice", what, m.name)
		}
		elements[m.name] = m.value
	}
	return elements, nil
}

func quoted(n *node) string {
	if n.kind == isString {
		return fmt.Sprintf("%q", n.text)
	}
	return n.kind.String()
}
