package check_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// The three answers, as the exit codes of a review.
const (
	allowed = fault.Done
	denied  = fault.Refused
	depends = fault.Unproven
)

const (
	pushAll = `{'Effect': 'Allow', 'Action': ['ecr:CompleteLayerUpload', 'ecr:UploadLayerPart', 'ecr:InitiateLayerUpload', 'ecr:BatchCheckLayerAvailability', 'ecr:PutImage', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], 'Resource': '` + iamtest.Repository + `'%s}`
	getsIn  = `{'Effect': 'Allow', 'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'%s}`
)

// policyOf has the guide's two grants under conditions, and more statements.
func policyOf(pushIf, tokenIf string, more ...string) string {
	under := func(statement, condition string) string {
		if condition != "" {
			condition = ", 'Condition': {" + condition + "}"
		}
		return strings.Replace(statement, "%s", condition, 1)
	}
	return "{'Version': '2012-10-17', 'Statement': [\n" + strings.Join(append([]string{under(pushAll, pushIf), under(getsIn, tokenIf)}, more...), ",\n") + "]}"
}

func deny(actions, condition string) string {
	return "{'Effect': 'Deny', 'Action': " + actions + ", 'Resource': '*', 'Condition': {" + condition + "}}"
}

func review(t *testing.T, c check.Check) (fault.Code, []report.Finding) {
	t.Helper()
	rep, err := check.Review{Check: c, Now: time.Now}.Report()
	require.NotNil(t, rep, "%v", err)
	assert.Equal(t, fault.CodeOf(err), rep.ExitCode)
	return rep.ExitCode, rep.Findings
}

