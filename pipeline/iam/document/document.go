// Package document holds the AWS IAM policy language: a policy as a value, parsed as strictly as IAM does
// with the place of every element, and written as people write it.
//
// The language is that of "Grammar of the IAM JSON policy language"
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html); what a statement
// means is in the "IAM JSON policy element reference" beside it.
package document

import (
	"fmt"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// The two versions of the policy language. Policy variables mean something in Current only; a document
// without a version is Legacy (reference_policies_elements_version.html).
const (
	Current = "2012-10-17"
	Legacy  = "2008-10-17"
)

// Document is one policy: identity-based (attached to a role or user), or the trust policy of a role.
type Document struct {
	Version    string // Current, Legacy, or "" which means Legacy
	ID         string // in resource-based policies only
	Statements []Statement

	places map[string]report.Place // by path, as in "Statement[0].Action[1]"; nil when not parsed
	file   string
	lines  *lines
}

// Effect of a statement.
type Effect string

const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement is one permission or prohibition. Exactly one of Actions and NotActions is set, at most one of
// Resources and NotResources (none in a trust policy), and at most one of Principal and NotPrincipal
// (none in an identity-based policy).
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    *Principals
	NotPrincipal *Principals
	Actions      []string
	NotActions   []string
	Resources    []string
	NotResources []string
	Conditions   []Condition
}

// Principals is what a Principal or NotPrincipal element names.
type Principals struct {
	Everyone  bool     // "Principal": "*"
	AWS       []string // accounts, users, roles, role sessions; ARNs, account IDs or "*"
	Federated []string // for web identities the ARN of the IAM OIDC provider
	Service   []string // for example ec2.amazonaws.com
	Canonical []string // CanonicalUser, in S3 only; never matches here
}

// Condition is one key under one operator: `"StringEquals": {"aws:username": ["a", "b"]}` is one Condition
// with two values. All conditions of a statement must hold.
type Condition struct {
	Operator string // with its set operator and suffix, as in ForAnyValue:StringLikeIfExists
	Key      string
	Values   []string
}

// File is the name that the document was parsed under, or "".
func (d Document) File() string { return d.file }

// Place returns where in its file an element stands, by its path: "Statement[1].Resource[0]",
// "Statement[0].Condition.StringEquals". For a path that the file does not have (a missing element) it is
// the place of the nearest element around it. Of a document that was not parsed only Path is known.
func (d Document) Place(path string) report.Place {
	for near := path; near != ""; near = parent(near) {
		if place, ok := d.places[near]; ok {
			place.Path = path
			return place
		}
	}
	place := d.places[""]
	place.File, place.Path = d.file, path
	return place
}

// Line returns the source line of a place, or "" when the document was not parsed.
func (d Document) Line(place report.Place) string {
	if d.lines == nil || place.Line == 0 {
		return ""
	}
	return d.lines.text(place.Line)
}

// parent is the path of the element around path. Condition keys hold dots and slashes, so that the dot
// before a key is looked for behind the operator only.
func parent(path string) string {
	if at := strings.Index(path, ".Condition."); at >= 0 {
		rest := path[at+len(".Condition."):]
		if dot := strings.Index(rest, "."); dot >= 0 {
			key := rest[dot+1:]
			if bracket := strings.LastIndex(key, "["); bracket >= 0 && strings.HasSuffix(key, "]") {
				return path[:len(path)-len(key)+bracket]
			}
			return path[:len(path)-len(key)-1]
		}
		return path[:at+len(".Condition")]
	}
	if at := strings.LastIndexAny(path, ".["); at >= 0 {
		return path[:at]
	}
	return ""
}

// Label names the statement for messages, by its Sid or by its number.
func (s Statement) Label(index int) string {
	if s.Sid != "" {
		return fmt.Sprintf("statement %q", s.Sid)
	}
	return fmt.Sprintf("statement %d", index+1)
}
