package preflight

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	sdkecr "github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/cluster"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
	"github.com/palette-ecr/palette-ecr/pipeline/world"
)

// operated is a scene in which we are the operator, with the policy that `palette-ecr policies` prints. The role has an
// attached policy beside its own, and the repository is not there: all that preflight ever reads is read.
func operated(t *testing.T, mode target.IdentityMode) (*scene, []iam.Need) {
	t.Helper()
	s := newScene(t)
	s.input.World = &world.World{}
	s.target.Identity.Mode, s.target.Registry.AllRepositories = mode, true
	pull := aws.Policy{Account: accountID, Name: "pull", Document: s.aws.Roles[0].Policies[0]}
	s.aws.Policies = []aws.Policy{pull}
	s.aws.Roles[0].More.Attached = []string{pull.ARN()}
	hub := aws.Cluster{Account: accountID, Region: "us-east-1", Name: "hub", Endpoint: "https://10.0.0.1", Issuer: hubIssuer, Associations: []aws.Association{
		{Namespace: namespace, ServiceAccount: "hue", RoleARN: roleARN}, {Namespace: namespace, ServiceAccount: "source-controller", RoleARN: roleARN},
	}}
	if mode == target.PodIdentity {
		s.input.PrepareSpokes = true
		s.aws.Clusters = []aws.Cluster{hub}
		s.eks = &cluster.EKS{Name: "hub", Region: "us-east-1", ARN: hub.ARN(), Issuer: hubIssuer}
	}
	order, err := iam.For(s.target, "")
	require.NoError(t, err)
	order.Wanted.EKSClusters = []string{hub.ARN()}
	needs, err := order.Wanted.Needs(iam.Operator)
	require.NoError(t, err)
	policy, err := write.Policy(order.Wanted, iam.Operator)
	require.NoError(t, err)
	s.aws.Users[0].Policies = []json.RawMessage{policy.Compact()}
	s.input.Survey = func(context.Context) ([]copy.Survey, error) {
		return []copy.Survey{{Destination: named("charts"), Source: zotURL, Manifests: 1}}, nil
	}
	return s, needs
}

// TestOperatorsPolicy: with what `policies --principal operator` prints, nothing stays unproven; and each right that it
// grants for looking is used.
func TestOperatorsPolicy(t *testing.T) {
	t.Parallel()
	for _, mode := range []target.IdentityMode{target.IRSA, target.PodIdentity} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			s, needs := operated(t, mode)
			r := s.look(t)
			assert.Empty(t, r.Unknown)
			for _, f := range r.Findings {
				assert.NotContains(t, f.Message, "unproven", "%+v", f)
			}
			var granted, used []string
			for _, need := range needs {
				granted = append(granted, need.Action)
			}
			for operation := range s.asked {
				if operation != "sts:GetCallerIdentity" { // everybody may
					assert.Contains(t, granted, operation)
					used = append(used, operation)
				}
			}
			for _, need := range needs {
				if need.Check && need.Action != "ecr:DescribeImages" && need.Action != "eks:DescribeCluster" { // copy's, and the connection's
					assert.Contains(t, used, need.Action)
				}
			}
		})
	}
}

// TestRequestsToAWS: what preflight asks of AWS for a hub and two spokes; only issuers that differ would add to it.
func TestRequestsToAWS(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.input.World = &world.World{}
	s.look(t)
	assert.Equal(t, map[string]int{
		"sts:GetCallerIdentity": 1, "ecr:DescribeRepositories": 1, "ecr:GetLifecyclePolicy": 1, "ecr:GetRepositoryPolicy": 1,
		"ecr:DescribePullThroughCacheRules": 1, "ecr:GetSigningConfiguration": 1, "iam:GetRole": 1, "iam:ListRolePolicies": 1, "iam:GetRolePolicy": 1,
		"iam:ListAttachedRolePolicies": 1, "iam:SimulatePrincipalPolicy": 2, "iam:GetOpenIDConnectProvider": 1,
	}, s.asked)
}