// TestThreeAnswers judges conditions of identity policies with and without facts.
func TestThreeAnswers(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		d, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return d
	}
	const all = "'ecr:*'"
	endpoint := policyOf("", "", deny(all, "'StringNotEquals': {'aws:SourceVpce': 'vpce-1'}"))
	org := policyOf("", "", deny(all, "'StringNotEqualsIfExists': {'aws:PrincipalOrgID': 'o-a1b2c3d4e5'}"))
	tagged := policyOf("", "", deny("['ecr:PutImage', 'ecr:BatchGetImage']", "'StringNotEquals': {'aws:ResourceTag/team': 'red'}"))
	network := policyOf("", "", deny(all, "'NotIpAddress': {'aws:SourceIp': '203.0.113.0/24'}, 'StringNotEquals': {'aws:SourceVpc': 'vpc-1'}"))
	// aws-samples/data-perimeter-policy-examples, resource_perimeter_scp.json, which people run and still log in to ECR
	perimeter := policyOf("", "", deny("'*'", "'StringNotEqualsIfExists': {'aws:ResourceOrgID': 'o-a1b2c3d4e5'}"))
	until := policyOf("'DateLessThan': {'aws:CurrentTime': '2027-01-01T00:00:00Z'}", "")
	for name, test := range map[string]struct {
		policy string
		facts  check.Facts
		want   fault.Code
		says   string
	}{
		"deny, endpoint unknown":              {endpoint, check.Facts{}, depends, "aws:SourceVpce"},
		"deny, through the endpoint":          {endpoint, check.Facts{Endpoint: "vpce-1"}, allowed, ""},
		"deny, through another":               {endpoint, check.Facts{Endpoint: "vpce-2"}, denied, "its condition on aws:SourceVpce holds"},
		"deny, from a public address":         {endpoint, check.Facts{SourceIP: "203.0.113.5"}, denied, "denies it"},
		"deny, no endpoint, by key":           {endpoint, check.Facts{Keys: map[string]string{"AWS:SourceVpce": ""}}, denied, "denies it"},
		"deny, organization unknown":          {org, check.Facts{}, depends, "aws:PrincipalOrgID"},
		"deny, of the organization":           {org, check.Facts{OrgID: "o-a1b2c3d4e5"}, allowed, ""},
		"deny, of another organization":       {org, check.Facts{OrgID: "o-b1b2c3d4e5"}, denied, "denies it"},
		"deny, tag unknown":                   {tagged, check.Facts{}, depends, "aws:ResourceTag/team"},
		"deny, tagged":                        {tagged, check.Facts{ResourceTags: map[string]string{"team": "red"}}, allowed, ""},
		"deny, tagged otherwise":              {tagged, check.Facts{ResourceTags: map[string]string{"team": "blue"}}, denied, "denies it"},
		"deny of a token by tag":              {policyOf("", "", deny(all, "'StringNotEquals': {'aws:ResourceTag/team': 'red'}")), check.Facts{ResourceTags: map[string]string{"team": "red"}}, denied, "since GetAuthorizationToken has no resource"},
		"deny outside the account":            {policyOf("", "", deny(all, "'StringNotEquals': {'aws:ResourceAccount': '${aws:PrincipalAccount}'}")), check.Facts{}, allowed, ""},
		"deny outside the organization":       {perimeter, check.Facts{}, depends, "aws:ResourceOrgID"},
		"deny outside this organization":      {perimeter, check.Facts{OrgID: "o-a1b2c3d4e5"}, allowed, ""},
		"deny outside another organization":   {perimeter, check.Facts{OrgID: "o-b1b2c3d4e5"}, denied, "denies it"},
		"deny of two keys, unknown":           {network, check.Facts{}, depends, "aws:SourceIp"},
		"deny of two keys, one spares":        {network, check.Facts{SourceIP: "203.0.113.5"}, allowed, ""},
		"deny of two keys, through the VPC":   {network, check.Facts{Endpoint: "vpce-1", Keys: map[string]string{"aws:SourceVpc": "vpc-1"}}, allowed, ""},
		"deny of plain HTTP":                  {policyOf("", "", deny(all, "'Bool': {'aws:SecureTransport': 'false'}")), check.Facts{}, allowed, ""},
		"deny of deleting, unknown":           {policyOf("", "", deny("'ecr:BatchDeleteImage'", "'StringNotEquals': {'aws:SourceVpce': 'vpce-1'}")), check.Facts{}, allowed, ""},
		"deny in other regions":               {policyOf("", "", deny(all, "'StringNotEquals': {'aws:RequestedRegion': ['us-east-1', 'us-west-2']}")), check.Facts{}, allowed, ""},
		"deny in this region":                 {policyOf("", "", deny(all, "'StringEquals': {'aws:RequestedRegion': 'us-east-1'}")), check.Facts{}, denied, "denies it"},
		"deny of users":                       {policyOf("", "", deny(all, "'Null': {'aws:username': 'false'}")), check.Facts{}, allowed, ""},
		"deny unless MFA, which pods lack":    {policyOf("", "", deny(all, "'BoolIfExists': {'aws:MultiFactorAuthPresent': 'false'}")), check.Facts{}, denied, "denies it"},
		"deny by age of MFA":                  {policyOf("", "", deny(all, "'NumericGreaterThan': {'aws:MultiFactorAuthAge': '3600'}")), check.Facts{}, allowed, ""},
		"grant with MFA":                      {policyOf("'Bool': {'aws:MultiFactorAuthPresent': 'true'}", ""), check.Facts{}, denied, "aws:MultiFactorAuthPresent is false"},
		"grant to temporary credentials":      {policyOf("'Null': {'aws:TokenIssueTime': 'false'}", ""), check.Facts{}, allowed, ""},
		"deny of temporary credentials":       {policyOf("", "", deny(all, "'Null': {'aws:TokenIssueTime': 'false'}")), check.Facts{}, denied, "denies it"},
		"deny of earlier sessions":            {policyOf("", "", deny(all, "'DateLessThan': {'aws:TokenIssueTime': '2026-01-01T00:00:00Z'}")), check.Facts{}, depends, "aws:TokenIssueTime"},
		"deny of stolen instance credentials": {policyOf("", "", deny(all, "'StringNotEquals': {'aws:Ec2InstanceSourceVpc': '${aws:SourceVpc}'}, 'Null': {'ec2:SourceInstanceARN': 'false'}, 'BoolIfExists': {'aws:ViaAWSService': 'false'}")), check.Facts{}, allowed, ""},
		"deny by a tag that the role lacks":   {policyOf("", "", deny(all, "'StringNotEquals': {'aws:RequestedRegion': '${aws:PrincipalTag/region}'}")), check.Facts{Keys: map[string]string{"aws:PrincipalTag/region": ""}}, denied, "denies it"},
		"deny by a list, unknown":             {policyOf("", "", deny(all, "'ForAnyValue:StringEquals': {'aws:PrincipalOrgPaths': 'o-a/r-b/'}")), check.Facts{}, depends, "aws:PrincipalOrgPaths"},
		"grant, address unknown":              {policyOf("'IpAddress': {'aws:SourceIp': '203.0.113.0/24'}", ""), check.Facts{}, depends, "aws:SourceIp"},
		"grant, from the address":             {policyOf("'IpAddress': {'aws:SourceIp': '203.0.113.0/24'}", ""), check.Facts{SourceIP: "203.0.113.7"}, allowed, ""},
		"grant, through an endpoint":          {policyOf("'IpAddress': {'aws:SourceIp': '203.0.113.0/24'}", ""), check.Facts{Endpoint: "vpce-1"}, denied, "no key aws:SourceIp"},
		"grant in another region":             {policyOf("'StringEquals': {'aws:RequestedRegion': 'eu-west-1'}", ""), check.Facts{}, denied, "aws:RequestedRegion is us-east-1"},
		"grant to another role":               {policyOf("'ArnLike': {'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/other*'}", ""), check.Facts{}, denied, "aws:PrincipalArn is arn:aws:iam::123456789012:role/palette-ecr"},
		"grant to this role":                  {policyOf("'ArnLike': {'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/palette-*'}", ""), check.Facts{}, allowed, ""},
		"grant to another account":            {policyOf("'StringEquals': {'aws:PrincipalAccount': '210987654321'}", ""), check.Facts{}, denied, "aws:PrincipalAccount is 123456789012"},
		"grant, expired":                      {policyOf("'DateLessThan': {'aws:CurrentTime': '2021-01-01T00:00:00Z'}", ""), check.Facts{}, denied, "aws:CurrentTime is"},
		"grant, in time":                      {until, check.Facts{Date: day("2026-12-31")}, allowed, ""},
		"grant, at a later date":              {until, check.Facts{Date: day("2027-01-02")}, denied, "aws:CurrentTime is 2027-01-02T00:00:00Z"},
		"token by tag":                        {policyOf("", "'StringLike': {'ecr:ResourceTag/env': '*'}"), check.Facts{}, denied, "no key ecr:ResourceTag/env"},
		"grant by tag, unknown":               {policyOf("'StringEquals': {'ecr:ResourceTag/env': 'prod'}", ""), check.Facts{}, depends, "ecr:ResourceTag/env"},
		"grant by tag":                        {policyOf("'StringEquals': {'ecr:ResourceTag/env': 'prod'}", ""), check.Facts{ResourceTags: map[string]string{"env": "prod"}}, allowed, ""},
		"a key that ECR lacks":                {policyOf("'StringEquals': {'ecr:ImageTag': 'latest'}", ""), check.Facts{}, denied, "no key ecr:ImageTag"},
		"a key of another service":            {policyOf("'StringEquals': {'s3:prefix': 'x'}", ""), check.Facts{}, denied, "no key s3:prefix"},
		"tags that pushing lacks":             {policyOf("'StringEquals': {'aws:RequestTag/env': 'prod'}", ""), check.Facts{}, denied, "no key aws:RequestTag/env"},
		"grant, two conditions, one is false": {policyOf("'StringEquals': {'aws:SourceVpce': 'vpce-1', 'aws:RequestedRegion': 'eu-west-1'}", ""), check.Facts{}, denied, "aws:RequestedRegion is us-east-1"},
		"grant, if there is an endpoint":      {policyOf("'StringEqualsIfExists': {'aws:SourceVpce': 'vpce-1'}", ""), check.Facts{SourceIP: "203.0.113.5"}, allowed, ""},
		"grant to a tagged role, unknown":     {policyOf("'StringEquals': {'aws:PrincipalTag/team': '${aws:ResourceTag/team}'}", ""), check.Facts{Keys: map[string]string{"aws:PrincipalTag/team": "red"}}, depends, "aws:ResourceTag/team"},
		"grant to a tagged role":              {policyOf("'StringEquals': {'aws:PrincipalTag/team': '${aws:ResourceTag/team}'}", ""), check.Facts{Keys: map[string]string{"aws:PrincipalTag/team": "red"}, ResourceTags: map[string]string{"team": "red"}}, allowed, ""},
		"a variable in the resource, unknown": {strings.Replace(policyOf("", ""), "repository/palette/mural-workloads'", "repository/${aws:PrincipalTag/team}/mural-workloads'", 1), check.Facts{}, depends, "aws:PrincipalTag/team"},
		"granted again without a condition":   {policyOf("'StringEquals': {'aws:SourceVpce': 'vpce-1'}", "", strings.Replace(pushAll, "%s", "", 1)), check.Facts{}, allowed, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
			require.NoError(t, test.facts.Validate())
			d, err := document.Parse("policy.json", []byte(strings.ReplaceAll(test.policy, "'", `"`)))
			require.NoError(t, err)
			code, findings := review(t, check.Check{Wanted: w, Principal: iam.Combined, Policies: []document.Document{d}, Expected: iam.Trust{Role: w.DefaultRole()}, Facts: test.facts})
			assert.Equal(t, test.want, code, "%v", seen(t, findings))
			assert.Contains(t, strings.Join(seen(t, findings), "\n"), test.says)
		})
	}
}

