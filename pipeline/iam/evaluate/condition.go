package evaluate

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// conditionsHold follows reference_policies_condition-logic-multiple-context-keys-or-values.html: all
// operators and keys must hold; of several values one is enough, and under a negated operator none may
// fit. An operator that is not known never grants: an Allow with it does not apply, a Deny with it does.
func (e *evaluation) conditionsHold(s document.Statement) bool {
	for _, c := range s.Conditions {
		holds, err := e.holds(c)
		if err != nil {
			e.ignored = append(e.ignored, err.Error())
			holds = s.Effect == document.Deny
		}
		if !holds {
			return false
		}
	}
	return true
}

// SetOperator says how several values in the request are taken
// (reference_policies_condition-single-vs-multi-valued-context-keys.html).
type SetOperator string

const (
	None   SetOperator = ""
	ForAny SetOperator = "ForAnyValue"
	ForAll SetOperator = "ForAllValues"
)

// OperatorOf splits an operator's name into its parts.
func OperatorOf(name string) (set SetOperator, base string, ifExists bool) {
	if before, after, ok := strings.Cut(name, ":"); ok {
		set, name = SetOperator(before), after
	}
	base = strings.TrimSuffix(name, "IfExists")
	return set, base, base != name
}

func (e *evaluation) holds(c document.Condition) (bool, error) {
	set, base, ifExists := OperatorOf(c.Operator)
	op, known := operators[base]
	known = known && (set == None || set == ForAny || set == ForAll)
	if base == "Null" {
		known = set == None && !ifExists
	}
	if !known {
		return false, fmt.Errorf("condition operator %q is not known", c.Operator)
	}
	values := e.context[strings.ToLower(c.Key)]
	present := len(values) > 0
	if base == "Null" || set != None { // an empty string is no value to these
		present = strings.Join(values, "") != ""
	}
	switch {
	case base == "Null":
		return null(c.Values, present), nil
	case !present && ifExists, !present && set == ForAll:
		return true, nil
	case !present && set == ForAny:
		return false, nil
	case !present:
		return op.negated, nil
	}
	wanted := make([]pattern, 0, len(c.Values))
	for _, text := range c.Values {
		p, ok := e.compileFor(op, text)
		if !ok {
			e.ignored = append(e.ignored, fmt.Sprintf("a variable in %q has no value", text))
			return false, nil // the statement is invalid
		}
		wanted = append(wanted, p)
	}
	return op.compare(set, values, wanted), nil
}

func (e *evaluation) compileFor(op operator, text string) (pattern, bool) {
	if op.variables {
		return e.compile(text)
	}
	return (&evaluation{}).compile(text)
}

func null(wanted []string, present bool) bool {
	for _, w := range wanted {
		if strings.EqualFold(w, "true") && !present || strings.EqualFold(w, "false") && present {
			return true
		}
	}
	return false
}

// compare applies the operator to every value of the request. A negated operator holds for a value that
// fits none of the wanted ones.
func (op operator) compare(set SetOperator, values []string, wanted []pattern) bool {
	holding := 0
	for _, value := range values {
		fits := false
		for _, w := range wanted {
			fits = fits || op.fits(w, value)
		}
		if fits != op.negated {
			holding++
		}
	}
	// Without a set operator a key has one value. Should it have more, all must hold where that is
	// narrower: for a negated operator.
	if set == ForAll || set == None && op.negated {
		return holding == len(values)
	}
	return holding > 0
}
