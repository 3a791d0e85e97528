package check_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// seen writes findings as tables have them: severity rule path: message.
func seen(t testing.TB, findings []report.Finding) []string {
	t.Helper()
	var out []string
	for _, f := range findings {
		assert.NotEmpty(t, f.Title)
		assert.NotEmpty(t, f.Remedy, f.Message)
		assert.NotZero(t, f.Place.Line, "%s: where?", f.Message)
		assert.NotEmpty(t, f.Snippet)
		if f.Place.EndLine == f.Place.Line { // what the place underlines is a whole element
			underlined := string([]rune(f.Snippet)[f.Place.Column-1 : f.Place.EndColumn-1])
			assert.True(t, json.Valid([]byte(underlined)), "%s underlines %s", f.Message, underlined)
		}
		out = append(out, fmt.Sprintf("%s %s %s: %s", f.Severity, f.Rule, f.Place.Path, f.Message))
	}
	return out
}

// TestOwnPoliciesPass: what Policy and Document write, Check has nothing to say about.
func TestOwnPoliciesPass(t *testing.T) {
	for name, order := range iamtest.Orders(t) {
		grants, err := write.For(order)
		require.NoError(t, err)
		for _, g := range grants {
			t.Run(name+"/"+string(g.Principal), func(t *testing.T) {
				check := check.Check{
					Wanted: order.Wanted, Principal: g.Principal, Policies: []document.Document{reparse(t, g.Policy)},
					Expected: iam.Trust{Mode: order.Mode, Role: g.Role, Issuers: order.Issuers, Clusters: order.Clusters,
						Accounts: iam.ServiceAccounts(g.Principal, order.Namespace, order.FluxNamespace)},
				}
				if g.Repository != nil {
					repository := reparse(t, *g.Repository)
					check.Repository = &repository
				}
				if g.Trust != nil {
					trust := reparse(t, *g.Trust)
					check.Trust = &trust
				}
				findings, err := check.Findings()
				require.NoError(t, err)
				for _, f := range seen(t, findings) {
					assert.Contains(t, f, "info L14", "only that the workloads' role may not look, as it should not")
				}
			})
		}
	}
}

func reparse(t testing.TB, d document.Document) document.Document {
	t.Helper()
	again, err := document.Parse("own.json", d.JSON())
	require.NoError(t, err)
	return again
}

func TestCheckOfTheGuidesPolicies(t *testing.T) {
	for _, registry := range []string{"private", "public"} {
		t.Run(registry, func(t *testing.T) {
			w := iamtest.Wanted(t, map[string]string{"private": iamtest.PrivateEndpoint, "public": iamtest.PublicEndpoint}[registry])
			d, err := document.Parse("guide.json", iamtest.Guide(t, registry))
			require.NoError(t, err)
			findings, err := check.Check{Wanted: w, Principal: iam.Combined, Policies: []document.Document{d}}.Findings()
			require.NoError(t, err)
			service := map[string]string{"private": "ecr", "public": "ecr-public"}[registry]
			assert.Equal(t, []string{"info L14 Statement: the role may not " + service + ":DescribeImages, as it should not: looking at ECR takes another identity"}, seen(t, findings))
		})
	}
	t.Run("with semver references", func(t *testing.T) {
		w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
		w.Semver = true
		d, err := document.Parse("guide.json", iamtest.Guide(t, "private"))
		require.NoError(t, err)
		findings, err := check.Check{Wanted: w, Principal: iam.Combined, Policies: []document.Document{d}}.Findings()
		require.NoError(t, err)
		assert.Equal(t, "warning L13 Statement: ecr:ListImages is not granted; with it combined lists tags, for an OCIRepository with spec.ref.semver", seen(t, findings)[0])
	})
}

