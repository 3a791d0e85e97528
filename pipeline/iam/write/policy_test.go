package write_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/evaluate"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// TestCombinedIsTheGuides: without semver references, one role for both is the guide's policy to the byte.
func TestCombinedIsTheGuides(t *testing.T) {
	for name, endpoint := range map[string]string{"private": iamtest.PrivateEndpoint, "public": iamtest.PublicEndpoint} {
		t.Run(name, func(t *testing.T) {
			d, err := write.Policy(iamtest.Wanted(t, endpoint), iam.Combined)
			require.NoError(t, err)
			assert.Equal(t, string(iamtest.Guide(t, name)), string(d.JSON()))
		})
	}
}

// TestTrustIsTheGuidesWithAudience: the guide's trust policy lacks the audience, and nothing else differs.
func TestTrustIsTheGuidesWithAudience(t *testing.T) {
	role := iamtest.Wanted(t, iamtest.PrivateEndpoint).DefaultRole()
	d, err := write.Trust(iam.Trust{Role: role, Accounts: iam.ServiceAccounts(iam.Combined, "mural-system", ""), Issuers: []string{"https://" + iamtest.Issuer}})
	require.NoError(t, err)
	require.Equal(t, document.Condition{Operator: "StringEquals", Key: iamtest.Issuer + ":aud", Values: []string{"sts.amazonaws.com"}}, d.Statements[0].Conditions[0])
	d.Statements[0].Conditions = d.Statements[0].Conditions[1:]
	assert.Equal(t, string(iamtest.Guide(t, "trust")), string(d.JSON()))
}

// TestLeastPrivilege: each need is granted, and each action taken away is denied again.
func TestLeastPrivilege(t *testing.T) {
	endpoints := map[string]string{
		"private": iamtest.PrivateEndpoint,
		"public":  iamtest.PublicEndpoint,
		"china":   "oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/palette",
		"gov":     "oci://123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
	}
	for name, endpoint := range endpoints {
		for _, p := range []iam.Principal{iam.Hue, iam.SourceController, iam.Operator, iam.Combined} {
			t.Run(name+"/"+string(p), func(t *testing.T) {
				w := iamtest.Wanted(t, endpoint)
				w.Semver, w.Create = true, true
				needs, err := w.Needs(p)
				require.NoError(t, err)
				d, err := write.Policy(w, p)
				require.NoError(t, err)
				granted := 0
				for _, s := range d.Statements {
					granted += len(s.Actions)
				}
				assert.Len(t, needs, granted, "the policy grants exactly the needs")
				for _, need := range needs {
					assert.NotEmpty(t, need.Why)
					assert.True(t, evaluate.Identity([]document.Document{d}, evaluate.Request{Action: need.Action, Resource: need.Resource}).Allowed(), need.Action)
					if !strings.HasSuffix(need.Resource, "*") {
						assert.False(t, evaluate.Identity([]document.Document{d}, evaluate.Request{Action: need.Action, Resource: need.Resource + "2"}).Allowed(), "another repository")
					}
				}
			})
		}
	}
}

// TestWhoMayWhat is the table of domain 5.5 and of AWS's pages, by hand.
func TestWhoMayWhat(t *testing.T) {
	w := iamtest.Wanted(t, iamtest.PrivateEndpoint)
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
			d, err := write.Policy(w, p)
			require.NoError(t, err)
			decision := evaluate.Identity([]document.Document{d}, evaluate.Request{Action: action, Resource: iamtest.Repository})
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

func TestTrustModes(t *testing.T) {
	accounts := iam.ServiceAccounts(iam.Combined, "mural-system", "flux-system")
	role := iam.Role{Partition: "aws", Account: "123456789012", Path: "/", Name: "palette-ecr"}
	web := func(r iam.Role, issuer, subject string) evaluate.Request {
		return check.WebIdentity(r, issuer, subject, "sts.amazonaws.com")
	}
	t.Run("irsa with every cluster", func(t *testing.T) {
		issuers := []string{"https://oidc.eks.us-east-1.amazonaws.com/id/A1", "https://oidc-eks.eu-west-1.api.aws/id/B2", "https://issuer.example.com/spoke/3"}
		d, err := write.Trust(iam.Trust{Mode: target.IRSA, Role: role, Accounts: accounts, Issuers: issuers})
		require.NoError(t, err)
		for n, i := range issuers {
			assert.Equal(t, n == 0, evaluate.Resource(d, web(role, i, "system:serviceaccount:mural-system:hue")).Allowed(), "hue runs on the hub alone: %s", i)
			assert.True(t, evaluate.Resource(d, web(role, i, "system:serviceaccount:flux-system:source-controller")).Allowed(), i)
			assert.False(t, evaluate.Resource(d, web(role, i, "system:serviceaccount:mural-system:source-controller")).Allowed(), i)
			assert.False(t, evaluate.Resource(d, check.WebIdentity(role, i, "system:serviceaccount:mural-system:hue", "kubernetes.default.svc")).Allowed(), i)
		}
		assert.False(t, evaluate.Resource(d, web(role, "https://oidc.eks.us-east-1.amazonaws.com/id/ZZ", "system:serviceaccount:mural-system:hue")).Allowed())
	})
	t.Run("pod identity", func(t *testing.T) {
		d, err := write.Trust(iam.Trust{Mode: target.PodIdentity, Role: role, Accounts: accounts, Clusters: []string{"arn:aws:eks:us-east-1:123456789012:cluster/hub"}})
		require.NoError(t, err)
		for _, action := range []string{"sts:AssumeRole", "sts:TagSession"} {
			r := evaluate.Request{Principal: evaluate.Caller{Service: "pods.eks.amazonaws.com"}, Action: action, Context: map[string][]string{
				"aws:RequestTag/kubernetes-namespace": {"mural-system"}, "aws:RequestTag/kubernetes-service-account": {"hue"},
				"aws:RequestTag/eks-cluster-arn": {"arn:aws:eks:us-east-1:123456789012:cluster/hub"},
			}}
			assert.True(t, evaluate.Resource(d, r).Allowed())
			r.Context["aws:RequestTag/kubernetes-service-account"] = []string{"canvas"}
			assert.False(t, evaluate.Resource(d, r).Allowed())
		}
	})
	t.Run("instance profile by partition", func(t *testing.T) {
		for partition, service := range map[string]string{
			"aws": "ec2.amazonaws.com", "aws-us-gov": "ec2.amazonaws.com", "aws-cn": "ec2.amazonaws.com.cn",
			"aws-iso": "ec2.c2s.ic.gov", "aws-iso-b": "ec2.sc2s.sgov.gov",
		} {
			d, err := write.Trust(iam.Trust{Mode: target.InstanceProfile, Role: iam.Role{Partition: partition}})
			require.NoError(t, err)
			assert.True(t, evaluate.Resource(d, evaluate.Request{Principal: evaluate.Caller{Service: service}, Action: "sts:AssumeRole"}).Allowed(), partition)
		}
	})
	t.Run("errors", func(t *testing.T) {
		for says, trust := range map[string]iam.Trust{
			"no OIDC issuer given":             {Mode: target.IRSA, Role: role},
			`there is no identity mode "kiam"`: {Mode: "kiam", Role: role},
			`reading OIDC issuer "http://x"`:   {Mode: target.IRSA, Issuers: []string{"http://x"}},
			`OIDC issuer "https://x/id/A/"`:    {Mode: target.IRSA, Issuers: []string{"https://x/id/A/"}},
		} {
			_, err := write.Trust(trust)
			require.ErrorContains(t, err, says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		}
	})
}
