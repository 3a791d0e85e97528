// Package evaluate decides what AWS would by policy documents ("Policy evaluation logic",
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html). Where the value
// of a condition key is not known, the answer is neither allowed nor denied: it depends, and on what is said.
package evaluate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// Request is what someone wants to do.
type Request struct {
	Principal Caller              // who; looked at in resource-based policies only, an identity-based policy is attached to its principal
	Action    string              // for example ecr:BatchGetImage
	Resource  string              // ARN, or "*" for an action without resource-level permissions
	Context   map[string][]string // condition keys; their names are not case-sensitive
	// Unknown reports whether a key that Context lacks may be in the request all the same, with any value; nil
	// is that Context has every key. The key is in lower case.
	Unknown func(key string) bool
	// Present reports whether an unknown key is in the request for certain, whatever its value; nil is that none is.
	Present func(key string) bool
}

// Verdict of an evaluation.
type Verdict string

const (
	Allowed      Verdict = "allowed"
	ExplicitDeny Verdict = "explicit deny" // a Deny statement matches: it wins over every Allow
	ImplicitDeny Verdict = "implicit deny" // no statement allows it
	Depends      Verdict = "depends"       // on keys whose values are not known
)

// Dependency is a condition, or a variable in a Resource, that nobody can decide without the key's value.
type Dependency struct {
	Key                 string
	Document, Statement int // indexes
	Path                string
}

// Decision is the verdict with the statement that brought it about.
type Decision struct {
	Verdict   Verdict
	Document  int          // index of the document, -1 when no statement decides
	Statement int          // index of the statement in it, -1 when no statement decides
	Sid       string       // its Sid, if it has one
	Depends   []Dependency // for the verdict Depends
	Ignored   []string     // what could not be evaluated and so granted nothing, for example an unknown operator
}

// Allowed reports whether the request may go on for certain.
func (d Decision) Allowed() bool { return d.Verdict == Allowed }

// On returns the keys that the verdict depends on, each once.
func (d Decision) On() []string { return keys(d.Depends) }

func keys(dependencies []Dependency) []string {
	var all []string
	for _, one := range dependencies {
		if !slices.ContainsFunc(all, func(key string) bool { return strings.EqualFold(key, one.Key) }) {
			all = append(all, one.Key)
		}
	}
	return all
}

func (d Decision) String() string {
	text := string(d.Verdict)
	switch {
	case d.Verdict == Depends:
		text += " on " + strings.Join(d.On(), ", ")
	case d.Statement >= 0:
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
	none := Decision{Verdict: ImplicitDeny, Document: -1, Statement: -1}
	allow, ignored := none, []string(nil)
	var denies []Dependency
	for i, doc := range docs {
		e := newEvaluation(r, doc, resourceBased)
		for j, s := range doc.Statements {
			applies := e.applies(s, i, j)
			for _, what := range e.ignored {
				ignored = append(ignored, fmt.Sprintf("%s: %s", s.Label(j), what))
			}
			by := Decision{Document: i, Statement: j, Sid: s.Sid, Ignored: ignored}
			switch {
			case applies == No:
			case s.Effect == document.Deny && applies == Yes:
				by.Verdict = ExplicitDeny
				return by
			case s.Effect == document.Deny:
				denies = append(denies, e.depends...)
			case applies == Yes && allow.Verdict != Allowed:
				by.Verdict = Allowed
				allow = by
			case applies == Maybe && allow.Verdict != Allowed:
				by.Verdict, by.Depends = Depends, append(allow.Depends, e.depends...)
				allow = by
			}
		}
	}
	allow.Ignored = ignored
	if allow.Verdict != ImplicitDeny && len(denies) > 0 { // what nobody allows is denied with or without the Deny
		allow.Verdict, allow.Depends = Depends, append(allow.Depends, denies...)
	}
	if allow.Verdict == Depends {
		allow.Document, allow.Statement = allow.Depends[0].Document, allow.Depends[0].Statement
		allow.Sid = docs[allow.Document].Statements[allow.Statement].Sid
	}
	return allow
}

// Fit reports which parts of a statement fit a request.
type Fit struct {
	Action              bool
	Resource, Condition Truth
	False               []string     // the paths of conditions that do not hold, below the statement
	Depends             []Dependency // on what Maybe depends
	Ignored             []string     // what could not be evaluated
}

// Look reports how statement j of a document fits a request, whoever makes it.
func Look(d document.Document, j int, r Request) Fit {
	s := d.Statements[j]
	e := newEvaluation(r, d, s.Principal != nil || s.NotPrincipal != nil)
	e.begin(0, j)
	f := Fit{Action: e.actionFits(s), Resource: e.resourceFits(s), Condition: e.conditionsHold(s)}
	f.False, f.Depends, f.Ignored = e.untrue, e.depends, e.ignored
	return f
}
