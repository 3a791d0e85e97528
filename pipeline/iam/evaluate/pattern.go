package evaluate

import (
	"strings"
	"unicode/utf8"
)

// mark is one character of a pattern, or one of its wildcards.
type mark struct {
	char   rune
	any    bool // * : any number of characters
	one    bool // ? : exactly one
	across bool // a * that ends its ARN segment, and so may run over colons
	value  bool // came out of a policy variable: no wildcard, no separator

	unknown string // the variable whose value is not known; it stands for any text
}

type pattern []mark

// compile reads a pattern of the policy: wildcards, and policy variables whose values come from the
// request (reference_policies_variables.html). It fails when a variable has no value: the pattern then fits
// nothing. Before version 2012-10-17 a variable is plain text.
func (e *evaluation) compile(text string) (pattern, bool) {
	var p pattern
	for text != "" {
		if e.variables && strings.HasPrefix(text, "${") {
			if end := strings.IndexByte(text, '}'); end > 0 {
				name, _, _ := strings.Cut(text[2:end], ",")
				if name = strings.TrimSpace(name); e.unknown(name) {
					p = append(p, mark{any: true, across: true, value: true, unknown: name})
					text = text[end+1:]
					continue
				}
				value, ok := e.variable(text[2:end])
				if !ok {
					return nil, false
				}
				for _, char := range value {
					p = append(p, mark{char: char, value: true})
				}
				text = text[end+1:]
				continue
			}
		}
		char, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		p = append(p, mark{
			char: char, any: char == '*', one: char == '?',
			across: char == '*' && (text == "" || text[0] == ':'),
		})
	}
	return p, true
}

// variable returns the value of ${name} or ${name, 'default'}; ${*}, ${?} and ${$} are the characters
// themselves.
func (e *evaluation) variable(name string) (string, bool) {
	switch name {
	case "*", "?", "$":
		return name, true
	}
	name, fallback, hasFallback := strings.Cut(name, ",")
	values := e.context[strings.ToLower(strings.TrimSpace(name))]
	if len(values) == 1 { // a key with several values cannot be a variable
		return values[0], true
	}
	fallback = strings.TrimSpace(fallback)
	if !hasFallback || len(values) > 1 || len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' {
		return "", false
	}
	return fallback[1 : len(fallback)-1], true
}

// match reports whether the whole text fits the pattern. In an ARN a wildcard stays within its segment
// unless it is the segment's last character (reference_policies_elements_resource.html).
func (p pattern) match(text string, arn bool) bool {
	chars := []rune(text)
	reached := make([]bool, len(chars)+1) // reached[i]: the marks so far fit the first i characters
	reached[0] = true
	for _, m := range p {
		for i, before := 0, false; i <= len(chars); i++ {
			was := reached[i]
			colon := arn && i > 0 && chars[i-1] == ':'
			switch {
			case m.any:
				reached[i] = was || i > 0 && reached[i-1] && (m.across || !colon)
			case m.one:
				reached[i] = before && !colon
			default:
				reached[i] = before && chars[i-1] == m.char
			}
			before = was
		}
	}
	return reached[len(chars)]
}

// unknown returns the variables of the pattern whose values are not known.
func (p pattern) unknown() []string {
	var names []string
	for _, m := range p {
		if m.unknown != "" {
			names = append(names, m.unknown)
		}
	}
	return names
}

// plain returns the pattern as text, for operators that know no wildcards.
func (p pattern) plain() string {
	var text strings.Builder
	for _, m := range p {
		text.WriteRune(m.char)
	}
	return text.String()
}

// segments splits the pattern of an ARN at its first five colons; colons out of a variable don't count.
func (p pattern) segments() []pattern {
	var parts []pattern
	start := 0
	for i, m := range p {
		if m.char == ':' && !m.value && len(parts) < 5 {
			parts = append(parts, p[start:i])
			start = i + 1
		}
	}
	return append(parts, p[start:])
}

// Glob matches with * and ? and nothing else, as actions do.
func Glob(p, text string) bool {
	compiled, _ := (&evaluation{}).compile(p)
	return compiled.match(text, false)
}
