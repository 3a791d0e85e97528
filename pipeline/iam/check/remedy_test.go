package check_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
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

// reader follows remedies to the letter, knowing nothing but the document and the remedy's words.
type reader struct {
	doc      document.Document
	expected iam.Trust
	facts    check.Facts
}

var (
	remedyKey      = regexp.MustCompile(`^write the key as (".*")$`)
	remedyOperator = regexp.MustCompile(`^write (String\w+)$`)
	remedyValue    = regexp.MustCompile(`^write (".*"|\[.*\])$`)
	remedyAdd      = regexp.MustCompile(`^add StringEquals on (".*?") with (.*)$`)
	remedyAddTo    = regexp.MustCompile(`^add (".*?") to the values of (".*?")$`)
	remedyFact     = regexp.MustCompile(`^give --fact (\S+)=<value>`)
	place          = regexp.MustCompile(`^Statement\[(\d+)\](?:\.(\w+))?(.*)$`)
	index          = regexp.MustCompile(`\[(\d+)\]$`)
)

func texts(t *testing.T, raw string) []string {
	t.Helper()
	var one string
	if json.Unmarshal([]byte(raw), &one) == nil {
		return []string{one}
	}
	var many []string
	require.NoError(t, json.Unmarshal([]byte(raw), &many), raw)
	return many
}

func (r *reader) follow(t *testing.T, f report.Finding) {
	t.Helper()
	if strings.HasPrefix(f.Remedy, "write the trust policy with: palette-ecr policies") {
		d, err := write.Trust(r.expected)
		require.NoError(t, err)
		r.doc = d
		return
	}
	m := place.FindStringSubmatch(f.Place.Path)
	require.NotNil(t, m, "%s: %s", f.Place.Path, f.Remedy)
	var at int
	_, err := fmt.Sscan(m[1], &at)
	require.NoError(t, err)
	s := &r.doc.Statements[at]
	switch {
	case remedyKey.MatchString(f.Remedy):
		r.condition(t, s, m[3]).Key = texts(t, remedyKey.FindStringSubmatch(f.Remedy)[1])[0]
	case remedyOperator.MatchString(f.Remedy):
		r.condition(t, s, m[3]).Operator = remedyOperator.FindStringSubmatch(f.Remedy)[1]
	case remedyValue.MatchString(f.Remedy):
		values := r.values(t, s, m[2], m[3])
		written := texts(t, remedyValue.FindStringSubmatch(f.Remedy)[1])
		if i := index.FindStringSubmatch(m[3]); i != nil {
			var k int
			_, err := fmt.Sscan(i[1], &k)
			require.NoError(t, err)
			*values = slices.Replace(slices.Clone(*values), k, k+1, written...)
			return
		}
		*values = written
	case remedyAdd.MatchString(f.Remedy):
		add := remedyAdd.FindStringSubmatch(f.Remedy)
		s.Conditions = append(slices.Clone(s.Conditions), document.Condition{Operator: "StringEquals", Key: texts(t, add[1])[0], Values: texts(t, add[2])})
	case remedyAddTo.MatchString(f.Remedy):
		add := remedyAddTo.FindStringSubmatch(f.Remedy)
		for i := range s.Conditions {
			if c := &s.Conditions[i]; c.Key == texts(t, add[2])[0] {
				c.Values = append(slices.Clone(c.Values), texts(t, add[1])...)
				return
			}
		}
		t.Fatalf("there is no key %s to add to: %s", add[2], r.doc.JSON())
	case remedyFact.MatchString(f.Remedy):
		if r.facts.Keys == nil {
			r.facts.Keys = map[string]string{}
		}
		r.facts.Keys[remedyFact.FindStringSubmatch(f.Remedy)[1]] = r.condition(t, s, m[3]).Values[0]
	case strings.HasPrefix(f.Remedy, "remove it"):
		r.remove(t, at, m[2], m[3])
	default:
		t.Fatalf("nobody can follow %q at %s literally", f.Remedy, f.Place.Path)
	}
}

// condition finds the one that a path names, whose operator and key hold dots.
func (r *reader) condition(t *testing.T, s *document.Statement, rest string) *document.Condition {
	t.Helper()
	s.Conditions = slices.Clone(s.Conditions)
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if strings.HasPrefix(rest, "."+c.Operator+"."+c.Key) {
			return c
		}
	}
	t.Fatalf("there is no condition at %s", rest)
	return nil
}

