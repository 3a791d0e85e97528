package write_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/iam"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/account"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/document"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/internal/iamtest"
	"github.com/palette-ecr/palette-ecr/pipeline/iam/write"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
)

// emulate runs AWS with the repository's account, and an artifact in the repository under the tag "there".
func emulate(t *testing.T, w iam.Wanted, more ...func(*emulator.World)) *emulator.Emulator {
	t.Helper()
	r := w.Repository
	world := emulator.World{
		Users: []emulator.User{emulator.Administrator("123456789012")},
		Repositories: []emulator.Repository{{
			Account: "123456789012", Name: r.Name, Public: r.Registry.Kind == registry.Public,
			Region: map[bool]string{false: r.Registry.Region}[r.Registry.Kind == registry.Public],
		}},
		Aliases: []emulator.Alias{{Name: "a1b2c3d4", Account: "123456789012"}},
	}
	for _, change := range more {
		change(&world)
	}
	e, err := emulator.Start(context.Background(), emulator.Options{World: world})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	require.NoError(t, push(connect(t, e, r, world.Users[0].AccessKeyID, world.Users[0].SecretAccessKey), "there"))
	return e
}

func connect(t *testing.T, e *emulator.Emulator, r registry.Repository, keyID, key string) *ecr.Client {
	t.Helper()
	c, err := ecr.Connect(context.Background(), r, ecr.Options{HTTPClient: e.HTTPClient(), Config: &sdk.Config{
		Credentials: credentials.NewStaticCredentialsProvider(keyID, key, ""), RetryMaxAttempts: 1,
	}})
	require.NoError(t, err)
	return c
}

