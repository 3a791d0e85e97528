// Package evaluate decides what AWS would by policy documents ("Policy evaluation logic",
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
package evaluate

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// Request is what someone wants to do.
type Request struct {
	Principal Caller              // who; looked at in trust policies only, an identity-based policy is attached to its principal
	Action    string              // for example ecr:BatchGetImage
	Resource  string              // ARN, or "*" for an action without resource-level permissions
	Context   map[string][]string // condition keys; their names are not case-sensitive
}

// Verdict of an evaluation.
type Verdict string

const (
	Allowed      Verdict = "allowed"
	ExplicitDeny Verdict = "explicit deny" // a Deny statement matches: it wins over every Allow
	ImplicitDeny Verdict = "implicit deny" // no statement matches
)

// Decision is the verdict with the statement that brought it about.
type Decision struct {
	Verdict   Verdict
	Document  int      // index of the document, -1 for an implicit deny
	Statement int      // index of the statement in it, -1 for an implicit deny
	Sid       string   // its Sid, if it has one
	Ignored   []string // what could not be evaluated and so granted nothing, for example an unknown operator
}

// Allowed reports whether the request may go on.
func (d Decision) Allowed() bool { return d.Verdict == Allowed }

func (d Decision) String() string {
	text := string(d.Verdict)
	if d.Statement >= 0 {
		text += " by " + document.Statement{Sid: d.Sid}.Label(d.Statement)
	}
	if len(d.Ignored) > 0 {
		text += " (ignored: " + strings.Join(d.Ignored, "; ") + ")"
	}
	return text
}

// Identity decides by identity-based policies, all of one principal: an explicit deny in any wins over an
// allow in any, and what no statement allows is denied (reference_policies_evaluation-logic.html).
// A statement with a Principal grants nothing here, since IAM takes no such identity-based policy.
// Boundaries, session policies and service control policies are not known here: what they take away must
// be asked of AWS.
func Identity(docs []document.Document, r Request) Decision { return evaluate(docs, r, false) }

// Resource decides by a trust policy (or another resource-based policy, such as that of an ECR
// repository): r.Principal must fit the statement's Principal, and a statement needs no Resource. A
// statement without a Principal grants nothing.
func Resource(d document.Document, r Request) Decision {
	return evaluate([]document.Document{d}, r, true)
}

func evaluate(docs []document.Document, r Request, resourceBased bool) Decision {
	decision := Decision{Verdict: ImplicitDeny, Document: -1, Statement: -1}
	for i, doc := range docs {
		e := newEvaluation(r, doc, resourceBased)
		for j, s := range doc.Statements {
			e.ignored = nil
			applies := e.applies(s)
			for _, what := range e.ignored {
				decision.Ignored = append(decision.Ignored, fmt.Sprintf("%s: %s", s.Label(j), what))
			}
			if applies && (s.Effect == document.Deny || decision.Verdict == ImplicitDeny) {
				decision.Document, decision.Statement, decision.Sid = i, j, s.Sid
				decision.Verdict = Allowed
				if s.Effect == document.Deny {
					decision.Verdict = ExplicitDeny
					return decision
				}
			}
		}
	}
	return decision
}

// evaluation is one request under evaluation.
type evaluation struct {
	request       Request
	resourceBased bool
	variables     bool                // the document's version knows policy variables
	context       map[string][]string // keys in lower case
	ignored       []string
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

func (e *evaluation) applies(s document.Statement) bool {
	return e.principalFits(s) && e.actionFits(s) && e.resourceFits(s) && e.conditionsHold(s)
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
	if s.NotActions != nil {
		return !listed(s.NotActions)
	}
	return listed(s.Actions)
}

func (e *evaluation) resourceFits(s document.Statement) bool {
	if s.Resources == nil && s.NotResources == nil {
		return e.resourceBased
	}
	list := s.Resources
	if s.NotResources != nil {
		list = s.NotResources
	}
	found := false
	for _, resource := range list {
		p, ok := e.compile(resource)
		if !ok {
			e.ignored = append(e.ignored, fmt.Sprintf("a variable in Resource %q has no value", resource))
			return false
		}
		found = found || resource == "*" || p.match(e.request.Resource, true)
	}
	return found == (s.NotResources == nil)
}

// Fit reports which parts of a statement fit a request.
type Fit struct {
	Action, Resource, Condition bool
	Ignored                     []string // what could not be evaluated
}

// Look reports how a statement of a document fits a request.
func Look(d document.Document, s document.Statement, r Request) Fit {
	e := newEvaluation(r, d, s.Principal != nil || s.NotPrincipal != nil)
	f := Fit{Action: e.actionFits(s), Resource: e.resourceFits(s), Condition: e.conditionsHold(s)}
	f.Ignored = e.ignored
	return f
}

// Known reports whether IAM has a condition operator of this name.
func Known(operator string) bool {
	_, base, _ := OperatorOf(operator)
	_, known := operators[base]
	return known
}
