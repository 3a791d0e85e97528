package iam_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const (
	privateEndpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	publicEndpoint  = "oci://public.ecr.aws/a1b2c3d4"
)

func wanted(t testing.TB, endpoint string) iam.Wanted {
	t.Helper()
	r, err := registry.Parse(endpoint)
	require.NoError(t, err)
	repository, err := r.Repository("mural-workloads")
	require.NoError(t, err)
	return iam.Wanted{Repository: repository, Account: "123456789012"}
}

// guide is a policy of the guide with its placeholders filled in.
func guide(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "guide", name+".json"))
	require.NoError(t, err)
	return []byte(strings.NewReplacer("<region>", "us-east-1", "<account-id>", "123456789012", "<ecr-namespace>", "palette",
		"<ecr-repo-name>", "mural-workloads", "<provider-id>", "A1", "<helm-release-namespace>", "mural-system").Replace(string(data)))
}

// TestCombinedIsTheGuides: without semver references, one role for both is the guide's policy to the byte.
func TestCombinedIsTheGuides(t *testing.T) {
	for name, endpoint := range map[string]string{"private": privateEndpoint, "public": publicEndpoint} {
		t.Run(name, func(t *testing.T) {
			d, err := wanted(t, endpoint).Policy(iam.Combined)
			require.NoError(t, err)
			assert.Equal(t, string(guide(t, name)), string(d.JSON()))
		})
	}
}

// TestTrustIsTheGuidesWithAudience: the guide's trust policy lacks the audience, and nothing else differs.
func TestTrustIsTheGuidesWithAudience(t *testing.T) {
	role := wanted(t, privateEndpoint).DefaultRole()
	d, err := iam.Trust{Role: role, Accounts: iam.ServiceAccounts(iam.Combined, "mural-system", ""), Issuers: []string{"https://" + issuer}}.Document()
	require.NoError(t, err)
	require.Equal(t, iam.Condition{Operator: "StringEquals", Key: issuer + ":aud", Values: []string{"sts.amazonaws.com"}}, d.Statements[0].Conditions[0])
	d.Statements[0].Conditions = d.Statements[0].Conditions[1:]
	assert.Equal(t, string(guide(t, "trust")), string(d.JSON()))
}

// TestLeastPrivilege: each need is granted, and each action taken away is denied again.
func TestLeastPrivilege(t *testing.T) {
	endpoints := map[string]string{
		"private": privateEndpoint,
		"public":  publicEndpoint,
		"china":   "oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/palette",
		"gov":     "oci://123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
	}
	for name, endpoint := range endpoints {
		for _, p := range []iam.Principal{iam.Hue, iam.SourceController, iam.Operator, iam.Combined} {
			t.Run(name+"/"+string(p), func(t *testing.T) {
				w := wanted(t, endpoint)
				w.Semver, w.Create = true, true
				needs, err := w.Needs(p)
				require.NoError(t, err)
				d, err := w.Policy(p)
				require.NoError(t, err)
				granted := 0
				for _, s := range d.Statements {
					granted += len(s.Actions)
				}
				assert.Len(t, needs, granted, "the policy grants exactly the needs")
				for _, need := range needs {
					assert.NotEmpty(t, need.Why)
					assert.True(t, d.Evaluate(iam.Request{Action: need.Action, Resource: need.Resource}).Allowed(), need.Action)
					if need.Resource != "*" {
						assert.False(t, d.Evaluate(iam.Request{Action: need.Action, Resource: need.Resource + "2"}).Allowed(), "another repository")
					}
				}
			})
		}
	}
}

