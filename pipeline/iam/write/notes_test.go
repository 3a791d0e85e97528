package write_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func cutover(endpoint, role string) target.Cutover {
	return target.Cutover{
		Registry: target.Registry{Endpoint: endpoint, Repository: "mural-workloads"},
		Identity: target.Identity{Mode: target.IRSA, RoleARN: role},
		Release:  target.Release{Namespace: "mural-system"},
	}
}

func TestNotes(t *testing.T) {
	o, err := iam.For(cutover(iamtest.PrivateEndpoint, "arn:aws:iam::210987654321:role/palette"), "")
	require.NoError(t, err)
	o.Principals = []iam.Principal{iam.Combined, iam.Operator}
	g, err := write.For(o)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"no trust policy for role palette: give --issuer with the cluster's OIDC issuer to get one",
		"role palette is in another account than the registry: the repository needs a policy as well",
	}, g.Notes())
}
