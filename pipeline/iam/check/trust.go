package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// trustCheck collects the findings about one trust policy.
type trustCheck struct {
	doc      document.Document
	expected iam.Trust
	facts    Facts
	writer   string // the command that writes another
	unproven func(reason string)
	findings []report.Finding
	wrong    map[int]bool // statements that are wrong by themselves, which explains why they let nobody in
}

func (c *trustCheck) add(statement int, path string, severity report.Severity, remedy, format string, args ...any) {
	if statement >= 0 {
		path = fmt.Sprintf("Statement[%d]%s", statement, path)
	}
	c.findings = append(c.findings, finding(c.doc, path, RuleTrust, severity, remedy, fmt.Sprintf(format, args...)))
}

// trust checks the trust policy in the expected mode.
func (c Check) trust(d document.Document) ([]report.Finding, error) {
	t := &trustCheck{doc: d, expected: c.Expected, facts: c.Facts, writer: c.writer(), unproven: c.unproven, wrong: map[int]bool{}}
	if t.expected.Mode == target.IRSA || t.expected.Mode == "" {
		t.expected.Issuers = slices.Clone(t.expected.Issuers)
		if len(t.expected.Issuers) == 0 {
			t.expected.Issuers = issuersOf(d)
		}
		for i, issuer := range t.expected.Issuers {
			id, err := iam.IssuerID(issuer)
			if err != nil {
				return nil, err
			}
			t.expected.Issuers[i] = id
		}
	}
	for i, s := range d.Statements {
		before := len(t.findings)
		t.statement(i, s)
		for _, f := range t.findings[before:] {
			t.wrong[i] = t.wrong[i] || f.Severity == report.Error
		}
	}
	switch t.expected.Mode {
	case target.PodIdentity:
		t.podIdentity()
	case target.InstanceProfile:
		t.instanceProfile()
	default:
		t.irsa()
	}
	if size := len(d.Compact()); size > iam.MaxTrust {
		t.add(-1, "Statement", report.Warning, "ask AWS for a higher quota, use a role for each cluster, or use EKS Pod Identity, which needs no statement for each cluster",
			"the trust policy has %d characters; IAM takes %d unless the account's quota was raised", size, iam.MaxTrust)
	}
	return t.findings, nil
}

// statement finds what is wrong with a statement by itself.
func (c *trustCheck) statement(i int, s document.Statement) {
	if s.Effect != document.Allow {
		return
	}
	switch {
	case s.NotPrincipal != nil:
		c.add(i, ".NotPrincipal", report.Error, c.command(), "NotPrincipal with Allow lets everybody else take the role")
	case s.Principal == nil:
		c.add(i, "", report.Error, c.command(), "the statement has no Principal: this is not a trust policy")
	case s.Principal.Everyone || slices.Contains(s.Principal.AWS, "*"):
		c.add(i, ".Principal", report.Error, c.command(), "Principal \"*\" lets every AWS account in the world take the role")
	case c.others(s) != "":
		c.add(i, "", report.Warning, removeIt+", unless they need the role too", "it lets %s take the role, who need not", c.others(s))
	case len(s.Principal.Federated) > 0:
		c.federated(i, s)
	}
	if len(s.Resources)+len(s.NotResources) > 0 {
		c.add(i, ".Resource", report.Error, removeIt+": the document is attached to its role", "IAM refuses a Resource in a trust policy")
	}
}

// others says whom a statement is about, if not about pods: users of a SAML provider, those who an OIDC provider for
// something else than Kubernetes vouches for, other accounts.
func (c *trustCheck) others(s document.Statement) string {
	var found []string
	for _, arn := range s.Principal.AWS {
		if account := accountOf(arn); account != "" && c.expected.Role.Account != "" && account != c.expected.Role.Account {
			found = append(found, arn)
		}
	}
	if len(found) < len(s.Principal.AWS) || len(s.Principal.Service) > 0 {
		return "" // of the role's own account, or services
	}
	foreign := subjectsOfOthers(s)
	for _, arn := range s.Principal.Federated {
		switch {
		case strings.Contains(arn, ":saml-provider/"):
			found = append(found, "users of "+arn)
		case len(foreign) == 0:
			return ""
		}
	}
	return strings.Join(append(found, foreign...), ", ")
}

// accountOf is the account in an ARN, or the ID itself.
func accountOf(principal string) string {
	if parts := strings.SplitN(principal, ":", 6); len(parts) == 6 {
		return parts[4]
	}
	if len(principal) == 12 && strings.Trim(principal, "0123456789") == "" {
		return principal
	}
	return ""
}

// subjectsOfOthers are the subjects that a statement names when none of them is or may be a service account.
func subjectsOfOthers(s document.Statement) []string {
	var subjects []string
	for _, cond := range s.Conditions {
		if !strings.HasSuffix(strings.ToLower(cond.Key), ":sub") || evaluate.Negated(cond.Operator) {
			continue
		}
		for _, value := range cond.Values {
			if strings.HasPrefix(value, "system:") || strings.HasPrefix(value, "*") || value == iam.Audience || strings.ContainsAny(value, "<>$") || !strings.Contains(value, ":") {
				return nil
			}
			subjects = append(subjects, value)
		}
	}
	return subjects
}

// issuersOf takes the issuers that the trust policy itself names.
func issuersOf(d document.Document) []string {
	var ids []string
	for _, s := range d.Statements {
		if s.Principal == nil || len(subjectsOfOthers(s)) > 0 {
			continue
		}
		for _, arn := range s.Principal.Federated {
			_, id, ok := strings.Cut(arn, ":oidc-provider/")
			if _, err := iam.IssuerID(id); ok && err == nil && !strings.HasPrefix(id, "https://") && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
