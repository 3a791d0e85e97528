package check_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// inOneAccount judges a repository's policy beside a role's own one, which only logs in or, whole, is the guide's.
func inOneAccount(t *testing.T, whole bool, statement string) []report.Finding {
	t.Helper()
	o, err := iam.For(cutover(iamtest.PrivateEndpoint, "arn:aws:iam::123456789012:role/palette-ecr"), "")
	require.NoError(t, err)
	own := iamtest.Statement(t, `'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'`)
	if whole {
		own, err = document.Parse("guide.json", iamtest.Guide(t, "private"))
		require.NoError(t, err)
	}
	c := check.Of(o, iam.Combined, []document.Document{own}, nil)
	policy := iamtest.Statement(t, statement)
	c.Repository = &policy
	findings, err := c.Findings()
	require.NoError(t, err)
	return findings
}

func messages(findings []report.Finding) (all []string) {
	for _, f := range findings {
		if f.Severity == report.Error {
			all = append(all, f.Message+" → "+f.Remedy)
		}
	}
	return all
}

// TestRepositoryPolicyInOneAccount: an account as principal hands the decision on to the role's own policies
// (reference_policies_elements_principal.html, "AWS account principals"); the role itself is granted by its name.
func TestRepositoryPolicyInOneAccount(t *testing.T) {
	t.Parallel()
	for principal, granted := range map[string]bool{
		"arn:aws:iam::123456789012:role/palette-ecr": true,
		"arn:aws:iam::123456789012:root":             false,
		"123456789012":                               false,
	} {
		found := messages(inOneAccount(t, false, `'Effect': 'Allow', 'Principal': {'AWS': '`+principal+`'}, 'Action': 'ecr:*'`))
		assert.Equal(t, granted, len(found) == 0, "%s: %v", principal, found)
	}
}

// TestDenyWithNotPrincipal: the remedy, followed literally, ends in a clean check
// (reference_policies_elements_notprincipal.html: use aws:PrincipalArn instead).
func TestDenyWithNotPrincipal(t *testing.T) {
	t.Parallel()
	found := messages(inOneAccount(t, true, `'Effect': 'Deny', 'NotPrincipal': {'AWS': ['arn:aws:iam::123456789012:role/palette-ecr', 'arn:aws:iam::123456789012:root']}, 'Action': 'ecr:*'`))
	require.Len(t, found, 1, "once, not once for each action")
	assert.Contains(t, found[0], `write "Principal": "*" and "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/palette-ecr"}}`)
	assert.Empty(t, messages(inOneAccount(t, true, `'Effect': 'Deny', 'Principal': '*', 'Action': 'ecr:*', 'Condition': {'ArnNotEquals': {'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/palette-ecr'}}`)))
}