// TestSimulation: where IAM may be asked, it decides; else the documents do, and the finding says so.
func TestSimulation(t *testing.T) {
	t.Parallel()
	lacks := func(s *scene, action string) {
		s.aws.Roles[0].Policies = []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":[
			{"Effect":"Allow","Action":"ecr:*","Resource":"*"},{"Effect":"Deny","Action":"` + action + `","Resource":"*"}]}`)}
	}
	const may = "iam:SimulatePrincipalPolicy may not be used"
	for name, test := range map[string]struct {
		arrange func(*scene)
		says    []string // of L13; none: there is no error and nothing is unproven
	}{
		"in order": {arrange: func(*scene) {}},
		"both say so": {
			arrange: func(s *scene) { lacks(s, "ecr:PutImage") },
			says:    []string{"ecr:PutImage", "IAM's simulation says so too"},
		},
		"documents alone": {
			arrange: func(s *scene) {
				lacks(s, "ecr:PutImage")
				s.aws.Users[0].Policies = []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:SimulatePrincipalPolicy","Resource":"*"}]}`)}
			},
			says: []string{"ecr:PutImage", may},
		},
		"a boundary that only IAM knows of": {
			arrange: func(s *scene) {
				s.aws.Roles[0].More.Boundary = json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:Get*","ecr:Batch*"],"Resource":"*"}]}`)
			},
			says: []string{"IAM's simulation denies it ecr:PutImage (implicitDeny)"},
		},
		"a boundary that lets it": {
			arrange: func(s *scene) {
				s.aws.Roles[0].More.Boundary = json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`)
			},
		},
		"a boundary, and nobody to ask": {
			arrange: func(s *scene) {
				s.aws.Roles[0].More.Boundary = json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:*","Resource":"*"}]}`)
				s.aws.Users[0].Policies = []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"iam:SimulatePrincipalPolicy","Resource":"*"}]}`)}
			},
			says: []string{"unproven: policy", "it is a permissions boundary, which only narrows the others"},
		},
		"a policy of the repository grants the rest": {
			arrange: func(s *scene) {
				lacks(s, "ecr:ListTagsForResource")
				s.aws.Repositories[0].Policy = json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"` + roleARN + `"},"Action":"ecr:PutImage"}]}`)
			},
			says: []string{"the repository's policy denies combined ecr:PutImage"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.input.World = &world.World{}
			test.arrange(s)
			r := s.look(t)
			text := ""
			for _, f := range r.Findings {
				if f.Rule == "L13" {
					text += fmt.Sprintln(f.Severity, f.Message)
				}
			}
			for _, part := range test.says {
				assert.Contains(t, text, part)
			}
			if len(test.says) == 0 {
				assert.Empty(t, text)
				assert.Empty(t, r.Unknown)
			}
		})
	}
}

// TestFurtherRepositories: each repository that is copied to is looked at, that of the workloads or not.
func TestFurtherRepositories(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.input.World = &world.World{}
	s.aws.Repositories = append(s.aws.Repositories, aws.Repository{Account: accountID, Region: "us-east-1", Name: "palette/fixed", Immutable: true},
		aws.Repository{Account: accountID, Region: "us-east-1", Name: "palette/archiving"})
	s.arrange = func(ctx context.Context, c *sdkecr.Client) {
		_, err := c.PutLifecyclePolicy(ctx, &sdkecr.PutLifecyclePolicyInput{RepositoryName: sdk.String("palette/archiving"), LifecyclePolicyText: sdk.String(
			`{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"sinceImagePulled","countUnit":"days","countNumber":90},"action":{"type":"transition","targetStorageClass":"archive"}}]}`)})
		require.NoError(t, err)
	}
	s.input.Survey = func(context.Context) ([]copy.Survey, error) {
		var all []copy.Survey
		for _, name := range []string{"mural-workloads", "charts", "fixed", "archiving"} {
			all = append(all, copy.Survey{Destination: named(name), Source: "oci://zot/" + name, Manifests: 1, Refused: map[string][]string{"charts": {"tag x: of a kind"}}[name]})
		}
		return all, nil
	}
	var said []string
	for _, f := range s.look(t).Findings {
		if f.Severity != report.Info {
			said = append(said, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.Place.Object))
		}
	}
	slices.Sort(said)
	assert.Equal(t, []string{"error L18 repository palette/fixed", "error P09 repository palette/charts", "error P18 source registry", "warning L18 repository palette/archiving"}, said)
}