// TestOtherAccounts: across accounts both policies must grant, and what was not given is not proven.
func TestOtherAccounts(t *testing.T) {
	t.Parallel()
	const actions = `'Action': ['ecr:CompleteLayerUpload', 'ecr:UploadLayerPart', 'ecr:InitiateLayerUpload', 'ecr:BatchCheckLayerAvailability', 'ecr:PutImage', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']`
	repository := func(who, what string) string {
		return "{'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': " + who + ", " + what + "}]}"
	}
	const account = `{'AWS': 'arn:aws:iam::210987654321:root'}`
	for name, test := range map[string]struct {
		account    string // of the role
		repository string
		want       fault.Code
		says       string
	}{
		"not given":                    {"210987654321", "", depends, "the role is in account 210987654321 and the repository in 123456789012"},
		"to the account":               {"210987654321", repository(account, actions), allowed, ""},
		"to the role":                  {"210987654321", repository(`{'AWS': 'arn:aws:iam::210987654321:role/palette-ecr'}`, actions), allowed, ""},
		"to pull only":                 {"210987654321", repository(account, `'Action': ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer']`), denied, "ecr:PutImage, which across accounts it must"},
		"to another account":           {"210987654321", repository(`{'AWS': '999999999999'}`, actions), denied, "does not grant arn:aws:iam::210987654321:role/palette-ecr"},
		"to an organization":           {"210987654321", repository("'*'", actions+`, 'Condition': {'StringEquals': {'aws:PrincipalOrgID': 'o-a1b2c3d4e5'}}`), depends, "aws:PrincipalOrgID"},
		"what is none":                 {"210987654321", policyOf("", ""), denied, "this is not a repository's policy"},
		"same account, not given":      {"123456789012", "", allowed, ""},
		"same account, to others only": {"123456789012", repository(account, actions), allowed, ""},
		"same account, denied":         {"123456789012", "{'Version': '2012-10-17', 'Statement': [{'Effect': 'Deny', 'Principal': '*', 'Action': 'ecr:PutImage'}]}", denied, "the repository's policy denies combined ecr:PutImage"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
			role := w.DefaultRole()
			role.Account = test.account
			d, err := document.Parse("policy.json", []byte(strings.ReplaceAll(policyOf("", ""), "'", `"`)))
			require.NoError(t, err)
			c := check.Check{Wanted: w, Principal: iam.Combined, Policies: []document.Document{d}, Expected: iam.Trust{Role: role}}
			if test.repository != "" {
				r, err := document.Parse("repository.json", []byte(strings.ReplaceAll(test.repository, "'", `"`)))
				require.NoError(t, err)
				c.Repository = &r
			}
			code, findings := review(t, c)
			assert.Equal(t, test.want, code, "%v", seen(t, findings))
			assert.Contains(t, strings.Join(seen(t, findings), "\n"), test.says)
		})
	}
}