// push does what hue does: ask for the tag and the blobs first, then push what is missing.
func push(c *ecr.Client, tag string) error {
	ctx := context.Background()
	target, err := c.Target(ctx)
	if err != nil {
		return err
	}
	if _, err := target.Resolve(ctx, tag); err != nil && !strings.Contains(err.Error(), "not found") {
		return err
	}
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	for i, blob := range [][]byte{[]byte(`{}`), []byte("layer of " + tag)} {
		d := content.NewDescriptorFromBytes("application/octet-stream", blob)
		there, err := target.Blobs().Exists(ctx, d)
		if err != nil {
			return err
		}
		if !there {
			if err := target.Blobs().Push(ctx, d, bytes.NewReader(blob)); err != nil {
				return err
			}
		}
		if i == 0 {
			manifest.Config = d
			continue
		}
		manifest.Layers = append(manifest.Layers, d)
	}
	raw, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	d := ocispec.Descriptor{MediaType: manifest.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	return target.Manifests().PushReference(ctx, d, bytes.NewReader(raw), tag)
}

// pull does what source-controller does: HEAD of the tag, manifest, layer; and with semver the list of tags.
func pull(c *ecr.Client, semver bool) error {
	ctx := context.Background()
	target, err := c.Target(ctx)
	if err != nil {
		return err
	}
	if _, err := target.Resolve(ctx, "there"); err != nil {
		return err
	}
	d, reader, err := target.FetchReference(ctx, "there")
	if err != nil {
		return err
	}
	defer reader.Close() //nolint:errcheck // it was only read
	raw, err := content.ReadAll(reader, d)
	if err != nil {
		return err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(raw, &manifest); err != nil {
		return err
	}
	if _, err := content.FetchAll(ctx, target.Blobs(), manifest.Layers[0]); err != nil {
		return err
	}
	if semver {
		return target.Tags(ctx, "", func([]string) error { return nil })
	}
	return nil
}

// operate does what the operator's stages do.
func operate(c *ecr.Client, tag string) error {
	if _, err := c.Describe(context.Background()); err != nil {
		return err
	}
	if err := push(c, tag); err != nil {
		return err
	}
	if err := pull(c, c.Repository.Registry.Kind == registry.Private); err != nil {
		return err
	}
	if _, err := c.Images(context.Background()); err != nil {
		return err
	}
	return lookAt(c)
}

// lookAt reads what preflight reads in AWS.
func lookAt(c *ecr.Client) error {
	ctx := context.Background()
	for _, look := range []func(context.Context) (string, error){c.LifecyclePolicy, c.RepositoryPolicy, c.PullThrough} {
		if _, err := look(ctx); err != nil {
			return err
		}
	}
	if _, err := c.CreatedOnPush(ctx); err != nil {
		return err
	}
	if _, err := c.Signing(ctx); err != nil {
		return err
	}
	role := iam.Role{Partition: "aws", Account: "123456789012", Path: "/", Name: "palette-ecr"}
	seen, err := account.Role(ctx, c.AWS(), role)
	if err != nil {
		return err
	}
	if len(seen.Unseen) > 0 {
		return seen.Unseen[0].Err
	}
	if _, err := account.Simulate(ctx, c.AWS(), role, []iam.Need{{Action: "ecr:PutImage", Resource: iamtest.Repository}}); err != nil {
		return err
	}
	_, _, err = account.Provider(ctx, c.AWS(), iamtest.Provider)
	return err
}

// withRole adds the pods' role to an account, with a policy of its own and an attached one.
func withRole(w *emulator.World) {
	pull := emulator.Policy{Account: "123456789012", Name: "pull", Document: json.RawMessage(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ecr:PutImage","Resource":"*"}}`)}
	w.Policies = append(w.Policies, pull)
	w.Roles = append(w.Roles, emulator.Role{
		Account: "123456789012", Name: "palette-ecr", Trust: json.RawMessage(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`),
		Policies: []json.RawMessage{pull.Document}, More: emulator.Identity{Attached: []string{pull.ARN()}},
	})
}

// TestPoliciesDoOnAWS: with its own policy each principal does its work on the emulated ECR with real
// clients, and with any action less it does not.
func TestPoliciesDoOnAWS(t *testing.T) {
	works := map[iam.Principal]func(*ecr.Client, string) error{
		iam.Hue:              push,
		iam.SourceController: func(c *ecr.Client, _ string) error { return pull(c, c.Repository.Registry.Kind == registry.Private) },
		iam.Operator:         operate,
		iam.Combined: func(c *ecr.Client, tag string) error {
			if err := push(c, tag); err != nil {
				return err
			}
			return pull(c, c.Repository.Registry.Kind == registry.Private)
		},
	}
	// What these clients do not miss, on the emulator: Docker and containerd ask for layers before they pull
	// them; reading ECR Public, its tags and its layers, is for everybody.
	spare := []string{
		"source-controller ecr:BatchCheckLayerAvailability", "operator ecr-public:DescribeImageTags",
		"hue ecr-public:BatchCheckLayerAvailability", "operator ecr-public:BatchCheckLayerAvailability", "combined ecr-public:BatchCheckLayerAvailability",
	}
	for name, endpoint := range map[string]string{"private": iamtest.PrivateEndpoint, "public": iamtest.PublicEndpoint} {
		w := iamtest.Wanted(t, endpoint)
		w.Semver = true
		e := emulate(t, w, withRole)
		for p, work := range works {
			t.Run(name+"/"+string(p), func(t *testing.T) {
				policy, err := write.Policy(w, p)
				require.NoError(t, err)
				as := func(d document.Document) *ecr.Client {
					u := emulator.User{Account: "123456789012", Name: string(p), AccessKeyID: "AKIA" + string(p), SecretAccessKey: "of " + string(p), Policies: []json.RawMessage{d.Compact()}}
					require.NoError(t, e.Control.PutUser(context.Background(), u))
					return connect(t, e, w.Repository, u.AccessKeyID, u.SecretAccessKey)
				}
				require.NoError(t, work(as(policy), "with-all-"+string(p)))
				for i, s := range policy.Statements {
					for k, action := range s.Actions {
						less := document.Document{Version: policy.Version, Statements: slices.Clone(policy.Statements)}
						less.Statements[i].Actions = slices.Delete(slices.Clone(s.Actions), k, k+1)
						if len(less.Statements[i].Actions) == 0 {
							less.Statements = slices.Delete(less.Statements, i, i+1)
						}
						err := work(as(less), "without-"+strings.ToLower(strings.ReplaceAll(action, ":", "-"))+"-"+string(p))
						assert.Equal(t, slices.Contains(spare, string(p)+" "+action), err == nil, "without %s: %v", action, err)
					}
				}
			})
		}
	}
}
