package iam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
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
	o, err := iam.For(cutover(iamtest.PublicEndpoint, role), "")
	require.NoError(t, err)
	assert.Equal(t, "210987654321", o.Wanted.Account, "the role's, when nothing else is said")
	o, err = iam.For(cutover(iamtest.PublicEndpoint, role), "123456789012")
	require.NoError(t, err)
	assert.Equal(t, "123456789012", o.Wanted.Account)
	assert.Equal(t, role, o.Role.ARN())
	o, err = iam.For(cutover(iamtest.PrivateEndpoint, ""), "")
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:iam::123456789012:role/palette-ecr", o.Role.ARN())
	assert.Equal(t, "mural-system", o.Namespace)

	for says, c := range map[string]target.Cutover{
		"does not contain its account": cutover(iamtest.PublicEndpoint, ""),
		"it is not the ARN of an":      cutover(iamtest.PrivateEndpoint, "palette"),
		"it is not Amazon ECR":         cutover("oci://zot:5000", ""),
		"docker.io":                    cutover("docker.io", ""),
	} {
		_, err := iam.For(c, "")
		require.ErrorContains(t, err, says)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}