func TestCheckPolicies(t *testing.T) {
	const (
		pull    = `'Effect': 'Allow', 'Action': ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']`
		all     = "ecr:BatchCheckLayerAvailability, ecr:BatchGetImage, ecr:GetDownloadUrlForLayer"
		here    = `'Resource': '` + iamtest.Repository + `'`
		token   = `{'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'}`
		cannot  = "source-controller cannot "
		publics = `'Effect': 'Allow', 'Action': ['ecr-public:CompleteLayerUpload', 'ecr-public:UploadLayerPart', 'ecr-public:InitiateLayerUpload', 'ecr-public:BatchCheckLayerAvailability', 'ecr-public:PutImage']`
		tokens  = `{'Effect': 'Allow', 'Action': ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken'], 'Resource': '*'}`
	)
	policy := func(statements ...string) string {
		return "{'Version': '2012-10-17', 'Statement': [\n" + strings.Join(statements, ",\n") + "]}"
	}
	with := func(resource string) string { return policy("{"+pull+", 'Resource': '"+resource+"'}", token) }
	tests := map[string]struct {
		endpoint  string // private where empty
		principal iam.Principal
		policy    string
		want      []string
	}{
		"right":                          {policy: policy("{"+pull+", "+here+"}", token)},
		"right, under a known condition": {policy: policy("{"+pull+", "+here+", 'Condition': {'Bool': {'aws:SecureTransport': 'true'}, 'StringEquals': {'aws:RequestedRegion': 'us-east-1'}}}", token)},
		"a node's other rights":          {policy: policy("{"+pull+", "+here+"}", token, `{'Effect': 'Allow', 'Action': ['ec2:Describe*', 'eks:*'], 'Resource': '*'}`)},
		"one action missing": {policy: policy("{'Effect': 'Allow', 'Action': ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage'], "+here+"}", token),
			want: []string{"error L13 Statement: ecr:GetDownloadUrlForLayer is not granted; with it source-controller downloads layers"}},
		"AmazonEC2ContainerRegistryPullOnly": {policy: policy("{'Effect': 'Allow', 'Action': ['ecr:GetAuthorizationToken', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchImportUpstreamImage'], 'Resource': '*'}"),
			want: []string{
				"info L13 Statement: ecr:BatchCheckLayerAvailability is not granted; with it source-controller asks whether a layer is there",
				"warning L13 Statement[0].Action[3]: source-controller does not need ecr:BatchImportUpstreamImage",
				"warning L13 Statement[0].Resource[0]: the statement holds for every repository of the account, not for palette/mural-workloads alone"}},
		"region": {policy: with("arn:aws:ecr:us-west-2:123456789012:repository/palette/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr:us-west-2:123456789012:repository/palette/mural-workloads" is in region us-west-2, not us-east-1`}},
		"account and name": {policy: with("arn:aws:ecr:us-east-1:210987654321:repository/other"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr:us-east-1:210987654321:repository/other" is in account 210987654321, not 123456789012, and names the repository other, not palette/mural-workloads`}},
		"namespace": {policy: with("arn:aws:ecr:us-east-1:123456789012:repository/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr:us-east-1:123456789012:repository/mural-workloads" lacks the namespace palette before the name`}},
		"namespace only": {policy: with("arn:aws:ecr:us-east-1:123456789012:repository/palette"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr:us-east-1:123456789012:repository/palette" names the namespace only, not the repository palette/mural-workloads`}},
		"no repository/": {policy: with("arn:aws:ecr:us-east-1:123456789012:palette/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr:us-east-1:123456789012:palette/mural-workloads" lacks "repository/" before the name (repository/palette/mural-workloads)`}},
		"partition": {policy: with("arn:aws-cn:ecr:us-east-1:123456789012:repository/palette/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws-cn:ecr:us-east-1:123456789012:repository/palette/mural-workloads" is in partition aws-cn, not aws`}},
		"address": {policy: with("123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads" is not an ARN`}},
		"placeholder": {policy: with("arn:aws:ecr:<region>:123456789012:repository/palette/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr:<region>:123456789012:repository/palette/mural-workloads" still holds a placeholder`}},
		"token on the repository": {policy: policy("{'Effect': 'Allow', 'Action': ['ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], " + here + "}"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + `ecr:GetAuthorizationToken: Resource "` + iamtest.Repository + `" is one resource, but GetAuthorizationToken knows no resources: it must be granted on "*"`}},
		"all on star": {policy: policy("{'Effect': 'Allow', 'Action': ['ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], 'Resource': '*'}"),
			want: []string{"warning L13 Statement[0].Resource[0]: the statement holds for every repository of the account, not for palette/mural-workloads alone"}},
		"wildcards": {policy: policy(`{'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1:123456789012:repository/palette/*'}`, token),
			want: []string{
				`warning L13 Statement[0].Action[0]: "ecr:*" is a wildcard: it grants ecr:DeleteRepository, ecr:BatchDeleteImage, ecr:SetRepositoryPolicy and more`,
				`warning L13 Statement[0].Resource[0]: "arn:aws:ecr:us-east-1:123456789012:repository/palette/*" holds for other repositories than palette/mural-workloads too`}},
		"administrator": {policy: policy(`{'Effect': 'Allow', 'Action': '*', 'Resource': '*'}`),
			want: []string{
				`warning L13 Statement[0].Action[0]: "*" is a wildcard: it grants ecr:DeleteRepository, ecr:BatchDeleteImage, ecr:SetRepositoryPolicy and more`,
				`warning L13 Statement[0].Resource[0]: the statement holds for every repository of the account, not for palette/mural-workloads alone`}},
		"more than needed": {policy: policy("{"+pull+", "+here+"}", token, `{'Effect': 'Allow', 'Action': ['ecr:PutImage', 'ecr:DescribeImages'], `+here+`}`),
			want: []string{
				"warning L13 Statement[2].Action[0]: source-controller does not need ecr:PutImage",
				"info L13 Statement[2].Action[1]: source-controller does not need ecr:DescribeImages"}},
		"all but": {policy: policy(`{'Effect': 'Allow', 'NotAction': 'ecr:DeleteRepository', 'NotResource': 'arn:aws:s3:::x'}`),
			want: []string{"warning L13 Statement[0].NotAction: NotAction with Allow grants every action of every service but those listed"}},
		"denied": {policy: policy("{"+pull+", "+here+"}", token, `{'Sid': 'NoLayers', 'Effect': 'Deny', 'Action': 'ecr:GetDownload*', 'Resource': '*'}`),
			want: []string{`error L13 Statement[2]: ` + cannot + `ecr:GetDownloadUrlForLayer: statement "NoLayers" denies it, and a Deny wins over every Allow`}},
		"under a condition": {policy: policy("{"+pull+", "+here+", 'Condition': {'IpAddress': {'aws:SourceIp': '203.0.113.0/24'}}}", token),
			want: []string{"warning L13 Statement[0].Condition.IpAddress.aws:SourceIp: source-controller may be unable to " + all + ": statement 1 grants it under a condition on aws:SourceIp, whose value is not known here"}},
		"unknown operator": {policy: policy("{"+pull+", "+here+", 'Condition': {'StringMatches': {'a:b': 'c'}}}", token),
			want: []string{"error L13 Statement[0].Condition: " + cannot + all + `: condition operator "StringMatches" is not known`}},
		"a repository's policy": {policy: policy("{'Principal': '*', "+pull+", "+here+"}", token),
			want: []string{"error L13 Statement[0].Principal: " + cannot + all + ": the statement has a Principal, which IAM refuses in a policy of a role"}},
		"old variables": {policy: strings.Replace(policy("{"+pull+", 'Resource': ['"+iamtest.Repository+"', 'arn:aws:ecr:us-east-1:123456789012:repository/${aws:username}']}", token), "'Version': '2012-10-17', ", "", 1),
			want: []string{`warning L13 Statement[0].Resource[1]: the variable in "arn:aws:ecr:us-east-1:123456789012:repository/${aws:username}" is plain text: the document's version is not 2012-10-17`}},

		"public, right": {endpoint: iamtest.PublicEndpoint, principal: iam.Hue, policy: policy("{"+publics+", 'Resource': 'arn:aws:ecr-public::123456789012:repository/mural-workloads'}", tokens)},
		"public, region": {endpoint: iamtest.PublicEndpoint, principal: iam.Hue, policy: policy("{"+publics+", 'Resource': 'arn:aws:ecr-public:us-east-1:123456789012:repository/mural-workloads'}", tokens),
			want: []string{"error L13 Statement[0].Resource[0]: hue cannot ecr-public:CompleteLayerUpload, ecr-public:UploadLayerPart, ecr-public:InitiateLayerUpload, ecr-public:BatchCheckLayerAvailability, ecr-public:PutImage: " +
				`Resource "arn:aws:ecr-public:us-east-1:123456789012:repository/mural-workloads" has the region us-east-1, but ARNs of ECR Public have none`}},
		"public, alias": {endpoint: iamtest.PublicEndpoint, principal: iam.Hue, policy: policy("{"+publics+", 'Resource': ['arn:aws:ecr-public::123456789012:repository/mural-workloads', 'arn:aws:ecr-public::123456789012:repository/a1b2c3d4/mural-workloads']}", tokens),
			want: []string{`warning L13 Statement[0].Resource[1]: Resource "arn:aws:ecr-public::123456789012:repository/a1b2c3d4/mural-workloads" matches nothing here: it holds the alias a1b2c3d4, which is no part of the ARN`}},
		"public, no bearer token": {endpoint: iamtest.PublicEndpoint, principal: iam.Hue, policy: policy("{"+publics+", 'Resource': 'arn:aws:ecr-public::123456789012:repository/mural-workloads'}", `{'Effect': 'Allow', 'Action': 'ecr-public:GetAuthorizationToken', 'Resource': '*'}`),
			want: []string{"error L13 Statement: sts:GetServiceBearerToken is not granted; with it hue gets the token for ECR Public"}},
		"public, bearer token for ECR Public": {endpoint: iamtest.PublicEndpoint, principal: iam.SourceController, policy: policy(`{'Effect': 'Allow', 'Action': 'ecr-public:GetAuthorizationToken', 'Resource': '*'}`,
			`{'Effect': 'Allow', 'Action': 'sts:GetServiceBearerToken', 'Resource': '*', 'Condition': {'StringEquals': {'sts:AWSServiceName': 'ecr-public.amazonaws.com'}}}`)},
		"public, but actions of ecr": {endpoint: iamtest.PublicEndpoint, principal: iam.SourceController, policy: policy(`{'Effect': 'Allow', 'Action': ['ecr:GetAuthorizationToken', 'sts:GetServiceBearerToken'], 'Resource': '*'}`),
			want: []string{"error L13 Statement[0].Action[0]: source-controller cannot ecr-public:GetAuthorizationToken: the statement grants ecr:GetAuthorizationToken, but the registry's actions are those of ecr-public"}},
		"private, but an ARN of ecr-public": {policy: with("arn:aws:ecr-public::123456789012:repository/palette/mural-workloads"),
			want: []string{"error L13 Statement[0].Resource[0]: " + cannot + all + `: Resource "arn:aws:ecr-public::123456789012:repository/palette/mural-workloads" is of ecr-public, not ecr, and lacks the region us-east-1`}},

		"operator with the guide's": {principal: iam.Operator, policy: string(iamtest.Guide(t, "private")),
			want: []string{
				"error L13 Statement: ecr:ListImages is not granted; with it operator lists tags, for the closure proof",
				"warning L14 Statement: ecr:DescribeImages is not granted; with it operator sees what was pushed and when (aws ecr describe-images, the push proof)",
				"warning L14 Statement: ecr:DescribeRepositories is not granted; with it operator sees that the repository exists and whether its tags are immutable",
				"warning L14 Statement: ecr:GetLifecyclePolicy is not granted; with it operator sees what the repository expires or archives",
				"warning L14 Statement: ecr:GetRepositoryPolicy is not granted; with it operator sees whom the repository's own policy lets in or keeps out",
				"warning L14 Statement: ecr:DescribePullThroughCacheRules is not granted; with it operator sees whether a pull through cache serves something else under the repository's name",
				"warning L14 Statement: ecr:DescribeRepositoryCreationTemplates is not granted; with it operator sees whether a template makes the repository at the first push",
				"warning L14 Statement: ecr:GetSigningConfiguration is not granted; with it operator sees whether ECR signs what is pushed, for which pushers need rights too",
				"warning L14 Statement: iam:GetRole, iam:ListRolePolicies, iam:GetRolePolicy, iam:ListAttachedRolePolicies are not granted; with them operator sees that the role exists, whom it trusts and what it may",
				"warning L14 Statement: iam:SimulatePrincipalPolicy is not granted; with it operator lets IAM itself decide what the role may, with its boundary",
				"warning L14 Statement: iam:GetPolicy, iam:GetPolicyVersion are not granted; with them operator reads the managed policies of the role",
				"warning L14 Statement: iam:GetOpenIDConnectProvider is not granted; with it operator sees that IAM knows each cluster's issuer",
			}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			endpoint, principal := test.endpoint, test.principal
			if endpoint == "" {
				endpoint = iamtest.PrivateEndpoint
			}
			if principal == "" {
				principal = iam.SourceController
			}
			d, err := document.Parse("policy.json", []byte(strings.ReplaceAll(test.policy, "'", `"`)))
			require.NoError(t, err)
			findings, err := check.Check{Wanted: iamtest.Wanted(t, endpoint), Principal: principal, Policies: []document.Document{d}}.Findings()
			require.NoError(t, err)
			assert.Equal(t, test.want, seen(t, findings))
		})
	}
}

