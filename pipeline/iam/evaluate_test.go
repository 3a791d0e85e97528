package iam_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
)

const repository = "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads"

// TestEvaluate has a row for each sentence of AWS's element reference that the evaluator follows.
func TestEvaluate(t *testing.T) {
	pull := iam.Request{Action: "ecr:BatchGetImage", Resource: repository}
	token := iam.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"}
	tests := map[string]struct {
		statement string // without Effect where it is Allow
		request   iam.Request
		want      iam.Verdict
	}{
		"exact":                       {`'Action': 'ecr:BatchGetImage', 'Resource': '` + repository + `'`, pull, iam.Allowed},
		"other action":                {`'Action': 'ecr:PutImage', 'Resource': '*'`, pull, iam.ImplicitDeny},
		"action without case":         {`'Action': 'ECR:batchgetimage', 'Resource': '*'`, pull, iam.Allowed},
		"action star":                 {`'Action': 'ecr:*', 'Resource': '*'`, pull, iam.Allowed},
		"action star of another":      {`'Action': 'ecr-public:*', 'Resource': '*'`, pull, iam.ImplicitDeny},
		"action question mark":        {`'Action': 'ecr:BatchGetImag?', 'Resource': '*'`, pull, iam.Allowed},
		"question mark is one":        {`'Action': 'ecr:BatchGetImage?', 'Resource': '*'`, pull, iam.ImplicitDeny},
		"action in the middle":        {`'Action': 'ecr:*Get*', 'Resource': '*'`, pull, iam.Allowed},
		"all actions":                 {`'Action': '*', 'Resource': '*'`, pull, iam.Allowed},
		"NotAction":                   {`'NotAction': 'ecr:PutImage', 'Resource': '*'`, pull, iam.Allowed},
		"NotAction lists it":          {`'NotAction': ['ecr:PutImage', 'ecr:Batch*'], 'Resource': '*'`, pull, iam.ImplicitDeny},
		"NotResource":                 {`'Action': 'ecr:*', 'NotResource': 'arn:aws:ecr:*:*:repository/other'`, pull, iam.Allowed},
		"NotResource lists it":        {`'Action': 'ecr:*', 'NotResource': 'arn:aws:ecr:*:*:repository/palette/*'`, pull, iam.ImplicitDeny},
		"resource is case-sensitive":  {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1:123456789012:repository/Palette/mural-workloads'`, pull, iam.ImplicitDeny},
		"other region":                {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-west-2:123456789012:repository/palette/mural-workloads'`, pull, iam.ImplicitDeny},
		"star over slashes":           {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1:123456789012:repository/*'`, pull, iam.Allowed},
		"star in a segment":           {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-*-1:123456789012:repository/palette/*'`, pull, iam.Allowed},
		"last star over colons":       {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*'`, pull, iam.Allowed},
		"inner star not over colons":  {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us*palette/mural-workloads'`, pull, iam.ImplicitDeny},
		"question mark not a colon":   {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1?123456789012:repository/*'`, pull, iam.ImplicitDeny},
		"token on star":               {`'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'`, token, iam.Allowed},
		"token on a repository":       {`'Action': 'ecr:*', 'Resource': '` + repository + `'`, token, iam.ImplicitDeny},
		"deny":                        {`'Effect': 'Deny', 'Action': '*', 'Resource': '*'`, pull, iam.ExplicitDeny},
		"deny of others":              {`'Effect': 'Deny', 'Action': 's3:*', 'Resource': '*'`, pull, iam.ImplicitDeny},
		"a trust statement":           {`'Principal': '*', 'Action': '*', 'Resource': '*'`, pull, iam.ImplicitDeny},
		"a trust statement, negative": {`'NotPrincipal': {'AWS': '1'}, 'Action': '*', 'Resource': '*'`, pull, iam.ImplicitDeny},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, document(t, test.statement).Evaluate(test.request).Verdict)
		})
	}
}

// document makes a policy of one statement, of effect Allow unless it says otherwise.
func document(t testing.TB, statement string) iam.Document {
	t.Helper()
	if len(statement) < 9 || statement[:9] != "'Effect':" {
		statement = "'Effect': 'Allow', " + statement
	}
	return parse(t, "{'Version': '2012-10-17', 'Statement': {"+statement+"}}")
}

func TestExplicitDenyWins(t *testing.T) {
	allow := document(t, `'Sid': 'All', 'Action': '*', 'Resource': '*'`)
	deny := document(t, `'Effect': 'Deny', 'Sid': 'NoPush', 'Action': 'ecr:PutImage', 'Resource': '*'`)
	push := iam.Request{Action: "ecr:PutImage", Resource: repository}
	for _, docs := range [][]iam.Document{{allow, deny}, {deny, allow}} {
		d := iam.Evaluate(docs, push)
		assert.Equal(t, iam.ExplicitDeny, d.Verdict)
		assert.Equal(t, "NoPush", d.Sid)
		assert.Equal(t, `explicit deny by statement "NoPush"`, d.String())
	}
	d := iam.Evaluate([]iam.Document{deny, allow}, iam.Request{Action: "ecr:BatchGetImage", Resource: repository})
	assert.Equal(t, iam.Decision{Verdict: iam.Allowed, Document: 1, Statement: 0, Sid: "All"}, d)
	none := iam.Evaluate(nil, push)
	assert.Equal(t, iam.Decision{Verdict: iam.ImplicitDeny, Document: -1, Statement: -1}, none)
	assert.Equal(t, "implicit deny", none.String())
}

const (
	provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A1"
	issuer   = "oidc.eks.us-east-1.amazonaws.com/id/A1"
	role     = "arn:aws:iam::123456789012:role/ci/deployer"
	session  = "arn:aws:sts::123456789012:assumed-role/deployer/run-1"
)

func TestEvaluateTrust(t *testing.T) {
	web := func(subject, audience string) iam.Request {
		return iam.Request{
			Principal: iam.Caller{Federated: provider}, Action: "sts:AssumeRoleWithWebIdentity",
			Context: map[string][]string{issuer + ":sub": {subject}, issuer + ":aud": {audience}},
		}
	}
	hue := web("system:serviceaccount:mural-system:hue", "sts.amazonaws.com")
	as := func(c iam.Caller) iam.Request { return iam.Request{Principal: c, Action: "sts:AssumeRole"} }
	irsa := `'Principal': {'Federated': '` + provider + `'}, 'Action': 'sts:AssumeRoleWithWebIdentity', 'Condition': {'%s': {'` + issuer + `:sub': '%s'}}`
	tests := map[string]struct {
		statement string
		request   iam.Request
		want      iam.Verdict
	}{
		"web identity":              {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:hue"), hue, iam.Allowed},
		"wrong namespace":           {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural:hue"), hue, iam.ImplicitDeny},
		"star under StringEquals":   {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:*"), hue, iam.ImplicitDeny},
		"star under StringLike":     {fmt.Sprintf(irsa, "StringLike", "system:serviceaccount:mural-system:*"), hue, iam.Allowed},
		"another provider":          {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:hue"), iam.Request{Principal: iam.Caller{Federated: provider + "0"}, Action: hue.Action, Context: hue.Context}, iam.ImplicitDeny},
		"another action":            {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:hue"), iam.Request{Principal: hue.Principal, Action: "sts:AssumeRole", Context: hue.Context}, iam.ImplicitDeny},
		"no principal":              {`'Action': 'sts:*', 'Resource': '*'`, hue, iam.ImplicitDeny},
		"everyone":                  {`'Principal': '*', 'Action': 'sts:*'`, hue, iam.Allowed},
		"every AWS":                 {`'Principal': {'AWS': '*'}, 'Action': 'sts:*'`, as(iam.Caller{AWS: role}), iam.Allowed},
		"service":                   {`'Principal': {'Service': ['ec2.amazonaws.com', 'pods.eks.amazonaws.com']}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{Service: "pods.eks.amazonaws.com"}), iam.Allowed},
		"other service":             {`'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{Service: "pods.eks.amazonaws.com"}), iam.ImplicitDeny},
		"a service is not an ARN":   {`'Principal': {'AWS': 'pods.eks.amazonaws.com'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{Service: "pods.eks.amazonaws.com"}), iam.ImplicitDeny},
		"account ARN":               {`'Principal': {'AWS': 'arn:aws:iam::123456789012:root'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{AWS: session, Role: role}), iam.Allowed},
		"account ID":                {`'Principal': {'AWS': '123456789012'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{AWS: session, Role: role}), iam.Allowed},
		"other account":             {`'Principal': {'AWS': '210987654321'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{AWS: session, Role: role}), iam.ImplicitDeny},
		"role of a session":         {`'Principal': {'AWS': '` + role + `'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{AWS: session, Role: role}), iam.Allowed},
		"session":                   {`'Principal': {'AWS': '` + session + `'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{AWS: session, Role: role}), iam.Allowed},
		"no wildcard in an ARN":     {`'Principal': {'AWS': 'arn:aws:iam::123456789012:role/*'}, 'Action': 'sts:AssumeRole'`, as(iam.Caller{AWS: session, Role: role}), iam.ImplicitDeny},
		"deny to all but":           {`'Effect': 'Deny', 'NotPrincipal': {'AWS': '` + role + `'}, 'Action': '*'`, as(iam.Caller{AWS: "arn:aws:iam::123456789012:user/eve"}), iam.ExplicitDeny},
		"deny, role but no account": {`'Effect': 'Deny', 'NotPrincipal': {'AWS': '` + role + `'}, 'Action': '*'`, as(iam.Caller{AWS: role}), iam.ExplicitDeny},
		"deny, listed whole":        {`'Effect': 'Deny', 'NotPrincipal': {'AWS': ['` + role + `', '123456789012', '` + session + `']}, 'Action': '*'`, as(iam.Caller{AWS: session, Role: role}), iam.ImplicitDeny},
		"deny, other session":       {`'Effect': 'Deny', 'NotPrincipal': {'AWS': ['` + role + `', '123456789012', '` + session + `']}, 'Action': '*'`, as(iam.Caller{AWS: session + "2", Role: role}), iam.ExplicitDeny},
		"allow to all but":          {`'NotPrincipal': {'AWS': '123456789012'}, 'Action': '*'`, as(iam.Caller{AWS: role}), iam.ImplicitDeny},
		"allow to another":          {`'NotPrincipal': {'AWS': '123456789012'}, 'Action': '*'`, as(iam.Caller{AWS: "arn:aws:iam::210987654321:root"}), iam.Allowed},
		"deny to all but a web":     {`'Effect': 'Deny', 'NotPrincipal': {'Federated': '` + provider + `'}, 'Action': '*'`, hue, iam.ImplicitDeny},
		"deny to all but another":   {`'Effect': 'Deny', 'NotPrincipal': {'Service': 'x'}, 'Action': '*'`, hue, iam.ExplicitDeny},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, document(t, test.statement).EvaluateTrust(test.request).Verdict)
		})
	}
}
