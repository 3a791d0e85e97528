package values

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/target"
)

// TestSOPSRules: what is written in clear must be what SOPS leaves in clear, by each key of its path (getsops/sops README,
// "Encrypting only parts of a file").
func TestSOPSRules(t *testing.T) {
	t.Parallel()
	const text = "hue: {}\nfleetConfig: {spokes: []}\nglobal: {token: 'ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]'}\n"
	at, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	s := Settings{Destination: at, Repository: "mural-workloads", Identity: target.Identity{Mode: target.IRSA, RoleARN: "arn:aws:iam::123456789012:role/palette-ecr"}}
	for rule, clear := range map[string]bool{
		"mac_only_encrypted: true, encrypted_regex: ^token$":                     true,
		"mac_only_encrypted: true, encrypted_suffix: ken":                        true,
		"mac_only_encrypted: true, unencrypted_regex: ^(hue|flux2|fleetConfig)$": true,
		"encrypted_regex: ^token$":                                               false,
		"mac_only_encrypted: true":                                               false,
		"mac_only_encrypted: true, unencrypted_suffix: _unencrypted":             false,
		"mac_only_encrypted: true, encrypted_regex: ^(token|hue)$":               false,
		"mac_only_encrypted: true, encrypted_regex: ^(token|provider)$":          false,
		"mac_only_encrypted: true, encrypted_regex: ^(token|eks.*/role-arn)$":    false,
		"mac_only_encrypted: true, unencrypted_regex: ^hue$":                     false,
		"mac_only_encrypted: true, encrypted_comment_regex: secret":              false,
		"mac_only_encrypted: true, encrypted_regex: '['":                         false,
	} {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			f, err := Parse("values.yaml", []byte(text+"sops: {mac: 'ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]', "+rule+"}\n"))
			require.NoError(t, err)
			_, err = f.Render(s)
			assert.Equal(t, !clear, errors.Is(err, ErrEncrypted), "%v", err)
		})
	}
}

func TestKeysOf(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"fleetConfig", "spokes", "ociRegistry", "provider"}, keysOf("fleetConfig.spokes[12].ociRegistry.provider"))
	assert.Equal(t, []string{"hue", "annotations", "eks.amazonaws.com/role-arn"}, keysOf(`hue.annotations["eks.amazonaws.com/role-arn"]`))
	assert.Equal(t, []string{"a b", "c"}, keysOf(`["a b"].c`))
}

// TestASecretThatIsEncryptedSaysSo: it may stand in the same file, with its sops block, or come from elsewhere as it is.
func TestASecretThatIsEncryptedSaysSo(t *testing.T) {
	t.Parallel()
	const sealed = "'ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]'"
	const release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: mural}\nspec:\n  valuesFrom: [{kind: Secret, name: s}]\n  values: {fleetConfig: {spokes: []}}\n---\n"
	for name, block := range map[string]string{"with its block": "sops: {mac: " + sealed + "}\n", "without": ""} {
		f, err := Parse("release.yaml", []byte(release+"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {values.yaml: "+sealed+"}\n"+block))
		require.NoError(t, err, name)
		require.Len(t, f.layers, 1, name)
		assert.True(t, f.layers[0].Unseen, name)
		assert.Equal(t, "which are encrypted", f.layers[0].Why(), name)
		assert.Contains(t, f.layers[0].See(), "sops decrypt", name)
	}
}
