package target_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

const head = "apiVersion: palette-ecr/v1alpha1\nkind: Cutover\n"

const full = head + `registry:
  endpoint: oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette
  repository: mural-workloads
identity:
  mode: irsa
  roleARN: arn:aws:iam::123456789012:role/palette-ecr
release:
  managedBy: helm
  namespace: mural-system
  values: values.yaml
  chart: ./charts/mural
  version: 1.0.7
  crds: {chart: oci://public.ecr.aws/mural/mural-crds, version: 0.7.4}
hub: {kubeconfig: ~/.kube/config, context: hub}
spokes:
  - {name: spoke-1, kubeconfig: /etc/spoke-1.yaml, context: spoke-1}
  - {name: spoke-2, eks: {name: prod-2, region: eu-west-1}}
`

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("HOME", "/home/operator")
	path := filepath.Join(dir, "cutover.yaml")
	require.NoError(t, os.WriteFile(path, []byte(full), 0o600))
	c, err := target.Load(path)
	require.NoError(t, err)
	assert.Equal(t, target.Cutover{
		APIVersion: target.APIVersion, Kind: target.Kind,
		Registry: target.Registry{Endpoint: "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette", Repository: "mural-workloads"},
		Identity: target.Identity{Mode: target.IRSA, RoleARN: "arn:aws:iam::123456789012:role/palette-ecr"},
		Release: target.Release{
			ManagedBy: target.Helm, Namespace: "mural-system", Values: filepath.Join(dir, "values.yaml"),
			Chart: filepath.Join(dir, "charts/mural"), Version: "1.0.7",
			CRDs: target.CRDs{Chart: "oci://public.ecr.aws/mural/mural-crds", Version: "0.7.4"},
		},
		Hub:    target.Cluster{Kubeconfig: "/home/operator/.kube/config", Context: "hub"},
		Spokes: []target.Cluster{{Name: "spoke-1", Kubeconfig: "/etc/spoke-1.yaml", Context: "spoke-1"}, {Name: "spoke-2", EKS: target.EKS{Name: "prod-2", Region: "eu-west-1"}}},
	}, c)
	assert.NoError(t, c.WithDefaults().Validate())
}

// TestAFileOfBefore: what stood in a cutover.yaml before clusters were found by their names, and before waves and soak,
// still counts. Nothing in it may change.
func TestAFileOfBefore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cutover.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`apiVersion: palette-ecr/v1alpha1
kind: Cutover
registry: {endpoint: oci://public.ecr.aws/a1b2c3d4, repository: mural-workloads, allowPublic: true}
identity: {mode: pod-identity}
release:
  managedBy: flux
  namespace: mural-system
  helmRelease: mural.yaml
  chart: oci://public.ecr.aws/mural/mural
  version: 1.0.7
  crds: {chart: oci://public.ecr.aws/mural/mural-crds, version: 0.7.4}
hub: {kubeconfig: hub.yaml, context: hub}
spokes:
  - {name: spoke-1, kubeconfig: spoke-1.yaml, context: spoke-1}
`), 0o600))
	c, err := target.Load(path)
	require.NoError(t, err)
	require.NoError(t, c.WithDefaults().Validate())
	assert.True(t, c.Registry.AllowPublic)
	assert.Equal(t, target.PodIdentity, c.Identity.Mode)
	assert.Equal(t, target.Flux, c.Release.ManagedBy)
	assert.Equal(t, "mural.yaml", filepath.Base(c.Release.HelmRelease))
	assert.Equal(t, "spoke-1.yaml", filepath.Base(c.Spokes[0].Kubeconfig))
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ source, says, remedy string }{
		"empty":           {"", "it is empty", "docs/cutover-file.md"},
		"unknown key":     {head + "registry:\n  endpoint: x\n  repo: y\n", `line 5: unknown key "repo"`, "endpoint, repository, allowPublic"},
		"unknown at top":  {head + "registries: {}\n", `line 3: unknown key "registries"`, "apiVersion, kind, registry"},
		"unknown at eks":  {head + "hub:\n  eks: {name: hub, zone: a}\n", `line 4: unknown key "zone"`, "name, region"},
		"wrong type":      {head + "spokes: x\n", "line 3: cannot unmarshal", "correct"},
		"an alias":        {head + "hub: {context: *hunter2}\n", "an alias has no anchor of its name before it", "needs quotes"},
		"twice":           {head + "kind: Cutover\n", "line 3: mapping key \"kind\" already defined at line 2", "correct"},
		"not YAML":        {head + "hub: [\n", "line 3", "correct"},
		"another kind":    {"apiVersion: v1\nkind: Secret\n", `it is "v1" of kind "Secret"`, "begin the file"},
		"no kind":         {"apiVersion: palette-ecr/v1alpha1\n", "of kind", "kind: Cutover"},
		"a list":          {"- a\n", "line 1: cannot unmarshal", "correct"},
		"two documents":   {head + "---\n" + head, "second document", "keep one"},
		"larger than can": {head + "#" + strings.Repeat("x", 1<<20), "larger than", "Cutover"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := target.Parse("cutover.yaml", []byte(test.source))
			require.ErrorContains(t, err, test.says)
			assert.Contains(t, err.Error(), `parsing "cutover.yaml": `)
			assert.NotContains(t, err.Error(), "\n")
			assert.NotContains(t, err.Error(), "hunter2", "an alias's name may be a password that begins with *")
			assert.Contains(t, fault.RemedyOf(err), test.remedy)
			assert.Equal(t, fault.Usage, fault.CodeOf(err))
		})
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none.yaml")} {
		_, err := target.Load(path)
		require.ErrorContains(t, err, path)
		assert.Equal(t, fault.Usage, fault.CodeOf(err))
	}
}