func (r *reader) values(t *testing.T, s *document.Statement, element, rest string) *[]string {
	t.Helper()
	switch element {
	case "Action":
		return &s.Actions
	case "Condition":
		return &r.condition(t, s, rest).Values
	case "Principal":
		if strings.HasPrefix(rest, ".Federated") {
			return &s.Principal.Federated
		}
		return &s.Principal.Service
	}
	t.Fatalf("there are no values in %s", element)
	return nil
}

func (r *reader) remove(t *testing.T, at int, element, rest string) {
	t.Helper()
	s := &r.doc.Statements[at]
	switch element {
	case "":
		r.doc.Statements = slices.Delete(slices.Clone(r.doc.Statements), at, at+1)
	case "Resource":
		s.Resources, s.NotResources = nil, nil
	case "Condition":
		c := r.condition(t, s, rest)
		if i := index.FindStringSubmatch(rest); i != nil && len(c.Values) > 1 {
			var k int
			_, err := fmt.Sscan(i[1], &k)
			require.NoError(t, err)
			c.Values = slices.Delete(slices.Clone(c.Values), k, k+1)
			return
		}
		operator, key := c.Operator, c.Key
		s.Conditions = slices.DeleteFunc(s.Conditions, func(c document.Condition) bool { return c.Operator == operator && c.Key == key })
	default:
		t.Fatalf("nobody can remove %s", element)
	}
}

// TestRemediesEndInACleanCheck follows the first remedy again and again, as a person would who mends a trust
// policy by what the check says.
func TestRemediesEndInACleanCheck(t *testing.T) {
	t.Parallel()
	for name, test := range brokenTrusts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
			expected := test.expected
			if expected.Role == (iam.Role{}) {
				expected.Role = w.DefaultRole()
			}
			expected.Accounts = iam.ServiceAccounts(iam.Combined, "mural-system", "flux-system")
			r := &reader{doc: iamtest.Policy(t, test.trust), expected: expected}
			var followed []string
			for range 20 {
				d, err := document.Parse("trust.json", r.doc.JSON())
				require.NoError(t, err, "after %q", followed)
				result, err := check.Check{Wanted: w, Principal: iam.Combined, Trust: &d, Expected: expected, Facts: r.facts}.Result()
				require.NoError(t, err)
				if len(result.Findings) == 0 {
					assert.Empty(t, result.Unproven)
					assert.NotEmpty(t, followed, "nothing was wrong to begin with")
					return
				}
				next := slices.IndexFunc(result.Findings, func(f report.Finding) bool { return f.Severity == report.Error })
				f := result.Findings[max(next, 0)]
				followed = append(followed, f.Place.Path+": "+f.Remedy)
				r.doc = d
				r.follow(t, f)
			}
			t.Fatalf("the remedies never end:\n%s", strings.Join(followed, "\n"))
		})
	}
}

type broken struct {
	trust    string
	expected iam.Trust
}

