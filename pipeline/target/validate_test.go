package target_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

func good() target.Cutover {
	return target.Cutover{
		Registry: target.Registry{Endpoint: "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"},
		Identity: target.Identity{RoleARN: "arn:aws:iam::123456789012:role/team/palette-ecr"},
		Release:  target.Release{Values: "values.yaml"},
	}
}

func TestDefaults(t *testing.T) {
	c := good().WithDefaults()
	require.NoError(t, c.Validate())
	assert.Equal(t, target.Release{
		ManagedBy: target.Helm, Name: "mural", Namespace: "mural-system", Values: "values.yaml",
		Chart: "oci://public.ecr.aws/mural/mural", CRDs: target.CRDs{Chart: "oci://public.ecr.aws/mural/mural-crds"},
	}, c.Release)
	assert.Equal(t, target.IRSA, c.Identity.Mode)
	assert.Equal(t, "hub", c.Hub.Name)
	destination, err := c.Destination()
	require.NoError(t, err)
	assert.Equal(t, "palette/mural-workloads", destination.Name)

	flux := target.Cutover{Release: target.Release{HelmRelease: "mural.yaml"}}.WithDefaults()
	assert.Equal(t, target.Flux, flux.Release.ManagedBy)
}

func TestFlagsWin(t *testing.T) {
	file := target.Cutover{
		Registry: target.Registry{Endpoint: "oci://file", Repository: "file", AllowPublic: true},
		Release:  target.Release{Values: "file.yaml", Version: "1.0.6", Namespace: "file"},
		Spokes:   []target.Cluster{{Name: "a"}, {Name: "b"}},
	}
	flags := target.Cutover{
		Registry: target.Registry{Endpoint: "oci://flag"},
		Release:  target.Release{HelmRelease: "flag.yaml", Version: "1.0.7"},
		Spokes:   []target.Cluster{{Name: "c"}},
	}
	got := file.Merge(flags)
	assert.Equal(t, target.Cutover{
		Registry: target.Registry{Endpoint: "oci://flag", Repository: "file", AllowPublic: true},
		Release:  target.Release{HelmRelease: "flag.yaml", Version: "1.0.7", Namespace: "file"},
		Spokes:   []target.Cluster{{Name: "c"}},
	}, got)
	assert.Equal(t, file, file.Merge(target.Cutover{}), "no flags")
}

func TestValidateRefuses(t *testing.T) {
	tests := map[string]struct {
		change       func(*target.Cutover)
		says, remedy string
	}{
		"no endpoint":    {func(c *target.Cutover) { c.Registry.Endpoint = "" }, "names no registry", "--endpoint"},
		"bad endpoint":   {func(c *target.Cutover) { c.Registry.Endpoint = "oci://x/" }, "ends with a slash", "remove"},
		"bad repository": {func(c *target.Cutover) { c.Registry.Repository = "A" }, "capitals", "lower case"},
		"Zot":            {func(c *target.Cutover) { c.Registry.Endpoint = "oci://zot:5000" }, "isn't Amazon ECR", "oci://"},
		"no FIPS host": {func(c *target.Cutover) {
			c.Registry.Endpoint = "oci://123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com/p"
		}, "no FIPS host in eu-west-1", "without -fips"},
		"public":            {func(c *target.Cutover) { c.Registry.Endpoint = "oci://public.ecr.aws/a1b2" }, "world-readable", "--allow-public"},
		"unknown mode":      {func(c *target.Cutover) { c.Identity.Mode = "keys" }, `unknown identity mode "keys"`, "irsa"},
		"IRSA without role": {func(c *target.Cutover) { c.Identity.RoleARN = "" }, "needs a role ARN", "--role-arn"},
		"role malformed":    {func(c *target.Cutover) { c.Identity.RoleARN = "arn:aws:iam::1:role/x" }, "is not the ARN", "12 digits"},
		"user, not role":    {func(c *target.Cutover) { c.Identity.RoleARN = "arn:aws:iam::123456789012:user/x" }, "is not the ARN", "role"},
		"placeholder role":  {func(c *target.Cutover) { c.Identity.RoleARN = "arn:aws:iam::<account-id>:role/x" }, "is not the ARN", "12 digits"},
		"partition":         {func(c *target.Cutover) { c.Identity.RoleARN = "arn:aws-cn:iam::123456789012:role/x" }, `partition "aws-cn"`, "aws"},
		"role of a node":    {func(c *target.Cutover) { c.Identity.Mode = target.InstanceProfile }, "takes no role ARN", "leave"},
		"no values":         {func(c *target.Cutover) { c.Release.Values = "" }, "names no values", "--values"},
		"both":              {func(c *target.Cutover) { c.Release.HelmRelease = "x" }, "both", "--values"},
		"Flux with values":  {func(c *target.Cutover) { c.Release.ManagedBy = target.Flux }, "only a values file", "--helm-release"},
		"unknown manager":   {func(c *target.Cutover) { c.Release.ManagedBy = "argo" }, `"argo" manages no`, "flux"},
		"namespace":         {func(c *target.Cutover) { c.Release.Namespace = "Mural" }, "not a valid name of a namespace", "helm list"},
		"release":           {func(c *target.Cutover) { c.Release.Name = "a_b" }, "not a valid name of a release", "helm list"},
		"nameless spoke":    {func(c *target.Cutover) { c.Spokes = []target.Cluster{{Context: "x"}} }, "spoke 1 has no name", "name"},
		"EKS and kubeconfig": {func(c *target.Cutover) {
			c.Hub = target.Cluster{Name: "hub", Context: "x", EKS: target.EKS{Name: "hub"}}
		}, `"hub" is given both by a kubeconfig and`, "leave out"},
		"EKS by ARN":         {func(c *target.Cutover) { c.Hub.EKS.Name = "arn:aws:eks:us-east-1:123456789012:cluster/hub" }, "not a valid name of an EKS cluster", "not an ARN"},
		"EKS region":         {func(c *target.Cutover) { c.Hub.EKS = target.EKS{Name: "hub", Region: "us-east-1.example.com/"} }, "not a valid AWS region", "us-east-1"},
		"EKS without a name": {func(c *target.Cutover) { c.Hub.EKS.Region = "us-east-1" }, "without the name of a cluster", "name the EKS cluster"},
		"spoke named as hub": {func(c *target.Cutover) { c.Spokes = []target.Cluster{{Name: "hub"}} }, `two clusters are named "hub"`, "name"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := good().WithDefaults()
			test.change(&c)
			err := c.Validate()
			require.ErrorContains(t, err, test.says)
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		})
	}
	t.Run("Helm with HelmRelease", func(t *testing.T) {
		c := good()
		c.Release = target.Release{HelmRelease: "x", ManagedBy: target.Helm}
		assert.ErrorContains(t, c.WithDefaults().Validate(), "Helm is to manage")
	})
	t.Run("only what is needed", func(t *testing.T) {
		c := target.Cutover{Release: target.Release{Values: "x"}}.WithDefaults()
		assert.NoError(t, c.Validate(target.NeedValues, target.NeedRelease))
		assert.Error(t, c.Validate(target.NeedRegistry))
	})
}

