package intake_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/intake"
)

const policy = `{"Version": "2012-10-17", "Statement": [
      {"Effect": "Allow", "Action": "ecr:PutImage", "Resource": "*"}]}`

func TestParse(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(policy)
	require.NoError(t, err)
	encoded, err := json.Marshal(url.PathEscape(policy))
	require.NoError(t, err)
	for name, test := range map[string]struct {
		file string
		kind intake.Kind
		line int // of the statement
	}{
		"a document":         {policy, intake.Bare, 2},
		"get-role-policy":    {"{\n  \"RoleName\": \"é\",\n  \"PolicyName\": \"push\",\n  \"PolicyDocument\": " + policy + "\n}", intake.Policy, 5},
		"as the API has it":  {"{\n  \"PolicyName\": \"push\", \"PolicyDocument\": " + string(encoded) + "}", intake.Policy, 2},
		"get-policy-version": {"{\"PolicyVersion\": {\n\"Document\": " + policy + ",\n\"VersionId\": \"v2\", \"IsDefaultVersion\": true}}", intake.Version, 3},
		"get-role":           {"{\"Role\": {\"Arn\": \"arn:aws:iam::123456789012:role/x\", \"AssumeRolePolicyDocument\": " + policy + "}}", intake.Trust, 2},
		"get-repository":     {"{\"registryId\": \"123456789012\",\n\"policyText\": " + string(text) + "}", intake.Repository, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := intake.Parse("in.json", []byte(test.file))
			require.NoError(t, err)
			assert.Equal(t, test.kind, f.Kind)
			require.Len(t, f.Document.Statements, 1)
			place := f.Document.Place("Statement[0].Effect")
			assert.Equal(t, test.line, place.Line)
			assert.Equal(t, "in.json", place.File)
			assert.Equal(t, strings.Split(test.file, "\n")[test.line-1], f.Document.Line(place), "the line as it stands in the file")
		})
	}
}

func TestLacks(t *testing.T) {
	t.Parallel()
	f, err := intake.Parse("l.json", []byte(`{"AttachedPolicies": [{"PolicyName": "Pull", "PolicyArn": "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"}]}`))
	require.NoError(t, err)
	require.Len(t, f.Lacks, 1)
	assert.True(t, f.Lacks[0].Attached)
	assert.Contains(t, f.Lacks[0].Command, "aws iam get-policy-version --policy-arn arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly")
	f, err = intake.Parse("l.json", []byte(`{"PolicyNames": ["push", "pull"]}`))
	require.NoError(t, err)
	assert.Len(t, f.Lacks, 2)
	f, err = intake.Parse("l.json", []byte(`{"Policy": {"Arn": "arn:aws:iam::123456789012:policy/x", "DefaultVersionId": "v3"}}`))
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:iam::123456789012:policy/x", f.Lacks[0].Name)
	f, err = intake.Parse("l.json", []byte(`{"Role": {"AssumeRolePolicyDocument": `+policy+`, "Tags": [{"Key": "team", "Value": "red"}],
		"PermissionsBoundary": {"PermissionsBoundaryArn": "arn:aws:iam::123456789012:policy/b"}}}`))
	require.NoError(t, err)
	assert.True(t, f.Lacks[0].Boundary)
	assert.Equal(t, "red", f.Tags["team"])
	f, err = intake.Parse("l.json", []byte(`{"PolicyVersion": {"Document": `+policy+`, "VersionId": "v1", "IsDefaultVersion": false}}`))
	require.NoError(t, err)
	assert.Equal(t, "v1", f.Outdated)
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for says, file := range map[string]string{
		"unexpected end of JSON input":          `{"Role": {`,
		"the policy document has no Statement":  `{}`,
		"line 1, column 34: Statement is empty": `{"PolicyDocument": {"Statement": []}}`,
		"invalid URL escape":                    `{"PolicyDocument": "%7B%zz"}`,
		"must be an object, not a list":         `[]`,
		"it is the output of get-account-authorization-details, not a policy of one role": `{"RoleDetailList": [], "Policies": []}`,
		"it is the output of list-policy-versions":                                        `{"Versions": []}`,
	} {
		_, err := intake.Parse("in.json", []byte(file))
		require.ErrorContains(t, err, says, file)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}

// FuzzParse: whatever a file has, reading it ends with a document, names, or an error that says it is wrong use.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		policy, `{"Role": {"AssumeRolePolicyDocument": ` + policy + `}}`, `{"PolicyDocument": "%7B%7D"}`, `{"PolicyDocument": "{\"Statement\": {}}"}`,
		`{"AttachedPolicies": []}`, `{"policyText": 1}`, `{"PolicyVersion": {"Document": [` + policy + `]}}`, "\xff", `{"PolicyDocument": {}, "x": {}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := intake.Parse("x", data)
		if err != nil {
			require.Equal(t, fault.Usage, fault.CodeOf(err))
			return
		}
		if in.Kind == intake.Names {
			return
		}
		require.NotEmpty(t, in.Document.Statements)
		require.NotEmpty(t, in.Document.Place("Statement[0]").File)
		again, err := intake.Parse("x", in.Document.JSON())
		require.NoError(t, err)
		require.Equal(t, string(in.Document.JSON()), string(again.Document.JSON()))
	})
}