// TestWhoMayWhat is the table of domain 5.5 and of AWS's pages, by hand.
func TestWhoMayWhat(t *testing.T) {
	w := wanted(t, privateEndpoint)
	w.Semver = true
	may := map[string][]iam.Principal{
		"ecr:PutImage":                    {iam.Hue, iam.Operator, iam.Combined},
		"ecr:InitiateLayerUpload":         {iam.Hue, iam.Operator, iam.Combined},
		"ecr:UploadLayerPart":             {iam.Hue, iam.Operator, iam.Combined},
		"ecr:CompleteLayerUpload":         {iam.Hue, iam.Operator, iam.Combined},
		"ecr:BatchCheckLayerAvailability": {iam.Hue, iam.SourceController, iam.Operator, iam.Combined},
		"ecr:BatchGetImage":               {iam.Hue, iam.SourceController, iam.Operator, iam.Combined},
		"ecr:GetDownloadUrlForLayer":      {iam.SourceController, iam.Operator, iam.Combined},
		"ecr:ListImages":                  {iam.SourceController, iam.Operator, iam.Combined},
		"ecr:DescribeImages":              {iam.Operator},
		"ecr:DescribeRepositories":        {iam.Operator},
		"ecr:CreateRepository":            nil,
		"ecr:BatchDeleteImage":            nil,
		"ecr:SetRepositoryPolicy":         nil,
	}
	for action, who := range may {
		for _, p := range []iam.Principal{iam.Hue, iam.SourceController, iam.Operator, iam.Combined} {
			d, err := w.Policy(p)
			require.NoError(t, err)
			decision := d.Evaluate(iam.Request{Action: action, Resource: repository})
			assert.Equal(t, containsPrincipal(who, p), decision.Allowed(), "%s by %s", action, p)
		}
	}
}

func containsPrincipal(list []iam.Principal, p iam.Principal) bool {
	for _, one := range list {
		if one == p {
			return true
		}
	}
	return false
}

