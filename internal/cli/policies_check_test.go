package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const roleFlag = "--role-arn=arn:aws:iam::123456789012:role/palette-ecr"

// saved writes a file and returns its path.
func saved(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.json")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// written is a document that policies writes.
func written(t *testing.T, document string, args ...string) string {
	t.Helper()
	code, out, stderr := policies(t, "", append([]string{ecrEndpoint, "--principal=combined", "--document=" + document}, args...)...)
	require.Zero(t, code, stderr)
	return out
}

// TestPoliciesCheckWhatPeopleHave checks the outputs of the aws command.
func TestPoliciesCheckWhatPeopleHave(t *testing.T) {
	const issuer = "--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1"
	policy, trust := written(t, "policy"), written(t, "trust", issuer)
	inline := saved(t, `{"RoleName": "palette-ecr", "PolicyName": "push", "PolicyDocument": `+policy+`}`)
	version := saved(t, `{"PolicyVersion": {"Document": `+policy+`, "VersionId": "v2", "IsDefaultVersion": true}}`)
	old := saved(t, `{"PolicyVersion": {"Document": `+policy+`, "VersionId": "v1", "IsDefaultVersion": false}}`)
	role := saved(t, `{"Role": {"Arn": "arn:aws:iam::123456789012:role/palette-ecr", "AssumeRolePolicyDocument": `+trust+`}}`)
	bounded := saved(t, `{"Role": {"Arn": "arn:aws:iam::123456789012:role/palette-ecr", "AssumeRolePolicyDocument": `+trust+`, "PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/limits"}}}`)
	list := saved(t, `{"AttachedPolicies": [{"PolicyName": "Pull", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"}]}`)
	names := saved(t, `{"PolicyNames": ["push"]}`)
	encoded, err := json.Marshal(policy)
	require.NoError(t, err)
	text := saved(t, `{"RoleName": "palette-ecr", "PolicyName": "push", "PolicyDocument": `+string(encoded)+`}`)
	repository := saved(t, `{"registryId": "123456789012", "repositoryName": "palette/mural-workloads", "policyText": `+string(encoded)+`}`)
	boundary := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ecr:Get*", "ecr:Batch*", "ecr:*Layer*"], "Resource": "*"}]}`
	whole := saved(t, policy)
	for name, test := range map[string]struct {
		args []string
		code int
		says string
	}{
		"get-role-policy":                      {[]string{inline}, 0, "Done"},
		"as text":                              {[]string{text}, 0, "Done"},
		"get-policy-version":                   {[]string{version}, 0, "Done"},
		"an old version":                       {[]string{old}, 4, "version v1 of the policy is not its default version"},
		"an old version of the boundary":       {[]string{"--boundary", old, inline}, 4, "version v1 of the policy is not its default version"},
		"get-role as the trust policy":         {[]string{"--trust", role, issuer, inline}, 0, "Done"},
		"get-role without a flag":              {[]string{role, issuer, inline}, 0, "Done"},
		"a role with a boundary":               {[]string{bounded, issuer, inline}, 4, "the permissions boundary arn:aws:iam::123456789012:policy/limits"},
		"what to do about the boundary":        {[]string{bounded, issuer, inline}, 4, "give its document with --boundary: aws iam get-policy-version --policy-arn arn:aws:iam::123456789012:policy/limits"},
		"with the boundary, which allows":      {[]string{bounded, issuer, inline, "--boundary", version}, 0, "Done"},
		"with the boundary, which does not":    {[]string{bounded, issuer, inline, "--boundary", saved(t, boundary)}, 3, "combined cannot ecr:PutImage: the role's permissions boundary does not allow it"},
		"a boundary that denies":               {[]string{inline, "--boundary", saved(t, strings.Replace(boundary, `{"Version": "2012-10-17", "Statement": [`, `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ecr:PutImage", "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}, `, 1))}, 3, "in the role's permissions boundary statement 1 denies it"},
		"a boundary under a condition":         {[]string{inline, "--boundary", saved(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}}`)}, 4, "aws:SourceVpce"},
		"a boundary grants nothing":            {[]string{saved(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}}`), "--boundary", whole}, 3, "ecr:UploadLayerPart is not granted"},
		"a list of none":                       {[]string{saved(t, `{"AttachedPolicies": [], "IsTruncated": false}`)}, 64, "it names no policy"},
		"two lists of none":                    {[]string{saved(t, `{"AttachedPolicies": []}`), saved(t, `{"PolicyNames": []}`)}, 64, "it names no policy"},
		"a list of none beside a policy":       {[]string{inline, saved(t, `{"AttachedPolicies": []}`)}, 0, "Done"},
		"the text alone":                       {[]string{saved(t, string(encoded)+"\n")}, 0, "Done"},
		"YAML":                                 {[]string{saved(t, "PolicyVersion:\n  Document:\n    Version: '2012-10-17'\n")}, 64, "it is YAML, not JSON"},
		"the role in what to do":               {[]string{names, roleFlag}, 4, "aws iam get-role-policy --role-name palette-ecr --policy-name push"},
		"a repository's policy alone":          {[]string{"--repository-policy", saved(t, `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}}`)}, 4, "the repository's policy alone is never enough: combined needs ecr:GetAuthorizationToken"},
		"a boundary alone":                     {[]string{"--trust", role, issuer, "--boundary", version}, 64, "a boundary is checked with the role's own policies"},
		"list-attached-role-policies":          {[]string{list}, 4, "aws iam get-policy-version --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"},
		"a list beside what grants enough":     {[]string{list, inline}, 4, "its document was not given"},
		"a list with its document":             {[]string{list, version}, 0, "Done"},
		"list-role-policies with its document": {[]string{names, inline}, 0, "Done"},
		"list-role-policies alone":             {[]string{names}, 4, "aws iam get-role-policy --role-name <role> --policy-name push"},
		"of another role":                      {[]string{role, issuer, inline, "--role-arn=arn:aws:iam::123456789012:role/other"}, 64, "it is of role arn:aws:iam::123456789012:role/palette-ecr"},
		"a list as the trust policy":           {[]string{"--trust", list, inline}, 64, "it is a list of policies"},
		"two trust policies":                   {[]string{role, "--trust", role, issuer}, 64, "a trust policy was read already"},
		"not a repository's policy":            {[]string{inline, repository}, 3, "this is not a repository's policy"},
		"standard input twice":                 {[]string{"-", "--trust", "-"}, 64, "standard input is named 2 times"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, stderr := policies(t, "", append([]string{"check", ecrEndpoint, "--no-semver"}, test.args...)...)
			assert.Equal(t, test.code, code, out+stderr)
			assert.Contains(t, strings.Join(strings.Fields(out+stderr), " "), test.says)
		})
	}
}

