package iam

import (
	"fmt"
	"strings"
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

// Allowed tells whether the request may go on.
func (d Decision) Allowed() bool { return d.Verdict == Allowed }

func (d Decision) String() string {
	text := string(d.Verdict)
	if d.Statement >= 0 {
		text += " by " + Statement{Sid: d.Sid}.label(d.Statement)
	}
	if len(d.Ignored) > 0 {
		text += " (ignored: " + strings.Join(d.Ignored, "; ") + ")"
	}
	return text
}

// Evaluate decides by identity-based policies, all of one principal: an explicit deny in any wins over an
// allow in any, and what no statement allows is denied (reference_policies_evaluation-logic.html).
// A statement with a Principal grants nothing here, since IAM takes no such identity-based policy.
// Boundaries, session policies and service control policies are not known here: what they take away must
// be asked of AWS.
func Evaluate(docs []Document, r Request) Decision { return evaluate(docs, r, false) }

// Evaluate is Evaluate of this document alone.
func (d Document) Evaluate(r Request) Decision { return evaluate([]Document{d}, r, false) }

// EvaluateTrust decides by a trust policy (or another resource-based policy, such as that of an ECR
// repository): r.Principal must fit the statement's Principal, and a statement needs no Resource. A
// statement without a Principal grants nothing.
func (d Document) EvaluateTrust(r Request) Decision { return evaluate([]Document{d}, r, true) }

func evaluate(docs []Document, r Request, resourceBased bool) Decision {
	decision := Decision{Verdict: ImplicitDeny, Document: -1, Statement: -1}
	for i, doc := range docs {
		e := newEvaluation(r, doc, resourceBased)
		for j, s := range doc.Statements {
			e.ignored = nil
			applies := e.applies(s)
			for _, what := range e.ignored {
				decision.Ignored = append(decision.Ignored, fmt.Sprintf("%s: %s", s.label(j), what))
			}
			if applies && (s.Effect == Deny || decision.Verdict == ImplicitDeny) {
				decision.Document, decision.Statement, decision.Sid = i, j, s.Sid
				decision.Verdict = Allowed
				if s.Effect == Deny {
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

func newEvaluation(r Request, d Document, resourceBased bool) *evaluation {
	e := &evaluation{
		request: r, resourceBased: resourceBased, variables: d.Version == Current,
		context: make(map[string][]string, len(r.Context)),
	}
	for key, values := range r.Context {
		e.context[strings.ToLower(key)] = values
	}
	return e
}

func (e *evaluation) applies(s Statement) bool {
	return e.principalFits(s) && e.actionFits(s) && e.resourceFits(s) && e.conditionsHold(s)
}

// actionFits compares without case, as IAM does (reference_policies_elements_action.html).
func (e *evaluation) actionFits(s Statement) bool {
	listed := func(actions []string) bool {
		for _, action := range actions {
			if glob(strings.ToLower(action), strings.ToLower(e.request.Action)) {
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

func (e *evaluation) resourceFits(s Statement) bool {
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