func TestNeedsRefuses(t *testing.T) {
	zot, err := registry.Parse("oci://zot.mural-system.svc.cluster.local:5000")
	require.NoError(t, err)
	repository, err := zot.Repository("mural-workloads")
	require.NoError(t, err)
	nameless := wanted(t, publicEndpoint)
	nameless.Account = ""
	short := nameless
	short.Account = "1234-5678-9012"
	tests := map[string]struct {
		wanted iam.Wanted
		says   string
	}{
		"zot":                    {iam.Wanted{Repository: repository}, "it is not Amazon ECR"},
		"public without account": {nameless, "the address of ECR Public does not tell its account"},
		"odd account":            {short, `"1234-5678-9012" is no AWS account`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := test.wanted.Policy(iam.Hue)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
}

func TestTrustModes(t *testing.T) {
	accounts := iam.ServiceAccounts(iam.Combined, "mural-system", "flux-system")
	role := iam.Role{Partition: "aws", Account: "123456789012", Path: "/", Name: "palette-ecr"}
	web := func(r iam.Role, issuer, subject string) iam.Request {
		return iam.WebIdentity(r, issuer, subject, "sts.amazonaws.com")
	}
	t.Run("irsa with every cluster", func(t *testing.T) {
		issuers := []string{"https://oidc.eks.us-east-1.amazonaws.com/id/A1", "https://oidc-eks.eu-west-1.api.aws/id/B2", "https://issuer.example.com/spoke/3"}
		d, err := iam.Trust{Mode: target.IRSA, Role: role, Accounts: accounts, Issuers: issuers}.Document()
		require.NoError(t, err)
		for n, i := range issuers {
			assert.Equal(t, n == 0, d.EvaluateTrust(web(role, i, "system:serviceaccount:mural-system:hue")).Allowed(), "hue runs on the hub alone: %s", i)
			assert.True(t, d.EvaluateTrust(web(role, i, "system:serviceaccount:flux-system:source-controller")).Allowed(), i)
			assert.False(t, d.EvaluateTrust(web(role, i, "system:serviceaccount:mural-system:source-controller")).Allowed(), i)
			assert.False(t, d.EvaluateTrust(iam.WebIdentity(role, i, "system:serviceaccount:mural-system:hue", "kubernetes.default.svc")).Allowed(), i)
		}
		assert.False(t, d.EvaluateTrust(web(role, "https://oidc.eks.us-east-1.amazonaws.com/id/ZZ", "system:serviceaccount:mural-system:hue")).Allowed())
	})
	t.Run("pod identity", func(t *testing.T) {
		d, err := iam.Trust{Mode: target.PodIdentity, Role: role, Accounts: accounts, Clusters: []string{"arn:aws:eks:us-east-1:123456789012:cluster/hub"}}.Document()
		require.NoError(t, err)
		for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
			r := iam.Request{Principal: iam.Caller{Service: "pods.eks.amazonaws.com"}, Action: action, Context: map[string][]string{
				"aws:RequestTag/kubernetes-namespace": {"mural-system"}, "aws:RequestTag/kubernetes-service-account": {"hue"},
				"aws:RequestTag/eks-cluster-arn": {"arn:aws:eks:us-east-1:123456789012:cluster/hub"},
			}}
			assert.True(t, d.EvaluateTrust(r).Allowed())
			r.Context["aws:RequestTag/kubernetes-service-account"] = []string{"canvas"}
			assert.False(t, d.EvaluateTrust(r).Allowed())
		}
	})
	t.Run("instance profile by partition", func(t *testing.T) {
		for partition, service := range map[string]string{
			"aws": "ec2.amazonaws.com", "aws-us-gov": "ec2.amazonaws.com", "aws-cn": "ec2.amazonaws.com.cn",
			"aws-iso": "ec2.c2s.ic.gov", "aws-iso-b": "ec2.sc2s.sgov.gov",
		} {
			d, err := iam.Trust{Mode: target.InstanceProfile, Role: iam.Role{Partition: partition}}.Document()
			require.NoError(t, err)
			assert.True(t, d.EvaluateTrust(iam.Request{Principal: iam.Caller{Service: service}, Action: "sts:AssumeRole"}).Allowed(), partition)
		}
	})
	t.Run("errors", func(t *testing.T) {
		for says, trust := range map[string]iam.Trust{
			"no OIDC issuer given":             {Mode: target.IRSA, Role: role},
			`there is no identity mode "kiam"`: {Mode: "kiam", Role: role},
			`reading OIDC issuer "http://x"`:   {Mode: target.IRSA, Issuers: []string{"http://x"}},
			`OIDC issuer "https://x/id/A/"`:    {Mode: target.IRSA, Issuers: []string{"https://x/id/A/"}},
		} {
			_, err := trust.Document()
			require.ErrorContains(t, err, says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		}
	})
}

func TestParseRole(t *testing.T) {
	r, err := iam.ParseRole("arn:aws-cn:iam::123456789012:role/team/a/palette-ecr")
	require.NoError(t, err)
	assert.Equal(t, iam.Role{Partition: "aws-cn", Account: "123456789012", Path: "/team/a/", Name: "palette-ecr"}, r)
	assert.Equal(t, "arn:aws-cn:iam::123456789012:role/team/a/palette-ecr", r.ARN())
	for _, bad := range []string{"", "palette-ecr", "arn:aws:iam::<account-id>:role/x", "arn:aws:iam::12345678901:role/x",
		"arn:aws:iam:us-east-1:123456789012:role/x", "arn:aws:sts::123456789012:assumed-role/x/y", "arn:aws:iam::123456789012:role/", "arn:aws:iam::123456789012:user/x"} {
		_, err := iam.ParseRole(bad)
		assert.Error(t, err, bad)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}

// TestDocumentsInJSON: a Document inside another value is a policy, in both directions.
func TestDocumentsInJSON(t *testing.T) {
	in := struct{ Policy iam.Document }{document(t, `'Action': 'a:b', 'Resource': 'x<&>'`)}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	var out struct{ Policy iam.Document }
	require.NoError(t, json.Unmarshal(data, &out))
	assert.Equal(t, string(in.Policy.JSON()), string(out.Policy.JSON()))
	assert.Contains(t, string(in.Policy.JSON()), "x<&>", "as a person writes it, not escaped for HTML")
}