func TestParseCluster(t *testing.T) {
	c, err := target.ParseCluster("name=spoke-1,kubeconfig=a=b.yaml,context=c")
	require.NoError(t, err)
	assert.Equal(t, target.Cluster{Name: "spoke-1", Kubeconfig: "a=b.yaml", Context: "c"}, c)
	c, err = target.ParseCluster("name=spoke-1,eks=prod-1,region=eu-west-1")
	require.NoError(t, err)
	assert.Equal(t, target.Cluster{Name: "spoke-1", EKS: target.EKS{Name: "prod-1", Region: "eu-west-1"}}, c)
	for _, text := range []string{"", "spoke-1", "context=x", "name=a,eks=b,eks-cluster=c", "name=a,name=b", "name=", "name=a,color=b"} {
		_, err := target.ParseCluster(text)
		assert.Equal(t, fault.Usage, fault.CodeOf(err), text)
		assert.ErrorContains(t, err, "--spoke", text)
	}
}

// TestNoVersionIsAssumed: an assumed one would downgrade a newer release.
func TestNoVersionIsAssumed(t *testing.T) {
	for _, chart := range []string{"", "oci://example.com/mural", "charts/mural", "mural-1.0.8.tgz"} {
		assert.Empty(t, target.Cutover{Release: target.Release{Chart: chart}}.WithDefaults().Release.Version, chart)
	}
}

func TestParseEKS(t *testing.T) {
	for text, want := range map[string]target.EKS{"hub": {Name: "hub"}, "hub,region=us-gov-west-1": {Name: "hub", Region: "us-gov-west-1"}, "a_B-1, region=eusc-de-east-1": {Name: "a_B-1", Region: "eusc-de-east-1"}} {
		got, err := target.ParseEKS(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got)
	}
	for _, text := range []string{"", ",region=us-east-1", "hub,us-east-1", "hub,region=", "hub,context=x", "hub/x", "hub,region=us-east-1,region=us-east-2"} {
		_, err := target.ParseEKS(text)
		assert.Equal(t, fault.Usage, fault.CodeOf(err), text)
	}
}

// TestMergeClusters: a kubeconfig in one place gives way to an EKS cluster in the other.
func TestMergeClusters(t *testing.T) {
	inEKS := target.Cutover{Hub: target.Cluster{EKS: target.EKS{Name: "hub", Region: "us-east-1"}}}
	byFile := target.Cutover{Hub: target.Cluster{Name: "berlin", Kubeconfig: "a.yaml", Context: "a"}}
	assert.Equal(t, target.Cluster{Name: "berlin", EKS: inEKS.Hub.EKS}, byFile.Merge(inEKS).Hub)
	assert.Equal(t, byFile.Hub, inEKS.Merge(byFile).Hub)
	assert.Equal(t, target.Cluster{EKS: inEKS.Hub.EKS}, inEKS.Merge(target.Cutover{}).Hub)
	assert.Equal(t, target.EKS{Name: "other"}, inEKS.Merge(target.Cutover{Hub: target.Cluster{EKS: target.EKS{Name: "other"}}}).Hub.EKS, "whose region may be another")
	assert.True(t, inEKS.NamesClusters())
	assert.False(t, target.Cutover{}.WithDefaults().NamesClusters())
}
