// Package intake reads what people have at hand of a role's policies: the documents themselves, and what
// the aws command prints (get-role, get-role-policy, get-policy-version, list-attached-role-policies,
// list-role-policies, ecr get-repository-policy).
package intake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
)

// Kind is what a file turned out to be.
type Kind string

const (
	Bare       Kind = "a policy document"
	Policy     Kind = "the output of get-role-policy"
	Version    Kind = "the output of get-policy-version"
	Trust      Kind = "the output of get-role"
	Repository Kind = "the output of get-repository-policy"
	Names      Kind = "a list of policies"
)

// File is what one file has.
type File struct {
	Kind     Kind
	Document document.Document // zero for Names
	Policy   string            // get-role-policy: the policy's name
	Role     string            // ARN, of get-role
	Tags     map[string]string // of the role
	Outdated string            // get-policy-version: the version, when it is not the one in force
	Lacks    []Lack            // policies that the file names without their documents
}

// Lack is a policy of which only the name is known.
type Lack struct {
	Name     string
	Attached bool   // a managed policy
	Boundary bool   // the role's permissions boundary
	Command  string // that prints the document
}

// raw is the union of the outputs; AWS's names, of which no two collide.
type raw struct {
	Statement json.RawMessage
	Role      *struct {
		Arn                      string
		AssumeRolePolicyDocument json.RawMessage
		PermissionsBoundary      *struct{ PermissionsBoundaryArn string }
		Tags                     []struct{ Key, Value string }
	}
	RoleName, PolicyName string
	PolicyDocument       json.RawMessage
	PolicyVersion        *struct {
		Document         json.RawMessage
		VersionID        string `json:"VersionId"`
		IsDefaultVersion *bool
	}
	Policy *struct {
		Arn, DefaultVersionID string
	}
	AttachedPolicies []struct{ PolicyName, PolicyArn string }
	PolicyNames      []string
	PolicyText       json.RawMessage `json:"policyText"`
}

// Read reads a file; "-" is standard input. Errors are *fault.Error, Usage.
func Read(path string, stdin io.Reader) (File, error) {
	data, err := document.Load(path, stdin)
	if err != nil {
		return File{}, err
	}
	return Parse(path, data)
}

// Parse reads the content of a file.
func Parse(path string, data []byte) (File, error) {
	trimmed := bytes.TrimSpace(data)
	switch {
	case bytes.HasPrefix(trimmed, []byte(`"`)) && json.Valid(trimmed): // as --query policyText prints it
		d, err := inside(path, data, trimmed)
		return File{Kind: Bare, Document: d}, err
	case bytes.HasPrefix(trimmed, []byte("---")) || yamlKey.Match(trimmed):
		return File{}, fault.New(fault.Usage, "give it as JSON: aws … --output json", "reading policy document %q: it is YAML, not JSON", path)
	}
	var r raw
	if err := json.Unmarshal(data, &r); err != nil || r.Statement != nil {
		return bare(path, data) // whose errors name the place
	}
	switch {
	case r.Role != nil && r.Role.AssumeRolePolicyDocument != nil:
		return r.role(path, data)
	case r.PolicyDocument != nil:
		d, err := inside(path, data, r.PolicyDocument)
		return File{Kind: Policy, Document: d, Policy: r.PolicyName}, err
	case r.PolicyVersion != nil && r.PolicyVersion.Document != nil:
		f := File{Kind: Version}
		if current := r.PolicyVersion.IsDefaultVersion; current != nil && !*current {
			f.Outdated = r.PolicyVersion.VersionID
		}
		var err error
		f.Document, err = inside(path, data, r.PolicyVersion.Document)
		return f, err
	case r.PolicyText != nil:
		d, err := inside(path, data, r.PolicyText)
		return File{Kind: Repository, Document: d}, err
	case r.Policy != nil && r.Policy.Arn != "":
		return File{Kind: Names, Lacks: []Lack{attached(r.Policy.Arn)}}, nil
	case r.AttachedPolicies != nil || r.PolicyNames != nil:
		return r.names(), nil
	}
	if command := others(data); command != "" {
		return File{}, fault.New(fault.Usage, "give the role's own documents: aws iam get-role, get-role-policy for each of list-role-policies, get-policy-version for each of list-attached-role-policies",
			"reading policy document %q: it is the output of %s, not a policy of one role", path, command)
	}
	return bare(path, data)
}

// elements are by which the outputs are known that hold no policy, or those of many.
var elements = map[string]string{
	"RoleDetailList": "get-account-authorization-details", "Roles": "list-roles", "Versions": "list-policy-versions", "Policies": "list-policies",
	"EvaluationResults": "simulate-principal-policy", "associations": "list-pod-identity-associations", "association": "describe-pod-identity-association",
}

// others returns the command that printed an output of another kind, or "".
func others(data []byte) string {
	var keys map[string]json.RawMessage
	if json.Unmarshal(data, &keys) != nil {
		return ""
	}
	for element, command := range elements {
		if _, is := keys[element]; is && (element != "Policies" || keys["RoleDetailList"] == nil) {
			return command
		}
	}
	return ""
}

// yamlKey is how the output of the aws command begins in YAML.
var yamlKey = regexp.MustCompile(`^[A-Za-z]+:(\s|$)`)

func bare(path string, data []byte) (File, error) {
	d, err := document.Parse(path, data)
	return File{Kind: Bare, Document: d}, err
}

func (r raw) role(path string, data []byte) (File, error) {
	f := File{Kind: Trust, Role: r.Role.Arn, Tags: map[string]string{}}
	for _, tag := range r.Role.Tags {
		f.Tags[tag.Key] = tag.Value
	}
	if boundary := r.Role.PermissionsBoundary; boundary != nil && boundary.PermissionsBoundaryArn != "" {
		lack := attached(boundary.PermissionsBoundaryArn)
		lack.Boundary = true
		f.Lacks = append(f.Lacks, lack)
	}
	var err error
	f.Document, err = inside(path, data, r.Role.AssumeRolePolicyDocument)
	return f, err
}

func (r raw) names() File {
	f := File{Kind: Names}
	for _, one := range r.AttachedPolicies {
		f.Lacks = append(f.Lacks, attached(one.PolicyArn))
	}
	for _, name := range r.PolicyNames {
		f.Lacks = append(f.Lacks, Lack{Name: name, Command: "aws iam get-role-policy --role-name <role> --policy-name " + name})
	}
	return f
}

func attached(arn string) Lack {
	return Lack{Name: arn, Attached: true, Command: fmt.Sprintf(
		"aws iam get-policy-version --policy-arn %s --version-id $(aws iam get-policy --policy-arn %s --query Policy.DefaultVersionId --output text)", arn, arn)}
}

// inside parses a document in a larger file. The aws command prints it as an object; the API, and ECR, have
// it as a string, which IAM encodes as part of a URL (RFC 3986).
func inside(path string, data []byte, part json.RawMessage) (document.Document, error) {
	start := bytes.Index(data, part)
	if start < 0 { // it was taken out of data
		start = 0
	}
	end := start + len(part)
	var text string
	if json.Unmarshal(part, &text) != nil {
		return document.ParseInside(path, data, start, end)
	}
	if strings.HasPrefix(text, "%7B") || strings.HasPrefix(text, "%7b") {
		decoded, err := url.PathUnescape(text)
		if err != nil {
			return document.Document{}, fault.New(fault.Usage, "give the output of the aws command as it is", "decoding the policy document in %q: %w", path, err)
		}
		text = decoded
	}
	return document.ParseText(path, data, start, end, text)
}
