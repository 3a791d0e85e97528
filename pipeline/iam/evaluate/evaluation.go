package evaluate

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// evaluation is one request under evaluation, and what was seen of the current statement.
type evaluation struct {
	request       Request
	resourceBased bool
	variables     bool                // the document's version has policy variables
	context       map[string][]string // keys in lower case

	document, statement int
	ignored             []string
	depends             []Dependency
	untrue              []string // paths of conditions that do not hold
}

func newEvaluation(r Request, d document.Document, resourceBased bool) *evaluation {
	e := &evaluation{
		request: r, resourceBased: resourceBased, variables: d.Version == document.Current,
		context: make(map[string][]string, len(r.Context)),
	}
	for key, values := range r.Context {
		e.context[strings.ToLower(key)] = values
	}
	return e
}

func (e *evaluation) begin(doc, statement int) {
	e.document, e.statement = doc, statement
	e.ignored, e.depends, e.untrue = nil, nil, nil
}

func (e *evaluation) applies(s document.Statement, doc, statement int) Truth {
	e.begin(doc, statement)
	if !e.actionFits(s) {
		return No
	}
	principal := e.principalFits(s)
	if principal == No {
		return No
	}
	resource := e.resourceFits(s)
	if resource == No {
		return No
	}
	return min(principal, resource, e.conditionsHold(s))
}

// unknown reports whether nobody said what value a key has.
func (e *evaluation) unknown(key string) bool {
	key = strings.ToLower(key)
	_, given := e.context[key]
	return !given && e.request.Unknown != nil && e.request.Unknown(key)
}

// on notes that the current statement depends on keys.
func (e *evaluation) on(path string, keys ...string) {
	for _, key := range keys {
		e.depends = append(e.depends, Dependency{key, e.document, e.statement, fmt.Sprintf("Statement[%d].%s", e.statement, path)})
	}
}

// actionFits compares without case, as IAM does (reference_policies_elements_action.html).
func (e *evaluation) actionFits(s document.Statement) bool {
	listed := func(actions []string) bool {
		for _, action := range actions {
			if Glob(strings.ToLower(action), strings.ToLower(e.request.Action)) {
				return true
			}
		}
		return false
	}
	if s.NotActions != nil { // reference_policies_elements_notaction.html
		return !listed(s.NotActions)
	}
	return listed(s.Actions)
}

// resourceFits follows reference_policies_elements_resource.html and …_notresource.html. A resource with a
// variable that has no value matches nothing (reference_policies_variables.html#policy-vars-no-value).
func (e *evaluation) resourceFits(s document.Statement) Truth {
	if s.Resources == nil && s.NotResources == nil {
		return truth(e.resourceBased)
	}
	list, name := s.Resources, "Resource"
	if s.NotResources != nil {
		list, name = s.NotResources, "NotResource"
	}
	found, missing := No, []string(nil)
	path := ""
	for i, resource := range list {
		p, ok := e.compile(resource)
		if !ok {
			e.ignored = append(e.ignored, fmt.Sprintf("a variable in %s %q has no value", name, resource))
			continue
		}
		fits := truth(resource == "*" || p.match(e.request.Resource, true))
		if fits == Yes && len(p.unknown()) > 0 {
			fits, missing, path = Maybe, append(missing, p.unknown()...), fmt.Sprintf("%s[%d]", name, i)
		}
		found = max(found, fits)
	}
	if found == Maybe {
		e.on(path, missing...)
	}
	if s.NotResources != nil {
		return found.not()
	}
	return found
}
