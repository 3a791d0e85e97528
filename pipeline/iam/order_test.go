package iam_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func cutover(endpoint, role string) target.Cutover {
	return target.Cutover{
		Registry: target.Registry{Endpoint: endpoint, Repository: "mural-workloads"},
		Identity: target.Identity{Mode: target.IRSA, RoleARN: role},
		Release:  target.Release{Namespace: "mural-system"},
	}
}

func TestFor(t *testing.T) {
	const role = "arn:aws:iam::210987654321:role/palette"
	o, err := iam.For(cutover(publicEndpoint, role), "")
	require.NoError(t, err)
	assert.Equal(t, "210987654321", o.Wanted.Account, "the role's, when nothing else is said")
	o, err = iam.For(cutover(publicEndpoint, role), "123456789012")
	require.NoError(t, err)
	assert.Equal(t, "123456789012", o.Wanted.Account)
	assert.Equal(t, role, o.Role.ARN())
	o, err = iam.For(cutover(privateEndpoint, ""), "")
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:iam::123456789012:role/palette-ecr", o.Role.ARN())
	assert.Equal(t, "mural-system", o.Namespace)

	for says, c := range map[string]target.Cutover{
		"does not tell its account": cutover(publicEndpoint, ""),
		"it is not the ARN of an":   cutover(privateEndpoint, "palette"),
		"it is not Amazon ECR":      cutover("oci://zot:5000", ""),
		"docker.io":                 cutover("docker.io", ""),
	} {
		_, err := iam.For(c, "")
		require.ErrorContains(t, err, says)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}

func TestNotes(t *testing.T) {
	o, err := iam.For(cutover(privateEndpoint, "arn:aws:iam::210987654321:role/palette"), "")
	require.NoError(t, err)
	o.Principals = []iam.Principal{iam.Combined, iam.Operator}
	g, err := o.Grants()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"no trust policy for role palette: give --issuer with the cluster's OIDC issuer to get one",
		"role palette is in another account than the registry: the repository needs a policy as well",
	}, g.Notes())
}

func TestReview(t *testing.T) {
	o, err := iam.For(cutover(privateEndpoint, ""), "")
	require.NoError(t, err)
	d, err := iam.Parse("guide.json", guide(t, "private"))
	require.NoError(t, err)
	now := func() time.Time { return time.Unix(1, 0) }
	rep, err := iam.Review{Check: o.Check(iam.Combined, []iam.Document{d}, nil), Version: "v1", Now: now}.Report()
	require.NoError(t, err)
	assert.Equal(t, fault.Done, rep.ExitCode)
	assert.Equal(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads", rep.Target.Destination)

	d = document(t, `'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'`)
	rep, err = iam.Review{Check: o.Check(iam.Combined, []iam.Document{d}, nil), Version: "v1", Now: now}.Report()
	require.EqualError(t, err, "checking the policies of combined: 7 errors")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Equal(t, fault.Refused, rep.ExitCode)
	assert.Equal(t, report.Error, rep.Findings[0].Severity)

	_, err = iam.Review{Check: iam.Check{Principal: iam.Hue}, Now: now}.Report()
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}