// TestCheckOfSeveral: a role's inline and managed policies count together.
func TestCheckOfSeveral(t *testing.T) {
	push := iamtest.Statement(t, `'Action': ['ecr:CompleteLayerUpload', 'ecr:UploadLayerPart', 'ecr:InitiateLayerUpload', 'ecr:BatchCheckLayerAvailability', 'ecr:PutImage', 'ecr:BatchGetImage'], 'Resource': '`+iamtest.Repository+`'`)
	token := iamtest.Statement(t, `'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'`)
	findings, err := check.Check{Wanted: iamtest.Wanted(t, iamtest.PrivateEndpoint), Principal: iam.Hue, Policies: []document.Document{push, token}}.Findings()
	require.NoError(t, err)
	assert.Empty(t, findings)
	_, err = check.Check{Principal: iam.Hue}.Findings()
	require.ErrorContains(t, err, "it is not Amazon ECR")
}

func TestRulesAreOfTheCatalogue(t *testing.T) {
	for i, r := range check.Rules() {
		assert.Equal(t, []string{check.RuleTrust, check.RulePolicy, check.RuleOperator}[i], r.ID)
		assert.NotEmpty(t, r.Title)
		assert.NotEmpty(t, r.Why)
		assert.NotEmpty(t, r.Source)
		assert.NotEmpty(t, r.Fix)
	}
}