// TestPoliciesCheckFacts: each flag makes a verdict certain that depends on it.
func TestPoliciesCheckFacts(t *testing.T) {
	under := func(condition string) string {
		return strings.Replace(written(t, "policy", "--no-semver"), `"Statement": [`,
			`"Statement": [{"Effect": "Deny", "Action": ["ecr:PutImage", "ecr:BatchGetImage"], "Resource": "*", "Condition": {`+condition+`}},`, 1)
	}
	for name, test := range map[string]struct{ condition, fact, other string }{
		"endpoint":     {`"StringNotEquals": {"aws:SourceVpce": "vpce-1"}`, "--vpce=vpce-1", "--vpce=vpce-2"},
		"organization": {`"StringNotEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}`, "--org-id=o-a1b2c3d4e5", "--org-id=o-z1b2c3d4e5"},
		"tag":          {`"StringNotEquals": {"ecr:ResourceTag/team": "red"}`, "--resource-tag=team=red", "--resource-tag=team=blue"},
		"address":      {`"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}`, "--source-ip=203.0.113.9", "--source-ip=198.51.100.9"},
		"another key":  {`"StringNotEquals": {"aws:PrincipalTag/team": "red"}`, "--fact=aws:PrincipalTag/team=red", "--fact=aws:PrincipalTag/team="},
	} {
		t.Run(name, func(t *testing.T) {
			policy := under(test.condition)
			for code, more := range map[int][]string{4: nil, 0: {test.fact}, 3: {test.other}} {
				got, out, stderr := policies(t, policy, append([]string{"check", ecrEndpoint, roleFlag, "--no-semver", "-"}, more...)...)
				assert.Equal(t, code, got, "%v: %s", more, out+stderr)
			}
		})
	}
	t.Run("date", func(t *testing.T) {
		policy := under(`"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}`)
		for date, code := range map[string]int{"2029-12-31": 0, "2030-01-01T00:00:01Z": 3, "soon": 64} {
			got, out, stderr := policies(t, policy, "check", ecrEndpoint, roleFlag, "--no-semver", "--date", date, "-")
			assert.Equal(t, code, got, date+": "+out+stderr)
		}
	})
}