func brokenTrusts() map[string]broken {
	const (
		hue, flux = "system:serviceaccount:mural-system:hue", "system:serviceaccount:flux-system:source-controller"
		web, aud  = "sts:AssumeRoleWithWebIdentity", `'` + iamtest.Issuer + `:aud': 'sts.amazonaws.com'`
		sub       = `'` + iamtest.Issuer + `:sub': ['` + hue + `', '` + flux + `']`
	)
	irsa := func(federated, action, condition string) broken {
		return broken{"{'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': {'Federated': '" + federated + "'}, 'Action': '" + action + "', 'Condition': {" + condition + "}}]}",
			iam.Trust{Issuers: []string{"https://" + iamtest.Issuer}}}
	}
	equals := func(keys string) broken { return irsa(iamtest.Provider, web, "'StringEquals': {"+keys+"}") }
	pods := func(action, condition string, clusters ...string) broken {
		return broken{"{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'pods.eks.amazonaws.com'}, 'Action': " + action + condition + "}}",
			iam.Trust{Mode: target.PodIdentity, Clusters: clusters}}
	}
	both := aud + ", " + sub
	denied := equals(both)
	denied.trust = strings.Replace(denied.trust, "}]}", "}, {'Effect': 'Deny', 'Principal': '*', 'Action': 'sts:*', 'Condition': {'StringLike': {'"+iamtest.Issuer+":sub': '*:hue'}}}]}", 1)
	beside := func(statement string) broken {
		b := equals(both)
		b.trust = strings.Replace(b.trust, "'Statement': [", "'Statement': ["+statement+", ", 1)
		return b
	}
	spokes := equals(both)
	spokes.expected.Issuers = append(spokes.expected.Issuers, "https://oidc.eks.eu-west-1.amazonaws.com/id/SPOKE")
	all := map[string]broken{
		"provider of another cluster":    irsa(strings.Replace(iamtest.Provider, "A1", "B2", 1), web, "'StringEquals': {"+aud+", "+sub+"}"),
		"all but one account":            irsa(iamtest.Provider, web, "'StringEquals': {"+aud+"}, 'StringNotEquals': {'"+iamtest.Issuer+":sub': 'system:serviceaccount:default:default'}"),
		"all but hue":                    irsa(iamtest.Provider, web, "'StringEquals': {"+aud+"}, 'StringNotEquals': {'"+iamtest.Issuer+":sub': '"+hue+"'}"),
		"all that are not like":          irsa(iamtest.Provider, web, "'StringEquals': {"+aud+"}, 'StringNotLike': {'"+iamtest.Issuer+":sub': 'system:serviceaccount:kube-*:*'}"),
		"subject must exist":             irsa(iamtest.Provider, web, "'StringEquals': {"+aud+"}, 'Null': {'"+iamtest.Issuer+":sub': 'false'}"),
		"https in the ARN":               irsa(strings.Replace(iamtest.Provider, "oidc-provider/", "oidc-provider/https://", 1), web, "'StringEquals': {"+both+"}"),
		"https in the ARN and the keys":  irsa(strings.Replace(iamtest.Provider, "oidc-provider/", "oidc-provider/https://", 1), web, "'StringEquals': {"+strings.ReplaceAll(both, "'oidc", "'https://oidc")+"}"),
		"https in the keys":              equals(strings.ReplaceAll(both, "'oidc", "'https://oidc")),
		"one key of another issuer":      equals(strings.Replace(both, "/A1:sub", "/B2:sub", 1)),
		"issuer instead of the provider": irsa("https://"+iamtest.Issuer, web, "'StringEquals': {"+both+"}"),
		"placeholders":                   irsa("arn:aws:iam::<account-id>:oidc-provider/oidc.eks.<region>.amazonaws.com/id/<id>", web, "'StringEquals': {'oidc.eks.<region>.amazonaws.com/id/<id>:aud': 'sts.amazonaws.com', 'oidc.eks.<region>.amazonaws.com/id/<id>:sub': 'system:serviceaccount:<namespace>:hue'}"),
		"another region":                 irsa(strings.Replace(iamtest.Provider, "us-east-1", "us-west-2", 1), web, "'StringEquals': {"+strings.ReplaceAll(both, "us-east-1", "us-west-2")+"}"),
		"another account":                irsa(strings.Replace(iamtest.Provider, "123456789012", "210987654321", 1), web, "'StringEquals': {"+both+"}"),
		"another partition":              irsa(strings.Replace(iamtest.Provider, "arn:aws:", "arn:aws-cn:", 1), web, "'StringEquals': {"+both+"}"),
		"action of roles":                irsa(iamtest.Provider, "sts:AssumeRole", "'StringEquals': {"+both+"}"),
		"no audience":                    equals(sub),
		"another audience":               equals("'" + iamtest.Issuer + ":aud': 'sts.amazonaws.com.cn', " + sub),
		"no subject":                     equals(aud),
		"hue alone":                      equals(aud + ", '" + iamtest.Issuer + ":sub': '" + hue + "'"),
		"another namespace":              equals(strings.ReplaceAll(both, "mural-system", "default")),
		"swapped":                        equals("'" + iamtest.Issuer + ":sub': 'sts.amazonaws.com', '" + iamtest.Issuer + ":aud': ['" + hue + "', '" + flux + "']"),
		"star under StringEquals":        equals(aud + ", '" + iamtest.Issuer + ":sub': 'system:serviceaccount:mural-system:*'"),
		"star under StringLike":          irsa(iamtest.Provider, web, "'StringEquals': {"+aud+"}, 'StringLike': {'"+iamtest.Issuer+":sub': 'system:serviceaccount:*:*'}"),
		"for all values":                 irsa(iamtest.Provider, web, "'ForAllValues:StringEquals': {"+both+"}"),
		"if exists":                      irsa(iamtest.Provider, web, "'StringEqualsIfExists': {"+both+"}"),
		"no operator of IAM":             irsa(iamtest.Provider, web, "'StringMatches': {"+both+"}"),
		"somebody else too":              equals(strings.Replace(both, "['", "['system:serviceaccount:kube-system:default', '", 1)),
		"a variable":                     equals(strings.Replace(both, "['", "['${aws:username}', '", 1)),
		"an external ID":                 equals(both + ", 'sts:ExternalId': 'x'"),
		"a claim that EKS lacks":         equals(both + ", '" + iamtest.Issuer + ":amr': 'x'"),
		"an unknown key":                 equals(both + ", 'aws:SourceVpc': 'vpc-1'"),
		"a space behind hue":             equals(strings.Replace(both, ":hue'", ":hue '", 1)),
		"not another action":             beside(`{'Effect': 'Allow', 'Principal': {'Federated': '` + iamtest.Provider + `'}, 'NotAction': 'sts:AssumeRoleWithWebIdentity', 'Condition': {'StringEquals': {` + both + `}}}`),
		"a SAML provider too":            beside(`{'Effect': 'Allow', 'Principal': {'Federated': 'arn:aws:iam::123456789012:saml-provider/x'}, 'Action': 'sts:AssumeRoleWithSAML'}`),
		"GitHub too":                     beside(`{'Effect': 'Allow', 'Principal': {'Federated': 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com'}, 'Action': 'sts:AssumeRoleWithWebIdentity', 'Condition': {'StringLike': {'token.actions.githubusercontent.com:sub': 'repo:org/name:*'}}}`),
		"another account too":            beside(`{'Effect': 'Allow', 'Principal': {'AWS': 'arn:aws:iam::999999999999:root'}, 'Action': 'sts:AssumeRole'}`),
		"denied":                         denied,
		"a spoke is missing":             spokes,
		"everyone":                       {`{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'AWS': '*'}, 'Action': 'sts:*'}}`, iam.Trust{Issuers: []string{iamtest.Issuer}}},
		"everyone but":                   {`{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'NotPrincipal': {'AWS': '123456789012'}, 'Action': 'sts:*'}}`, iam.Trust{Issuers: []string{iamtest.Issuer}}},
		"what the role may do":           {`{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Action': 'ecr:*', 'Resource': '*'}}`, iam.Trust{Issuers: []string{iamtest.Issuer}}},
		"with a resource":                {strings.Replace(equals(both).trust, "'Action'", "'Resource': '*', 'Action'", 1), iam.Trust{Issuers: []string{iamtest.Issuer}}},
		"pods, anyone":                   pods("['sts:AssumeRole', 'sts:TagSession']", ""),
		"pods, no session tags":          pods("'sts:AssumeRole'", ""),
		"pods, hue only":                 pods("'sts:*'", ", 'Condition': {'StringEquals': {'aws:RequestTag/kubernetes-service-account': 'hue'}}"),
		"pods, another cluster":          pods("'sts:*'", ", 'Condition': {'ArnEquals': {'aws:SourceArn': 'arn:aws:eks:us-east-1:123456789012:cluster/x'}}", "arn:aws:eks:us-east-1:123456789012:cluster/hub"),
		"pods, of EC2":                   {"{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'}}", iam.Trust{Mode: target.PodIdentity}},
		"node, of another partition":     {"{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'ec2.amazonaws.com.cn'}, 'Action': 'sts:AssumeRole'}}", iam.Trust{Mode: target.InstanceProfile}},
		"node, another service":          {"{'Version': '2012-10-17', 'Statement': {'Effect': 'Allow', 'Principal': {'Service': 'lambda.amazonaws.com'}, 'Action': 'sts:AssumeRole'}}", iam.Trust{Mode: target.InstanceProfile}},
	}
	return all
}
