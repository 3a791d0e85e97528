// Package iamtest has what the tests of the packages under iam share.
package iamtest

import (
	"embed"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// One installation that most tests are about.
const (
	PrivateEndpoint = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	PublicEndpoint  = "oci://public.ecr.aws/a1b2c3d4"
	Repository      = "arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads"
	Issuer          = "oidc.eks.us-east-1.amazonaws.com/id/A1"
	Provider        = "arn:aws:iam::123456789012:oidc-provider/" + Issuer
)

//go:embed guide
var guides embed.FS

// Wanted returns what policies for the repository at an endpoint are written for.
func Wanted(t testing.TB, endpoint string) iam.Wanted {
	t.Helper()
	r, err := registry.Parse(endpoint)
	require.NoError(t, err)
	repository, err := r.Repository("mural-workloads")
	require.NoError(t, err)
	return iam.Wanted{Repository: repository, Account: "123456789012"}
}

// Guide returns a policy of the guide with its placeholders filled in.
func Guide(t testing.TB, name string) []byte {
	t.Helper()
	data, err := guides.ReadFile("guide/" + name + ".json")
	require.NoError(t, err)
	return []byte(strings.NewReplacer("<region>", "us-east-1", "<account-id>", "123456789012", "<ecr-namespace>", "palette",
		"<ecr-repo-name>", "mural-workloads", "<provider-id>", "A1", "<helm-release-namespace>", "mural-system").Replace(string(data)))
}

// Policy parses a document that must be right; ' stands for " to keep tables readable.
func Policy(t testing.TB, text string) document.Document {
	t.Helper()
	d, err := document.Parse("", []byte(strings.ReplaceAll(text, "'", `"`)))
	require.NoError(t, err)
	return d
}

// Statement makes a policy of one statement, of effect Allow unless it says otherwise.
func Statement(t testing.TB, statement string) document.Document {
	t.Helper()
	if !strings.HasPrefix(statement, "'Effect':") {
		statement = "'Effect': 'Allow', " + statement
	}
	return Policy(t, "{'Version': '2012-10-17', 'Statement': {"+statement+"}}")
}

// Orders are the ways to install: each has a golden file in every output.
func Orders(t testing.TB) map[string]iam.Order {
	all := []iam.Principal{iam.Combined, iam.Hue, iam.SourceController, iam.Operator}
	private, public, china := Wanted(t, PrivateEndpoint), Wanted(t, PublicEndpoint), Wanted(t, "oci://123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/palette")
	private.Semver, private.Create = true, true
	role := func(arn string) iam.Role {
		r, err := iam.ParseRole(arn)
		require.NoError(t, err)
		return r
	}
	return map[string]iam.Order{
		"private-irsa": {
			Wanted: private, Principals: all, Mode: target.IRSA, Namespace: "mural-system",
			Issuers: []string{"https://oidc.eks.us-east-1.amazonaws.com/id/HUB1", "https://oidc.eks.eu-west-1.amazonaws.com/id/SPOKE2"},
		},
		"private-irsa-role-exists": {Wanted: private, Principals: []iam.Principal{iam.Combined}, Mode: target.IRSA, Namespace: "mural-system"},
		"private-pod-identity": {
			Wanted: private, Principals: []iam.Principal{iam.Combined}, Mode: target.PodIdentity, Namespace: "mural-system", FluxNamespace: "flux-system",
			Clusters: []string{"arn:aws:eks:us-east-1:123456789012:cluster/hub", "arn:aws:eks:eu-west-1:123456789012:cluster/spoke-1"},
		},
		"china-instance-profile": {Wanted: china, Principals: []iam.Principal{iam.Combined}, Mode: target.InstanceProfile, Namespace: "mural-system"},
		"public-irsa": {
			Wanted: public, Principals: all, Mode: target.IRSA, Namespace: "mural-system",
			Issuers: []string{"https://oidc.eks.us-east-1.amazonaws.com/id/HUB1"},
		},
		"cross-account": {
			Wanted: Wanted(t, PrivateEndpoint), Principals: []iam.Principal{iam.SourceController}, Mode: target.IRSA, Namespace: "mural-system",
			Role: role("arn:aws:iam::210987654321:role/spokes/palette.ecr"), Issuers: []string{"https://oidc.eks.us-east-1.amazonaws.com/id/SPOKE2"},
		},
	}
}