// TestWrongSlot: a document that is attached to something else is named as what it is.
func TestWrongSlot(t *testing.T) {
	t.Parallel()
	for says, text := range map[string]string{
		"give it with --repository-policy": `{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'AWS': 'arn:aws:iam::123456789012:root'}, 'Action': 'ecr:BatchGetImage'}}`,
		"give it with --trust":             `{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'pods.eks.amazonaws.com'}, 'Action': ['sts:AssumeRole', 'sts:TagSession']}}`,
	} {
		d, err := document.Parse("policy.json", []byte(strings.ReplaceAll(text, "'", `"`)))
		require.NoError(t, err)
		code, findings := review(t, check.Check{Wanted: iamtest.Wanted(t, iamtest.PrivateEndpoint), Principal: iam.Combined, Policies: []document.Document{d}})
		assert.Equal(t, denied, code)
		require.Len(t, findings, 1, "what it lacks as another kind of document is not said: %v", findings)
		assert.Contains(t, findings[0].Remedy, says)
	}
}

// TestPodIdentityFacts: what nobody said of the cluster is not taken for false.
func TestPodIdentityFacts(t *testing.T) {
	t.Parallel()
	const hub = "arn:aws:eks:us-east-1:123456789012:cluster/hub"
	const pods = `'StringEquals': {'aws:RequestTag/kubernetes-namespace': 'mural-system', 'aws:RequestTag/kubernetes-service-account': ['hue', 'source-controller']%s}`
	for name, test := range map[string]struct {
		condition string
		clusters  []string
		facts     check.Facts
		want      fault.Code
		says      string
	}{
		"cluster by name, unknown":  {strings.Replace(pods, "%s", ", 'aws:RequestTag/eks-cluster-name': 'hub'", 1), nil, check.Facts{}, depends, "aws:RequestTag/eks-cluster-name is hub"},
		"cluster by name":           {strings.Replace(pods, "%s", ", 'aws:RequestTag/eks-cluster-name': 'hub'", 1), []string{hub}, check.Facts{}, allowed, ""},
		"cluster by ARN, unknown":   {strings.Replace(pods, "%s", ", 'aws:RequestTag/eks-cluster-arn': '"+hub+"'", 1), nil, check.Facts{}, depends, "eks-cluster-arn"},
		"source ARN, unknown":       {strings.Replace(pods, "%s", "", 1) + ", 'ArnEquals': {'aws:SourceArn': '" + hub + "'}", nil, check.Facts{}, depends, "aws:SourceArn is " + hub},
		"source ARN":                {strings.Replace(pods, "%s", "", 1) + ", 'ArnEquals': {'aws:SourceArn': '" + hub + "'}", []string{hub}, check.Facts{}, allowed, ""},
		"source ARN of another":     {strings.Replace(pods, "%s", "", 1) + ", 'ArnEquals': {'aws:SourceArn': '" + hub + "'}", []string{hub + "2"}, check.Facts{}, denied, "kept out by the conditions on aws:SourceArn"},
		"source account":            {strings.Replace(pods, "%s", ", 'aws:SourceAccount': '123456789012'", 1), nil, check.Facts{}, allowed, ""},
		"source account of another": {strings.Replace(pods, "%s", ", 'aws:SourceAccount': '210987654321'", 1), nil, check.Facts{}, denied, "kept out by the conditions on aws:SourceAccount"},
		"organization, unknown":     {strings.Replace(pods, "%s", ", 'aws:SourceOrgID': 'o-a1b2c3d4e5'", 1), nil, check.Facts{}, depends, "aws:SourceOrgID"},
		"organization":              {strings.Replace(pods, "%s", ", 'aws:SourceOrgID': 'o-a1b2c3d4e5'", 1), nil, check.Facts{OrgID: "o-a1b2c3d4e5"}, allowed, ""},
		"another organization":      {strings.Replace(pods, "%s", ", 'aws:SourceOrgID': 'o-a1b2c3d4e5'", 1), nil, check.Facts{OrgID: "o-zzzzzzzzzz"}, denied, "kept out"},
		"wrong namespace, whatever": {"'StringEquals': {'aws:RequestTag/kubernetes-namespace': 'default', 'aws:SourceOrgID': 'o-a'}", nil, check.Facts{}, denied, "kept out"},
		"the caller's organization": {strings.Replace(pods, "%s", ", 'aws:PrincipalOrgID': 'o-a1b2c3d4e5'", 1), nil, check.Facts{OrgID: "o-a1b2c3d4e5"}, denied, "kept out"}, // a service has none
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
			text := "{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'pods.eks.amazonaws.com'}, 'Action': ['sts:AssumeRole', 'sts:TagSession'], 'Condition': {" + test.condition + "}}}"
			d, err := document.Parse("trust.json", []byte(strings.ReplaceAll(text, "'", `"`)))
			require.NoError(t, err)
			code, findings := review(t, check.Check{Wanted: w, Principal: iam.Combined, Trust: &d, Facts: test.facts, Expected: iam.Trust{
				Mode: target.PodIdentity, Role: w.DefaultRole(), Accounts: iam.ServiceAccounts(iam.Combined, "mural-system", ""), Clusters: test.clusters,
			}})
			assert.Equal(t, test.want, code, "%v", seen(t, findings))
			assert.Contains(t, strings.Join(seen(t, findings), "\n"), test.says)
		})
	}
}

func TestFactsRefuse(t *testing.T) {
	t.Parallel()
	for says, facts := range map[string]check.Facts{
		"is not the ID of a VPC endpoint":            {Endpoint: "vpc-1"},
		"is not the ID of an organization":           {OrgID: "r-ab12"},
		"is not an IP address":                       {SourceIP: "203.0.113.0/24"},
		"which AWS sees only through a VPC endpoint": {SourceIP: "10.0.0.7"},
		`"SourceVpce" is not a condition key`:        {Keys: map[string]string{"SourceVpce": "vpce-1"}},
	} {
		err := facts.Validate()
		require.ErrorContains(t, err, says)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
		assert.NotEmpty(t, fault.RemedyOf(err))
	}
	assert.NoError(t, check.Facts{SourceIP: "10.0.0.7", Endpoint: "vpce-1"}.Validate())
}
