package check_test

import (
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
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// checkTrust checks a trust policy of the combined role in the usual place.
func checkTrust(t testing.TB, text string, expected iam.Trust) []string {
	t.Helper()
	d, err := document.Parse("trust.json", []byte(strings.ReplaceAll(text, "'", `"`)))
	require.NoError(t, err)
	w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
	if expected.Role == (iam.Role{}) {
		expected.Role = w.DefaultRole()
	}
	if expected.Accounts == nil {
		expected.Accounts = iam.ServiceAccounts(iam.Combined, "mural-system", "")
	}
	findings, err := check.Check{Wanted: w, Principal: iam.Combined, Trust: &d, Expected: expected}.Findings()
	require.NoError(t, err)
	return seen(t, findings)
}

func TestCheckTrustOfTheGuide(t *testing.T) {
	assert.Equal(t, []string{"warning L12 Statement[0].Condition: the statement has no audience: a token made for another service is taken too"},
		checkTrust(t, string(iamtest.Guide(t, "trust")), iam.Trust{Issuers: []string{"https://" + iamtest.Issuer}}))
}

func TestCheckTrust(t *testing.T) {
	const (
		hue  = "system:serviceaccount:mural-system:hue"
		flux = "system:serviceaccount:mural-system:source-controller"
		both = `'` + iamtest.Issuer + `:aud': 'sts.amazonaws.com', '` + iamtest.Issuer + `:sub': ['` + hue + `', '` + flux + `']`
	)
	// trust makes a statement from its three parts.
	trust := func(federated, action, condition string) string {
		return fmt.Sprintf("{'Version': '2012-10-17', 'Statement': [\n{'Effect': 'Allow', 'Principal': {'Federated': '%s'}, 'Action': '%s', 'Condition': {%s}}]}", federated, action, condition)
	}
	const web = "sts:AssumeRoleWithWebIdentity"
	equals := func(keys string) string { return trust(iamtest.Provider, web, `'StringEquals': {`+keys+`}`) }
	swap := func(from, to string) string { return equals(strings.ReplaceAll(both, from, to)) }
	at := "Statement[0].Condition.StringEquals." + iamtest.Issuer
	tests := map[string]struct {
		trust string
		want  []string
	}{
		"right":                     {equals(both), nil},
		"right, by StringLike":      {trust(iamtest.Provider, web, `'StringLike': {`+both+`}`), nil},
		"right, with star actions":  {trust(iamtest.Provider, "sts:AssumeRole*", `'StringEquals': {`+both+`}`), nil},
		"subjects in two operators": {trust(iamtest.Provider, web, `'StringEquals': {'`+iamtest.Issuer+`:aud': 'sts.amazonaws.com'}, 'StringLike': {'`+iamtest.Issuer+`:sub': ['`+hue+`', '`+flux+`']}`), nil},
		"no source-controller": {equals(`'` + iamtest.Issuer + `:aud': 'sts.amazonaws.com', '` + iamtest.Issuer + `:sub': '` + hue + `'`),
			[]string{"error L12 Statement[0].Condition: " + flux + " of cluster " + iamtest.Issuer + " may not take the role: no statement names it"}},
		"wrong namespace": {swap("mural-system:hue", "default:hue"),
			[]string{"error L12 " + at + `:sub[0]: it names namespace "default", but hue runs in "mural-system"`}},
		"wildcard under StringEquals": {equals(`'` + iamtest.Issuer + `:aud': 'sts.amazonaws.com', '` + iamtest.Issuer + `:sub': 'system:serviceaccount:mural-system:*'`),
			[]string{"error L12 " + at + `:sub[0]: under StringEquals the * and ? in "system:serviceaccount:mural-system:*" are plain characters: no token has them`}},
		"wildcard under StringLike": {trust(iamtest.Provider, web, `'StringEquals': {'`+iamtest.Issuer+`:aud': 'sts.amazonaws.com'}, 'StringLike': {'`+iamtest.Issuer+`:sub': 'system:serviceaccount:*:*'}`),
			[]string{"error L12 Statement[0].Condition.StringLike." + iamtest.Issuer + `:sub[0]: "system:serviceaccount:*:*" lets every pod of the cluster take the role`}},
		"wildcard for a namespace": {trust(iamtest.Provider, web, `'StringEquals': {'`+iamtest.Issuer+`:aud': 'sts.amazonaws.com'}, 'StringLike': {'`+iamtest.Issuer+`:sub': 'system:serviceaccount:mural-system:*'}`),
			[]string{"warning L12 Statement[0].Condition.StringLike." + iamtest.Issuer + `:sub[0]: "system:serviceaccount:mural-system:*" lets other service accounts take the role too`}},
		"swapped": {equals(`'` + iamtest.Issuer + `:sub': 'sts.amazonaws.com', '` + iamtest.Issuer + `:aud': ['` + hue + `', '` + flux + `']`),
			[]string{
				"error L12 " + at + `:sub[0]: the values of :sub and :aud are swapped: "sts.amazonaws.com" is no subject`,
				"error L12 " + at + `:aud[0]: the values of :sub and :aud are swapped: "` + hue + `" is no audience`,
				"error L12 " + at + `:aud[1]: the values of :sub and :aud are swapped: "` + flux + `" is no audience`}},
		"no subject": {equals(`'` + iamtest.Issuer + `:aud': 'sts.amazonaws.com'`),
			[]string{"error L12 Statement[0]: the statement does not say which service account: every pod of the cluster may take the role"}},
		"another audience": {swap("sts.amazonaws.com'", "sts.amazonaws.com.cn'"),
			[]string{"error L12 " + at + ":aud: the audience is sts.amazonaws.com.cn, but the tokens of pods are made for sts.amazonaws.com"}},
		"another condition": {equals(both + `, 'aws:SourceVpc': 'vpc-1'`),
			[]string{
				"warning L12 Statement[0].Condition.StringEquals.aws:SourceVpc: the trust policy holds only where StringEquals on aws:SourceVpc is vpc-1, whose value is not known here"}},
		"an unresolved variable": {swap("['"+hue, "['${aws:username}', '"+hue),
			[]string{
				"error L12 " + at + ":sub: " + hue + " of cluster " + iamtest.Issuer + ` may not take the role: statement 1: a variable in "${aws:username}" has no value`,
				"error L12 " + at + ":sub: " + flux + " of cluster " + iamtest.Issuer + ` may not take the role: statement 1: a variable in "${aws:username}" has no value`}},
		"key of another issuer": {swap("/A1:sub", "/B2:sub"),
			[]string{"error L12 Statement[0].Condition.StringEquals." + strings.Replace(iamtest.Issuer, "A1", "B2", 1) + ":sub: the key is of issuer " + strings.Replace(iamtest.Issuer, "A1", "B2", 1) + ", but the statement trusts " + iamtest.Issuer}},
		"key with https": {swap(iamtest.Issuer+":sub", "https://"+iamtest.Issuer+":sub"),
			[]string{"error L12 Statement[0].Condition.StringEquals.https://" + iamtest.Issuer + `:sub: the key "https://` + iamtest.Issuer + `:sub" begins with https://: no request has such a key`}},
		"for all values": {trust(iamtest.Provider, web, `'ForAllValues:StringEquals': {`+both+`}`),
			[]string{
				"warning L12 Statement[0].Condition.ForAllValues:StringEquals." + iamtest.Issuer + ":aud: ForAllValues:StringEquals holds for a token without the claim too",
				"warning L12 Statement[0].Condition.ForAllValues:StringEquals." + iamtest.Issuer + ":sub: ForAllValues:StringEquals holds for a token without the claim too"}},
		"unknown operator": {trust(iamtest.Provider, web, `'StringMatches': {`+both+`}`),
			[]string{
				"error L12 Statement[0].Condition.StringMatches." + iamtest.Issuer + `:aud: "StringMatches" is not one of IAM's condition operators`,
				"error L12 Statement[0].Condition.StringMatches." + iamtest.Issuer + `:sub: "StringMatches" is not one of IAM's condition operators`}},
		"action of roles": {trust(iamtest.Provider, "sts:AssumeRole", `'StringEquals': {`+both+`}`),
			[]string{"error L12 Statement[0].Action: a web identity takes a role with sts:AssumeRoleWithWebIdentity, not with sts:AssumeRole"}},
		"partition": {trust(strings.Replace(iamtest.Provider, "arn:aws:", "arn:aws-cn:", 1), web, `'StringEquals': {`+both+`}`),
			[]string{"error L12 Statement[0].Principal.Federated[0]: the provider is in partition aws-cn, but the role is in aws"}},
		"account": {trust(strings.Replace(iamtest.Provider, "123456789012", "210987654321", 1), web, `'StringEquals': {`+both+`}`),
			[]string{"error L12 Statement[0].Principal.Federated[0]: the provider is in account 210987654321, but the role is in 123456789012: the provider must be in the role's account"}},
		"region": {strings.ReplaceAll(equals(both), "oidc.eks.us-east-1", "oidc.eks.us-west-2"),
			[]string{"error L12 Statement[0].Principal.Federated[0]: the provider is of issuer oidc.eks.us-west-2.amazonaws.com/id/A1, but the cluster's issuer is " + iamtest.Issuer}},
		"provider of another cluster": {trust(strings.Replace(iamtest.Provider, "A1", "B2", 1), web, `'StringEquals': {`+both+`}`),
			[]string{"error L12 Statement[0].Principal.Federated[0]: the provider is of issuer " + strings.Replace(iamtest.Issuer, "A1", "B2", 1) + ", but the conditions are about the cluster of issuer " + iamtest.Issuer}},
		"https in the ARN": {trust(strings.Replace(iamtest.Provider, "oidc-provider/", "oidc-provider/https://", 1), web, `'StringEquals': {`+both+`}`),
			[]string{
				"error L12 Statement[0].Principal.Federated[0]: the provider's ARN has https:// in it, which IAM's ARNs don't"}},
		"placeholders": {strings.ReplaceAll(equals(both), "us-east-1", "<region>"),
			[]string{`error L12 Statement[0].Principal.Federated[0]: "` + strings.Replace(iamtest.Provider, "us-east-1", "<region>", 1) + `" still holds a placeholder`}},
		"the issuer as principal": {trust("https://"+strings.TrimPrefix(iamtest.Issuer, ""), web, `'StringEquals': {`+both+`}`),
			[]string{`error L12 Statement[0].Principal.Federated[0]: "https://` + iamtest.Issuer + `" is not the ARN of an OIDC provider`}},
		"another cluster": {strings.ReplaceAll(equals(both), "/A1", "/ZZ"),
			[]string{
				"info L12 Statement[0].Principal.Federated[0]: the statement trusts " + strings.Replace(iamtest.Issuer, "/A1", "/ZZ", 1) + ", which is none of the clusters given",
				"error L12 Statement: no statement trusts " + iamtest.Provider + ", and so " + hue + " cannot take the role there",
				"error L12 Statement: no statement trusts " + iamtest.Provider + ", and so " + flux + " cannot take the role there"}},
		"somebody else": {swap("['"+hue, "['system:serviceaccount:kube-system:default', '"+hue),
			[]string{"warning L12 " + at + ":sub[0]: it lets \"system:serviceaccount:kube-system:default\" take the role, who need not"}},
		"every action but another": {strings.Replace(equals(both), "'Action': 'sts:AssumeRoleWithWebIdentity'", "'NotAction': 'sts:AssumeRole'", 1), nil},
		"the world": {`{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'AWS': '*'}, 'Action': 'sts:*'}}`,
			[]string{`error L12 Statement[0].Principal: Principal "*" lets every AWS account in the world take the role`}},
		"the world but": {`{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'NotPrincipal': {'AWS': '1'}, 'Action': 'sts:*'}}`,
			[]string{"error L12 Statement[0].NotPrincipal: NotPrincipal with Allow lets everybody else take the role"}},
		"no trust policy": {string(iamtest.Guide(t, "private")),
			[]string{
				"error L12 Statement[0]: the statement has no Principal: this is not a trust policy",
				"error L12 Statement[0].Resource: IAM refuses a Resource in a trust policy",
				"error L12 Statement[1]: the statement has no Principal: this is not a trust policy",
				"error L12 Statement[1].Resource: IAM refuses a Resource in a trust policy",
				"error L12 Statement: no statement trusts " + iamtest.Provider + ", and so " + hue + " cannot take the role there",
				"error L12 Statement: no statement trusts " + iamtest.Provider + ", and so " + flux + " cannot take the role there"}},
		"denied": {strings.Replace(equals(both), "}]}", "}, {'Effect': 'Deny', 'Principal': '*', 'Action': 'sts:*', 'Condition': {'StringLike': {'"+iamtest.Issuer+":sub': '*:hue'}}}]}", 1),
			[]string{"error L12 Statement[1]: a Deny keeps " + hue + " from taking the role"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, checkTrust(t, test.trust, iam.Trust{Issuers: []string{"https://" + iamtest.Issuer}}))
		})
	}
	t.Run("of spokes", func(t *testing.T) {
		spoke := strings.Replace(iamtest.Issuer, "A1", "SPOKE", 1)
		assert.Equal(t, []string{"error L12 Statement: no statement trusts arn:aws:iam::123456789012:oidc-provider/" + spoke + ", and so " + flux + " cannot take the role there"},
			checkTrust(t, equals(both), iam.Trust{Issuers: []string{iamtest.Issuer, spoke}}), "hue does not run there")
	})
	t.Run("without issuers", func(t *testing.T) {
		assert.Empty(t, checkTrust(t, equals(both), iam.Trust{}), "those of the document are taken")
		assert.Equal(t, []string{"error L12 Statement: no statement trusts an OIDC provider, and so no pod can take the role with IRSA"},
			checkTrust(t, `{'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'}}`, iam.Trust{}))
	})
	t.Run("too long", func(t *testing.T) {
		var issuers []string
		for i := range 20 {
			issuers = append(issuers, fmt.Sprintf("https://oidc.eks.us-east-1.amazonaws.com/id/%032d", i))
		}
		expected := iam.Trust{Role: iamtest.Wanted(t, iamtest.PrivateEndpoint).DefaultRole(), Accounts: iam.ServiceAccounts(iam.SourceController, "mural-system", ""), Issuers: issuers}
		d, err := write.Trust(expected)
		require.NoError(t, err)
		got := checkTrust(t, string(d.JSON()), expected)
		require.Len(t, got, 1)
		assert.Regexp(t, `^warning L12 Statement: the trust policy has \d+ characters; IAM takes 2048`, got[0])
	})
}

