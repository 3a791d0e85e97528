package evaluate

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// conditionsHold follows reference_policies_condition-logic-multiple-context-keys-or-values.html: all
// operators and keys must hold; of several values one is enough, and under a negated operator none may
// fit. An operator that IAM does not have never grants: an Allow with it does not apply, a Deny with it does.
func (e *evaluation) conditionsHold(s document.Statement) Truth {
	all := Yes
	depends := e.depends
	for _, c := range s.Conditions {
		path := "Condition." + c.Operator + "." + c.Key
		holds, on, err := e.holds(c)
		if err != nil {
			e.ignored = append(e.ignored, err.Error())
			holds, on = truth(s.Effect == document.Deny), nil
		}
		switch holds {
		case No:
			e.untrue = append(e.untrue, path)
		case Maybe:
			e.on(path, on...)
		}
		all = min(all, holds)
	}
	if all == No { // whatever the others depend on
		e.depends = depends
	}
	return all
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

// Known reports whether IAM has a condition operator of this name.
func Known(name string) bool {
	set, base, ifExists := OperatorOf(name)
	if base == "Null" { // IfExists and Null exclude each other (…_condition_operators.html#Conditions_IfExists)
		return set == None && !ifExists
	}
	_, known := operators[base]
	return known && (set == None || set == ForAny || set == ForAll)
}

// Negated reports whether an operator holds for the values that are not in the policy.
func Negated(name string) bool {
	_, base, _ := OperatorOf(name)
	return operators[base].negated
}

// holds evaluates one key under one operator; of Maybe it returns the keys that decide.
func (e *evaluation) holds(c document.Condition) (Truth, []string, error) {
	if !Known(c.Operator) {
		return No, nil, fmt.Errorf("condition operator %q is not known", c.Operator)
	}
	set, base, ifExists := OperatorOf(c.Operator)
	if e.unknown(c.Key) {
		// Several values are an OR (…_policies_condition-logic-multiple-context-keys-or-values.html): true and false hold for
		// every request.
		if base == "Null" && null(c.Values, true) == null(c.Values, false) {
			return truth(null(c.Values, true)), nil, nil
		}
		if base == "Null" && e.request.Present != nil && e.request.Present(strings.ToLower(c.Key)) {
			return truth(null(c.Values, true)), nil, nil
		}
		return Maybe, []string{c.Key}, nil
	}
	op, values := operators[base], e.context[strings.ToLower(c.Key)]
	present := len(values) > 0
	if base == "Null" || set != None {
		// "an empty data set (for example, an empty string)", reference_policies_condition-single-vs-multi-valued-context-keys.html;
		// "its value is not null", …_condition_operators.html#Conditions_Null
		present = strings.Join(values, "") != ""
	}
	switch {
	case base == "Null":
		return truth(null(c.Values, present)), nil, nil
	case !present && set == ForAny: // ForAnyValue of nothing is false, whatever follows it
		return No, nil, nil
	case !present && set == ForAll, !present && ifExists: // #Conditions_IfExists; ForAllValues of nothing is true
		return Yes, nil, nil
	case !present: // "the values do not match": true for a negated operator only (the page's "Important")
		return truth(op.negated), nil, nil
	}
	wanted := make([]pattern, 0, len(c.Values))
	var missing []string
	for _, text := range c.Values {
		p, ok := e.compileFor(op, text)
		if !ok { // a value that nothing is equal to or like (reference_policies_variables.html#policy-vars-no-value)
			e.ignored = append(e.ignored, fmt.Sprintf("a variable in %q has no value", text))
			if !op.negated { // "do not match, and the policy statement does not take effect"
				return No, nil, nil
			}
			continue // "do match against a null value"
		}
		wanted, missing = append(wanted, p), append(missing, p.unknown()...)
	}
	result := op.compare(set, values, wanted)
	if len(missing) > 0 && result == Yes && !op.negated { // the variable may turn out to have no value
		result = Maybe
	}
	return result, missing, nil
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
// fits none of the wanted ones (NOR, says the page on several values).
func (op operator) compare(set SetOperator, values []string, wanted []pattern) Truth {
	some, all := No, Yes
	for _, value := range values {
		holds := No
		for _, w := range wanted {
			holds = max(holds, op.fit(w, value))
		}
		if op.negated {
			holds = holds.not()
		}
		some, all = max(some, holds), min(all, holds)
	}
	// Without a set operator a key has one value. Should it have more, all must hold where that is
	// narrower: for a negated operator.
	if set == ForAll || set == None && op.negated {
		return all
	}
	return some
}

// fit compares a value with a pattern, of which a variable may not be known.
func (op operator) fit(w pattern, value string) Truth {
	if len(w.unknown()) == 0 {
		return truth(op.fits(w, value))
	}
	if op.fits == nil || !w.match(value, false) { // the variable stands for any text there
		return No
	}
	return Maybe
}