// TestPoliciesRefuseFlagsThatDoNotApply: no flag is ignored.
func TestPoliciesRefuseFlagsThatDoNotApply(t *testing.T) {
	const issuer, cluster = "--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1", "--cluster=arn:aws:eks:us-east-1:123456789012:cluster/hub"
	policy, trust := saved(t, written(t, "policy")), saved(t, written(t, "trust", issuer))
	for name, args := range map[string][]string{
		"issuer with pod identity":       {issuer, "--identity=pod-identity"},
		"cluster with irsa":              {cluster},
		"account of a private registry":  {"--account=123456789012"},
		"create-repository without one":  {"--create-repository", "--principal=hue"},
		"no-semver for hue":              {"--no-semver", "--principal=hue"},
		"flux-namespace without a trust": {"--flux-namespace=flux-system"},
		"dir and format":                 {"--dir", t.TempDir(), "--format=terraform"},
		"dir and document":               {"--dir", t.TempDir(), "--document=policy", "--principal=hue"},
		"check: issuer without a trust":  {"check", issuer, policy},
		"check: cluster without a trust": {"check", cluster, "--identity=pod-identity", policy},
		"check: cluster with irsa":       {"check", cluster, "--trust", trust, policy},
		"check: endpoint, trust only":    {"check", issuer, "--vpce=vpce-1", "--trust", trust},
		"check: tag, trust only":         {"check", issuer, "--resource-tag=a=b", "--trust", trust},
		"check: a tag without a value":   {"check", "--resource-tag=a", policy},
		"check: private address":         {"check", "--source-ip=10.0.0.1", policy},
		"check: a key that is none":      {"check", "--fact=team=red", policy},
		"check: a key twice":             {"check", "--fact=a:b=c", "--fact=A:b=d", policy},
		"check: the endpoint's region":   {"check", "--fact=aws:requestedregion=eu-west-1", policy},
		"check: a profile for nobody":    {"check", "--profile=prod", policy},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, stderr := policies(t, "", append(args, ecrEndpoint)...)
			assert.Equal(t, 64, code, out+stderr)
			assert.Empty(t, out)
			assert.Contains(t, stderr, "try: ")
		})
	}
}

// TestPoliciesIssuers: --issuer once for each cluster is what --issuer and --spoke-issuer were.
func TestPoliciesIssuers(t *testing.T) {
	const hub, spoke = "https://oidc.eks.us-east-1.amazonaws.com/id/A1", "https://oidc.eks.eu-west-1.amazonaws.com/id/B2"
	repeated := written(t, "trust", "--issuer", hub, "--issuer", spoke)
	assert.Equal(t, written(t, "trust", "--issuer", hub, "--spoke-issuer", spoke), repeated)
	assert.Equal(t, 1, strings.Count(repeated, ":hue"), "hue runs on the hub alone")
	const arn = "arn:aws:eks:us-east-1:123456789012:cluster/"
	pods := []string{"--identity=pod-identity", "--cluster", arn + "hub"}
	assert.Equal(t, written(t, "trust", append(pods, "--spoke-cluster", arn+"spoke")...), written(t, "trust", append(pods, "--cluster", arn+"spoke")...))
}

// TestPoliciesCheckNamesACommandThatRuns: whoever pastes what a finding says has a trust policy that passes.
func TestPoliciesCheckNamesACommandThatRuns(t *testing.T) {
	open := saved(t, `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}`)
	for name, args := range map[string][]string{
		"IRSA":             {roleFlag, "--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1"},
		"no role":          {"--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1"},
		"pod identity":     {roleFlag, "--identity=pod-identity", "--cluster=arn:aws:eks:us-east-1:123456789012:cluster/hub"},
		"instance profile": {roleFlag, "--identity=instance-profile"},
		"other namespaces": {roleFlag, "--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1", "--namespace=palette", "--flux-namespace=mural-system"},
		"one principal":    {roleFlag, "--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1", "--flux-namespace=flux-system", "--principal=source-controller"},
		"ECR Public":       {roleFlag, "--issuer=https://oidc.eks.us-east-1.amazonaws.com/id/A1", "--endpoint=oci://public.ecr.aws/a1b2c3d4", "--allow-public"},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(trust string) (int, string) {
				code, out, stderr := policies(t, "", append([]string{"check", ecrEndpoint, "--trust", trust, "-o=json"}, args...)...)
				return code, out + stderr
			}
			code, out := check(open)
			require.Equal(t, 3, code, out)
			command := regexp.MustCompile(`write the trust policy with: palette-ecr policies ([^"]*)"`).FindStringSubmatch(out)
			require.NotNil(t, command, out)
			code, written, stderr := policies(t, "", strings.Fields(command[1])...)
			require.Zero(t, code, "%s: %s", command[1], stderr)
			code, out = check(saved(t, written))
			assert.Zero(t, code, out)
		})
	}
}