func TestCheckServiceTrust(t *testing.T) {
	pods := func(action, condition string) string {
		return `{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'pods.eks.amazonaws.com'}, 'Action': ` + action + condition + `}}`
	}
	ec2 := func(service string) string {
		return `{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': '` + service + `'}, 'Action': 'sts:AssumeRole'}}`
	}
	const hues = `, 'Condition': {'StringEquals': {'aws:RequestTag/kubernetes-namespace': 'mural-system', 'aws:RequestTag/kubernetes-service-account': 'hue'}}`
	const anyone = "info L12 Statement[0]: any pod identity association of the account may use the role"
	china := iam.Role{Partition: "aws-cn", Account: "123456789012", Path: "/", Name: "x"}
	tests := map[string]struct {
		trust    string
		expected iam.Trust
		want     []string
	}{
		"as in AWS's page":  {pods(`['sts:AssumeRole', 'sts:TagSession']`, ""), iam.Trust{Mode: target.PodIdentity}, []string{anyone}},
		"no tags":           {pods(`'sts:AssumeRole'`, ""), iam.Trust{Mode: target.PodIdentity}, []string{"error L12 Statement[0].Action: EKS Pod Identity needs sts:TagSession as well", anyone}},
		"hue only":          {pods(`'sts:*'`, hues), iam.Trust{Mode: target.PodIdentity}, []string{"error L12 Statement[0].Condition: source-controller in namespace mural-system is kept out by the conditions on aws:RequestTag/kubernetes-service-account"}},
		"that of EC2":       {ec2("ec2.amazonaws.com"), iam.Trust{Mode: target.PodIdentity}, []string{"error L12 Statement: no statement trusts the service pods.eks.amazonaws.com"}},
		"a cluster by name": {pods(`'sts:*'`, `, 'Condition': {'StringEquals': {'aws:RequestTag/eks-cluster-name': 'hub'}}`), iam.Trust{Mode: target.PodIdentity, Clusters: []string{"arn:aws:eks:us-east-1:123456789012:cluster/hub"}}, nil},
		"node":              {ec2("ec2.amazonaws.com"), iam.Trust{Mode: target.InstanceProfile}, nil},
		"node in China":     {ec2("ec2.amazonaws.com.cn"), iam.Trust{Mode: target.InstanceProfile, Role: china}, nil},
		"as in aws":         {ec2("ec2.amazonaws.com"), iam.Trust{Mode: target.InstanceProfile, Role: china}, []string{"warning L12 Statement[0].Principal.Service[0]: the service of EC2 in partition aws-cn is ec2.amazonaws.com.cn, not ec2.amazonaws.com"}},
		"as in China":       {ec2("ec2.amazonaws.com.cn"), iam.Trust{Mode: target.InstanceProfile}, []string{"error L12 Statement[0].Principal.Service[0]: the service of EC2 in partition aws is ec2.amazonaws.com, not ec2.amazonaws.com.cn"}},
		"no node":           {ec2("lambda.amazonaws.com"), iam.Trust{Mode: target.InstanceProfile}, []string{"error L12 Statement: no statement lets ec2.amazonaws.com take the role with sts:AssumeRole"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, checkTrust(t, test.trust, test.expected))
		})
	}
}

// TestExpectedIsNotTouched: the caller's list of issuers stays as it was given.
func TestExpectedIsNotTouched(t *testing.T) {
	issuers := []string{"https://" + iamtest.Issuer}
	checkTrust(t, string(iamtest.Guide(t, "trust")), iam.Trust{Issuers: issuers})
	assert.Equal(t, []string{"https://" + iamtest.Issuer}, issuers)
	d := iamtest.Statement(t, `'Principal': '*', 'Action': 'sts:*'`)
	_, err := check.Check{Wanted: iamtest.Wanted(t, iamtest.PrivateEndpoint), Principal: iam.Hue, Trust: &d, Expected: iam.Trust{Issuers: []string{"http://x"}}}.Findings()
	require.ErrorContains(t, err, `reading OIDC issuer "http://x"`)
	assert.Equal(t, report.Error, check.Rules()[0].Severity)
}
