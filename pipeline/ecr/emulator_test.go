package ecr_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry/remote"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// account is the one in endpoint.
const account = "123456789012"

// emulate starts AWS with an administrator and makes the process's environment what a person behind a proxy
// has: proxy, authority and keys.
func emulate(t *testing.T, change ...func(*emulator.Options)) *emulator.Emulator {
	t.Helper()
	o := emulator.Options{World: emulator.World{
		Users:   []emulator.User{emulator.Administrator(account)},
		Aliases: []emulator.Alias{{Name: "a1b2c3d4", Account: account}},
	}}
	for _, c := range change {
		c(&o)
	}
	e, err := emulator.Start(context.Background(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, e.CA, 0o600))
	for name, value := range map[string]string{
		"HTTPS_PROXY": e.Proxy, "https_proxy": "", "NO_PROXY": "", "no_proxy": "", "AWS_CA_BUNDLE": bundle,
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_PROFILE": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_SESSION_TOKEN": "",
	} {
		t.Setenv(name, value)
	}
	as(t, o.World.Users[0])
	return e
}

// as logs a user in.
func as(t *testing.T, u emulator.User) {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", u.AccessKeyID)
	t.Setenv("AWS_SECRET_ACCESS_KEY", u.SecretAccessKey)
}

// user may do the actions everywhere, and no more.
func user(t *testing.T, e *emulator.Emulator, name string, actions ...string) emulator.User {
	t.Helper()
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"},
	}})
	require.NoError(t, err)
	u := emulator.User{Account: account, Name: name, AccessKeyID: "AKIA" + name, SecretAccessKey: "secret of " + name, Policies: []json.RawMessage{policy}}
	require.NoError(t, e.Control.PutUser(context.Background(), u))
	return u
}

func connectTo(t *testing.T, repo registry.Repository) *ecr.Client {
	t.Helper()
	client, err := ecr.Connect(context.Background(), repo, ecr.Options{})
	require.NoError(t, err)
	return client
}

// pushOne pushes a manifest without layers and gives its digest.
func pushOne(t *testing.T, target *remote.Repository, tag string) (digest.Digest, error) {
	t.Helper()
	ctx := context.Background()
	config := []byte("{}")
	c := ocispec.Descriptor{MediaType: ocispec.MediaTypeEmptyJSON, Digest: digest.FromBytes(config), Size: 2}
	if err := target.Blobs().Push(ctx, c, bytes.NewReader(config)); err != nil {
		return "", err
	}
	raw, err := json.Marshal(ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, Config: c, Layers: []ocispec.Descriptor{c}})
	require.NoError(t, err)
	raw = bytes.Replace(raw, []byte(`"schemaVersion":0`), []byte(`"schemaVersion":2`), 1)
	d := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	return d.Digest, target.Manifests().PushReference(ctx, d, bytes.NewReader(raw), tag)
}

func TestAgainstTheEmulator(t *testing.T) {
	for name, address := range map[string]string{"private": endpoint, "public": "oci://public.ecr.aws/a1b2c3d4"} {
		t.Run(name, func(t *testing.T) {
			emulate(t)
			ctx := context.Background()
			repo := repositoryAt(t, address)
			client := connectTo(t, repo)

			caller, err := client.Identity(ctx)
			require.NoError(t, err)
			assert.Equal(t, account, caller.Account)

			_, err = client.Require(ctx)
			require.ErrorContains(t, err, "does not exist")
			assert.Contains(t, fault.RemedyOf(err), ecr.CreateCommand(repo))
			target, err := client.Target(ctx)
			require.NoError(t, err)
			_, err = pushOne(t, target, "v1")
			require.Error(t, err)
			assert.Contains(t, fault.RemedyOf(ecr.Explain(err, repo)), ecr.CreateCommand(repo), "%v", err)

			require.NoError(t, client.Create(ctx, ecr.Settings{}))
			require.NoError(t, client.Create(ctx, ecr.Settings{}), "it exists already")
			info, err := client.Require(ctx)
			require.NoError(t, err)
			assert.Equal(t, repo.Reference(), info.URI)
			assert.Equal(t, repo.ARNFor(account), info.ARN)
			assert.False(t, info.Immutable())

			digest, err := pushOne(t, target, "v1")
			require.NoError(t, err)
			images, err := client.Images(ctx)
			require.NoError(t, err)
			require.Len(t, images, 1)
			assert.Equal(t, digest.String(), images[0].Digest)
			assert.Equal(t, []string{"v1"}, images[0].Tags)
			assert.False(t, images[0].PushedAt.IsZero())
			got, err := target.Resolve(ctx, "v1")
			require.NoError(t, err)
			assert.Equal(t, digest, got.Digest)
		})
	}
}

