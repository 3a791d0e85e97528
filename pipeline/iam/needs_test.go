package iam_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

func TestNeedsRefuses(t *testing.T) {
	zot, err := registry.Parse("oci://zot.mural-system.svc.cluster.local:5000")
	require.NoError(t, err)
	repository, err := zot.Repository("mural-workloads")
	require.NoError(t, err)
	nameless := iamtest.Wanted(t, iamtest.PublicEndpoint)
	nameless.Account = ""
	short := nameless
	short.Account = "1234-5678-9012"
	tests := map[string]struct {
		wanted iam.Wanted
		says   string
	}{
		"zot":                    {iam.Wanted{Repository: repository}, "it is not Amazon ECR"},
		"public without account": {nameless, "the address of ECR Public does not contain its account"},
		"odd account":            {short, `"1234-5678-9012" is not an AWS account`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := test.wanted.Needs(iam.Hue)
			require.ErrorContains(t, err, test.says)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
			assert.NotEmpty(t, fault.RemedyOf(err))
		})
	}
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
