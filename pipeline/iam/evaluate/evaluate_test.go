package evaluate_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
)

// TestEvaluate has a row for each sentence of AWS's element reference that the evaluator follows.
func TestEvaluate(t *testing.T) {
	pull := evaluate.Request{Action: "ecr:BatchGetImage", Resource: iamtest.Repository}
	token := evaluate.Request{Action: "ecr:GetAuthorizationToken", Resource: "*"}
	tests := map[string]struct {
		statement string // without Effect where it is Allow
		request   evaluate.Request
		want      evaluate.Verdict
	}{
		"exact":                       {`'Action': 'ecr:BatchGetImage', 'Resource': '` + iamtest.Repository + `'`, pull, evaluate.Allowed},
		"other action":                {`'Action': 'ecr:PutImage', 'Resource': '*'`, pull, evaluate.ImplicitDeny},
		"action without case":         {`'Action': 'ECR:batchgetimage', 'Resource': '*'`, pull, evaluate.Allowed},
		"action star":                 {`'Action': 'ecr:*', 'Resource': '*'`, pull, evaluate.Allowed},
		"action star of another":      {`'Action': 'ecr-public:*', 'Resource': '*'`, pull, evaluate.ImplicitDeny},
		"action question mark":        {`'Action': 'ecr:BatchGetImag?', 'Resource': '*'`, pull, evaluate.Allowed},
		"question mark is one":        {`'Action': 'ecr:BatchGetImage?', 'Resource': '*'`, pull, evaluate.ImplicitDeny},
		"action in the middle":        {`'Action': 'ecr:*Get*', 'Resource': '*'`, pull, evaluate.Allowed},
		"all actions":                 {`'Action': '*', 'Resource': '*'`, pull, evaluate.Allowed},
		"NotAction":                   {`'NotAction': 'ecr:PutImage', 'Resource': '*'`, pull, evaluate.Allowed},
		"NotAction lists it":          {`'NotAction': ['ecr:PutImage', 'ecr:Batch*'], 'Resource': '*'`, pull, evaluate.ImplicitDeny},
		"NotResource":                 {`'Action': 'ecr:*', 'NotResource': 'arn:aws:ecr:*:*:repository/other'`, pull, evaluate.Allowed},
		"NotResource lists it":        {`'Action': 'ecr:*', 'NotResource': 'arn:aws:ecr:*:*:repository/palette/*'`, pull, evaluate.ImplicitDeny},
		"resource is case-sensitive":  {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1:123456789012:repository/Palette/mural-workloads'`, pull, evaluate.ImplicitDeny},
		"other region":                {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-west-2:123456789012:repository/palette/mural-workloads'`, pull, evaluate.ImplicitDeny},
		"star over slashes":           {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1:123456789012:repository/*'`, pull, evaluate.Allowed},
		"star in a segment":           {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-*-1:123456789012:repository/palette/*'`, pull, evaluate.Allowed},
		"last star over colons":       {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:*'`, pull, evaluate.Allowed},
		"inner star not over colons":  {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us*palette/mural-workloads'`, pull, evaluate.ImplicitDeny},
		"question mark not a colon":   {`'Action': 'ecr:*', 'Resource': 'arn:aws:ecr:us-east-1?123456789012:repository/*'`, pull, evaluate.ImplicitDeny},
		"token on star":               {`'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'`, token, evaluate.Allowed},
		"token on a repository":       {`'Action': 'ecr:*', 'Resource': '` + iamtest.Repository + `'`, token, evaluate.ImplicitDeny},
		"deny":                        {`'Effect': 'Deny', 'Action': '*', 'Resource': '*'`, pull, evaluate.ExplicitDeny},
		"deny of others":              {`'Effect': 'Deny', 'Action': 's3:*', 'Resource': '*'`, pull, evaluate.ImplicitDeny},
		"a trust statement":           {`'Principal': '*', 'Action': '*', 'Resource': '*'`, pull, evaluate.ImplicitDeny},
		"a trust statement, negative": {`'NotPrincipal': {'AWS': '1'}, 'Action': '*', 'Resource': '*'`, pull, evaluate.ImplicitDeny},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, evaluate.Identity([]document.Document{iamtest.Statement(t, test.statement)}, test.request).Verdict)
		})
	}
}

func TestExplicitDenyWins(t *testing.T) {
	allow := iamtest.Statement(t, `'Sid': 'All', 'Action': '*', 'Resource': '*'`)
	deny := iamtest.Statement(t, `'Effect': 'Deny', 'Sid': 'NoPush', 'Action': 'ecr:PutImage', 'Resource': '*'`)
	push := evaluate.Request{Action: "ecr:PutImage", Resource: iamtest.Repository}
	for _, docs := range [][]document.Document{{allow, deny}, {deny, allow}} {
		d := evaluate.Identity(docs, push)
		assert.Equal(t, evaluate.ExplicitDeny, d.Verdict)
		assert.Equal(t, "NoPush", d.Sid)
		assert.Equal(t, `explicit deny by statement "NoPush"`, d.String())
	}
	d := evaluate.Identity([]document.Document{deny, allow}, evaluate.Request{Action: "ecr:BatchGetImage", Resource: iamtest.Repository})
	assert.Equal(t, evaluate.Decision{Verdict: evaluate.Allowed, Document: 1, Statement: 0, Sid: "All"}, d)
	none := evaluate.Identity(nil, push)
	assert.Equal(t, evaluate.Decision{Verdict: evaluate.ImplicitDeny, Document: -1, Statement: -1}, none)
	assert.Equal(t, "implicit deny", none.String())
}

const (
	provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A1"
	issuer   = "oidc.eks.us-east-1.amazonaws.com/id/A1"
	role     = "arn:aws:iam::123456789012:role/ci/deployer"
	session  = "arn:aws:sts::123456789012:assumed-role/deployer/run-1"
)

func TestEvaluateTrust(t *testing.T) {
	web := func(subject, audience string) evaluate.Request {
		return evaluate.Request{
			Principal: evaluate.Caller{Federated: iamtest.Provider}, Action: "sts:AssumeRoleWithWebIdentity",
			Context: map[string][]string{iamtest.Issuer + ":sub": {subject}, iamtest.Issuer + ":aud": {audience}},
		}
	}
	hue := web("system:serviceaccount:mural-system:hue", "sts.amazonaws.com")
	as := func(c evaluate.Caller) evaluate.Request {
		return evaluate.Request{Principal: c, Action: "sts:AssumeRole"}
	}
	irsa := `'Principal': {'Federated': '` + iamtest.Provider + `'}, 'Action': 'sts:AssumeRoleWithWebIdentity', 'Condition': {'%s': {'` + iamtest.Issuer + `:sub': '%s'}}`
	tests := map[string]struct {
		statement string
		request   evaluate.Request
		want      evaluate.Verdict
	}{
		"web identity":              {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:hue"), hue, evaluate.Allowed},
		"wrong namespace":           {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural:hue"), hue, evaluate.ImplicitDeny},
		"star under StringEquals":   {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:*"), hue, evaluate.ImplicitDeny},
		"star under StringLike":     {fmt.Sprintf(irsa, "StringLike", "system:serviceaccount:mural-system:*"), hue, evaluate.Allowed},
		"another provider":          {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:hue"), evaluate.Request{Principal: evaluate.Caller{Federated: iamtest.Provider + "0"}, Action: hue.Action, Context: hue.Context}, evaluate.ImplicitDeny},
		"another action":            {fmt.Sprintf(irsa, "StringEquals", "system:serviceaccount:mural-system:hue"), evaluate.Request{Principal: hue.Principal, Action: "sts:AssumeRole", Context: hue.Context}, evaluate.ImplicitDeny},
		"no principal":              {`'Action': 'sts:*', 'Resource': '*'`, hue, evaluate.ImplicitDeny},
		"everyone":                  {`'Principal': '*', 'Action': 'sts:*'`, hue, evaluate.Allowed},
		"every AWS":                 {`'Principal': {'AWS': '*'}, 'Action': 'sts:*'`, as(evaluate.Caller{AWS: role}), evaluate.Allowed},
		"service":                   {`'Principal': {'Service': ['ec2.amazonaws.com', 'pods.eks.amazonaws.com']}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{Service: "pods.eks.amazonaws.com"}), evaluate.Allowed},
		"other service":             {`'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{Service: "pods.eks.amazonaws.com"}), evaluate.ImplicitDeny},
		"a service is not an ARN":   {`'Principal': {'AWS': 'pods.eks.amazonaws.com'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{Service: "pods.eks.amazonaws.com"}), evaluate.ImplicitDeny},
		"account ARN":               {`'Principal': {'AWS': 'arn:aws:iam::123456789012:root'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.Allowed},
		"account ID":                {`'Principal': {'AWS': '123456789012'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.Allowed},
		"other account":             {`'Principal': {'AWS': '210987654321'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.ImplicitDeny},
		"role of a session":         {`'Principal': {'AWS': '` + role + `'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.Allowed},
		"session":                   {`'Principal': {'AWS': '` + session + `'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.Allowed},
		"no wildcard in an ARN":     {`'Principal': {'AWS': 'arn:aws:iam::123456789012:role/*'}, 'Action': 'sts:AssumeRole'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.ImplicitDeny},
		"deny to all but":           {`'Effect': 'Deny', 'NotPrincipal': {'AWS': '` + role + `'}, 'Action': '*'`, as(evaluate.Caller{AWS: "arn:aws:iam::123456789012:user/eve"}), evaluate.ExplicitDeny},
		"deny, role but no account": {`'Effect': 'Deny', 'NotPrincipal': {'AWS': '` + role + `'}, 'Action': '*'`, as(evaluate.Caller{AWS: role}), evaluate.ExplicitDeny},
		"deny, listed whole":        {`'Effect': 'Deny', 'NotPrincipal': {'AWS': ['` + role + `', '123456789012', '` + session + `']}, 'Action': '*'`, as(evaluate.Caller{AWS: session, Role: role}), evaluate.ImplicitDeny},
		"deny, other session":       {`'Effect': 'Deny', 'NotPrincipal': {'AWS': ['` + role + `', '123456789012', '` + session + `']}, 'Action': '*'`, as(evaluate.Caller{AWS: session + "2", Role: role}), evaluate.ExplicitDeny},
		"allow to all but":          {`'NotPrincipal': {'AWS': '123456789012'}, 'Action': '*'`, as(evaluate.Caller{AWS: role}), evaluate.ImplicitDeny},
		"allow to another":          {`'NotPrincipal': {'AWS': '123456789012'}, 'Action': '*'`, as(evaluate.Caller{AWS: "arn:aws:iam::210987654321:root"}), evaluate.Allowed},
		"deny to all but a web":     {`'Effect': 'Deny', 'NotPrincipal': {'Federated': '` + iamtest.Provider + `'}, 'Action': '*'`, hue, evaluate.ImplicitDeny},
		"deny to all but another":   {`'Effect': 'Deny', 'NotPrincipal': {'Service': 'x'}, 'Action': '*'`, hue, evaluate.ExplicitDeny},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, evaluate.Resource(iamtest.Statement(t, test.statement), test.request).Verdict)
		})
	}
}