func TestAliasOfAnotherAccount(t *testing.T) {
	emulate(t)
	ctx := context.Background()
	require.NoError(t, connectTo(t, repositoryAt(t, "oci://public.ecr.aws/a1b2c3d4")).Create(ctx, ecr.Settings{}))
	_, err := connectTo(t, repositoryAt(t, "oci://public.ecr.aws/somebody")).Describe(ctx)
	require.ErrorContains(t, err, "public.ecr.aws/a1b2c3d4/mural-workloads")
	assert.Equal(t, fault.Usage, fault.CodeOf(err))
}

func TestDeniedActions(t *testing.T) {
	e := emulate(t)
	ctx := context.Background()
	repo := repository(t)
	require.NoError(t, connectTo(t, repo).Create(ctx, ecr.Settings{}))
	as(t, user(t, e, "WORKLOAD", "ecr:GetAuthorizationToken", "ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"))
	client := connectTo(t, repo)

	denied := func(err error, action string) {
		t.Helper()
		err = ecr.Explain(err, repo)
		var got *ecr.Error
		require.ErrorAs(t, err, &got)
		assert.Equal(t, ecr.Denied, got.Cause)
		assert.Equal(t, action, got.Action)
		assert.Contains(t, fault.RemedyOf(err), "allow "+action+" on "+repo.ARN())
	}
	_, err := client.Images(ctx)
	denied(err, "ecr:DescribeImages")
	_, err = client.Describe(ctx)
	denied(err, "ecr:DescribeRepositories")
	target, err := client.Target(ctx)
	require.NoError(t, err)
	_, err = pushOne(t, target, "v1")
	denied(err, "ecr:PutImage")
	_, err = target.Resolve(ctx, "v1")
	denied(err, "ecr:BatchGetImage")

	as(t, user(t, e, "NOBODY", "ecr:DescribeImages"))
	target, err = connectTo(t, repo).Target(ctx)
	require.NoError(t, err)
	_, err = target.Resolve(ctx, "v1")
	require.Error(t, err)
	assert.Contains(t, fault.RemedyOf(err), "allow ecr:GetAuthorizationToken on *")
}

func TestWrongKeysAndWays(t *testing.T) {
	emulate(t)
	ctx := context.Background()
	repo := repository(t)

	wrong := emulator.Administrator(account)
	wrong.SecretAccessKey = "another"
	as(t, wrong)
	_, err := connectTo(t, repo).Identity(ctx)
	require.ErrorContains(t, err, "SignatureDoesNotMatch")
	assert.Contains(t, fault.RemedyOf(err), "log in to AWS again")
	assert.NotContains(t, err.Error(), wrong.SecretAccessKey)

	as(t, emulator.Administrator(account))
	t.Setenv("AWS_CA_BUNDLE", "")
	_, err = connectTo(t, repo).Describe(ctx)
	require.Error(t, err)
	assert.Contains(t, fault.RemedyOf(err), "AWS_CA_BUNDLE")

	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	_, err = connectTo(t, repo).Describe(ctx)
	require.Error(t, err)
	assert.Contains(t, fault.RemedyOf(err), "HTTPS_PROXY")
}

func TestFaultsOfAWS(t *testing.T) {
	e := emulate(t)
	ctx := context.Background()
	client := connectTo(t, repository(t))
	require.NoError(t, client.Create(ctx, ecr.Settings{}))
	require.NoError(t, e.Control.PutFaults(ctx,
		emulator.Fault{Name: "api throttled", Operation: "ecr:DescribeImages", Times: 2, Behaviour: emulator.BehaviourThrottle},
		emulator.Fault{Name: "token expired", Operation: "ecr:InitiateLayerUpload", Times: 1, Behaviour: emulator.BehaviourExpired},
		emulator.Fault{Name: "throttled", Operation: "ecr:PutImage", Times: 2, Behaviour: emulator.BehaviourThrottle},
	))
	_, err := client.Images(ctx)
	require.NoError(t, err)
	target, err := client.Target(ctx)
	require.NoError(t, err)
	_, err = pushOne(t, target, "v1")
	require.NoError(t, err)
	counters, err := e.Control.Counters(ctx)
	require.NoError(t, err)
	assert.Equal(t, 3, counters.Reads["ecr:DescribeImages"])
	assert.Equal(t, 2, counters.Reads["ecr:GetAuthorizationToken"], "once at first, once for the token that had expired: %+v", counters)
	assert.Equal(t, 3, counters.Writes["ecr:PutImage"])
}
