package check_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/check"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
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

func TestReview(t *testing.T) {
	o, err := iam.For(cutover(iamtest.PrivateEndpoint, ""), "")
	require.NoError(t, err)
	d, err := document.Parse("guide.json", iamtest.Guide(t, "private"))
	require.NoError(t, err)
	now := func() time.Time { return time.Unix(1, 0) }
	rep, err := check.Review{Check: check.Of(o, iam.Combined, []document.Document{d}, nil), Version: "v1", Now: now}.Report()
	require.NoError(t, err)
	assert.Equal(t, fault.Done, rep.ExitCode)
	assert.Equal(t, "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette/mural-workloads", rep.Target.Destination)

	d = iamtest.Statement(t, `'Action': 'ecr:GetAuthorizationToken', 'Resource': '*'`)
	rep, err = check.Review{Check: check.Of(o, iam.Combined, []document.Document{d}, nil), Version: "v1", Now: now}.Report()
	require.EqualError(t, err, "checking the policies of combined: 7 errors")
	assert.Equal(t, fault.Refused, fault.CodeOf(err))
	assert.Equal(t, fault.Refused, rep.ExitCode)
	assert.Equal(t, report.Error, rep.Findings[0].Severity)

	trust := iamtest.Statement(t, `'Principal': {'Service': 'ec2.amazonaws.com'}, 'Action': 'sts:AssumeRole'`)
	rep, err = check.Review{Check: check.Of(o, iam.Combined, nil, &trust), Version: "v1", Now: now}.Report()
	require.Error(t, err, "nothing says that pods may assume it")
	assert.Contains(t, rep.Findings[len(rep.Findings)-1].Message, "nothing is said of what it may do")

	_, err = check.Review{Check: check.Check{Principal: iam.Hue}, Now: now}.Report()
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}
