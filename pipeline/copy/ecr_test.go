package copy_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

const account = "123456789012"

// emulate starts AWS with the rehearsal's repository.
func emulate(t *testing.T, immutable bool) *emulator.Emulator {
	t.Helper()
	e, err := emulator.Start(context.Background(), emulator.Options{World: emulator.World{
		Users: []emulator.User{emulator.Administrator(account)},
		Repositories: []emulator.Repository{
			{Account: account, Region: "us-east-1", Name: "palette/mural-workloads", Immutable: immutable},
			{Account: account, Region: "us-east-1", Name: "palette/charts/mural-workloads"},
			{Account: account, Name: "mural-workloads", Public: true},
		},
		Aliases: []emulator.Alias{{Name: "a1b2c3d4", Account: account}},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// toECR is the repository in the emulated ECR, as a user sees it.
func toECR(t *testing.T, e *emulator.Emulator, u emulator.User, endpoint string) (copy.Destination, error) {
	t.Helper()
	client := clientOf(t, e)
	parsed, err := registry.Parse(endpoint)
	require.NoError(t, err)
	repo, err := parsed.Repository("mural-workloads")
	require.NoError(t, err)
	c, err := ecr.Connect(context.Background(), repo, ecr.Options{
		HTTPClient: client,
		Config:     &aws.Config{Credentials: credentials.NewStaticCredentialsProvider(u.AccessKeyID, u.SecretAccessKey, "")},
	})
	require.NoError(t, err)
	return copy.ToECR(context.Background(), c)
}

// clientOf reaches the emulated AWS.
func clientOf(t *testing.T, e *emulator.Emulator) *http.Client {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, e.CA, 0o600))
	settings := map[string]string{"HTTPS_PROXY": e.Proxy, "AWS_CA_BUNDLE": bundle}
	client, err := ecr.HTTPClient(func(name string) string { return settings[name] })
	require.NoError(t, err)
	return client
}

const (
	private = "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette"
	public  = "oci://public.ecr.aws/a1b2c3d4"
)

// fill puts what a rehearsal's Zot holds into a registry: tags, an index, a signature and a pinned digest.
func fill(f *fake) (references []copy.Reference) {
	for _, tag := range strings.Fields("checkout-1.0.0 checkout-1.1.0 cart orders") {
		f.push(tag, tag)
	}
	signed := f.push("signed", "signed")
	f.push("", "signature", subject(signed))
	f.index("multi", ocispec.MediaTypeImageIndex, f.push("", "amd64"), f.push("", "arm64"))
	pinned := f.push("", "pinned")
	return []copy.Reference{{Digest: pinned.Digest.String(), From: "OCIRepository mural-system/pinned@hub"}}
}

// challenged lists requests that were answered with 401, but for the one that asks for the challenge.
func challenged(t *testing.T, e *emulator.Emulator) (all []string) {
	t.Helper()
	requests, err := e.Control.Requests(t.Context())
	require.NoError(t, err)
	for _, r := range requests {
		if r.Status == http.StatusUnauthorized && r.Path != "/v2/" {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	return all
}

func TestCopyToECR(t *testing.T) {
	for name, endpoint := range map[string]string{"private": private, "public": public} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, src, ctx := emulate(t, false), start(t), context.Background()
			o := copy.Options{References: fill(src), Limits: copy.Limits{}}
			to, err := toECR(t, e, emulator.Administrator(account), endpoint)
			require.NoError(t, err)

			r, proof, err := copy.RunProven(ctx, src.source(), to, o)
			require.NoError(t, err)
			require.Equal(t, report.Held, proof.Verdict, "%+v", proof)
			assert.Equal(t, copy.Tally{Total: 10, Copied: 10}, r.Manifests)
			images, err := to.Images(ctx)
			require.NoError(t, err)
			assert.Len(t, images, 10)
			assert.Empty(t, challenged(t, e), "no request that counts is answered with a challenge first")

			require.NoError(t, e.Control.Reset(ctx))
			r, proof, err = copy.RunProven(ctx, src.source(), to, o)
			require.NoError(t, err)
			assert.Equal(t, report.Held, proof.Verdict)
			counters, err := e.Control.Counters(ctx)
			require.NoError(t, err)
			assert.Zero(t, counters.TotalWrites(), "a second run writes nothing: %+v", counters)
			assert.False(t, r.Changed())

			proof, err = copy.Complete(ctx, to, o)
			require.NoError(t, err)
			assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
			assert.Empty(t, challenged(t, e))
		})
	}
}

func TestImmutableECR(t *testing.T) {
	e, src, ctx := emulate(t, true), start(t), context.Background()
	o := copy.Options{References: fill(src)}
	to, err := toECR(t, e, emulator.Administrator(account), private)
	require.NoError(t, err)
	assert.True(t, to.Immutable)
	for range 2 {
		_, proof, err := copy.RunProven(ctx, src.source(), to, o)
		require.NoError(t, err)
		require.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	}
	src.push("cart", "a newer cart")
	require.NoError(t, e.Control.Reset(ctx))
	_, err = copy.Run(ctx, src.source(), to, o)
	require.ErrorContains(t, err, "tag cart is sha256:")
	counters, err := e.Control.Counters(ctx)
	require.NoError(t, err)
	assert.Zero(t, counters.TotalWrites())
}

func TestFaultsOfECR(t *testing.T) {
	e, src, ctx := emulate(t, false), start(t), context.Background()
	o := copy.Options{References: fill(src)}
	to, err := toECR(t, e, emulator.Administrator(account), private)
	require.NoError(t, err)
	require.NoError(t, e.Control.PutFaults(ctx,
		emulator.Fault{Name: "throttled", Operation: "ecr:PutImage", Times: 3, Behaviour: emulator.BehaviourThrottle},
		emulator.Fault{Name: "cut", Operation: "ecr:CompleteLayerUpload", Times: 2, Behaviour: emulator.BehaviourCut},
		emulator.Fault{Name: "failed", Operation: "ecr:InitiateLayerUpload", Times: 2, Behaviour: emulator.BehaviourServer},
		emulator.Fault{Name: "expired", Operation: "ecr:PutImage", After: 4, Times: 1, Behaviour: emulator.BehaviourExpired},
	))
	_, proof, err := copy.RunProven(ctx, src.source(), to, o)
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
}

// allowed may do the actions, and get a token.
func allowed(t *testing.T, e *emulator.Emulator, name string, actions ...string) emulator.User {
	t.Helper()
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Action": append(actions, "ecr:GetAuthorizationToken"), "Resource": "*"},
	}})
	require.NoError(t, err)
	u := emulator.User{Account: account, Name: name, AccessKeyID: "AKIA" + name, SecretAccessKey: "secret of " + name, Policies: []json.RawMessage{policy}}
	require.NoError(t, e.Control.PutUser(context.Background(), u))
	return u
}

func TestDeniedByECR(t *testing.T) {
	e, src, ctx := emulate(t, false), start(t), context.Background()
	o := copy.Options{References: fill(src)}
	guide := strings.Fields("ecr:CompleteLayerUpload ecr:UploadLayerPart ecr:InitiateLayerUpload ecr:BatchCheckLayerAvailability ecr:PutImage ecr:BatchGetImage ecr:GetDownloadUrlForLayer")

	to, err := toECR(t, e, allowed(t, e, "GUIDE", guide...), private)
	require.NoError(t, err, "the guide's policy may not describe, which is no reason to stop")
	r, proof, err := copy.RunProven(ctx, src.source(), to, o)
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	assert.Contains(t, strings.Join(r.Notes, "\n"), "ecr:DescribeImages")

	for _, missing := range []string{"ecr:PutImage", "ecr:BatchGetImage", "ecr:InitiateLayerUpload"} {
		var rest []string
		for _, action := range guide {
			if action != missing {
				rest = append(rest, action)
			}
		}
		fresh := start(t)
		fresh.push("new", "not there yet without "+missing)
		to, err := toECR(t, e, allowed(t, e, strings.ToUpper(missing[4:]), rest...), private)
		require.NoError(t, err)
		_, err = copy.Run(ctx, fresh.source(), to, copy.Options{})
		var side *copy.Error
		require.ErrorAs(t, err, &side, missing)
		assert.Equal(t, copy.ToDestination, side.Side)
		assert.Contains(t, fault.RemedyOf(err), "allow "+missing+" on arn:aws:ecr:us-east-1:123456789012:repository/palette/mural-workloads")
	}

	to, err = toECR(t, e, allowed(t, e, "BLIND", "ecr:PutImage"), private)
	require.NoError(t, err)
	proof, err = copy.Verify(ctx, src.source(), to, o)
	require.NoError(t, err)
	assert.Equal(t, report.Unproven, proof.Verdict)
	assert.Contains(t, proof.Cause+proof.Remedy, "ecr:BatchGetImage")
}

func TestMissingRepositoryInECR(t *testing.T) {
	e := emulate(t, false)
	_, err := toECR(t, e, emulator.Administrator(account), "oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/another")
	require.ErrorContains(t, err, `repository "another/mural-workloads" does not exist`)
	assert.Contains(t, fault.RemedyOf(err), "aws ecr create-repository --repository-name another/mural-workloads --region us-east-1")
}

// TestTimeLeft is said in the words of preflight, as far as the quotas make it, and only while something is being sent.
func TestTimeLeft(t *testing.T) {
	t.Parallel()
	e, src := emulate(t, false), start(t)
	fill(src)
	to, err := toECR(t, e, emulator.Administrator(account), private)
	require.NoError(t, err)
	slow := copy.Options{Limits: copy.Limits{"PutImage": 4}}
	look, err := copy.Look(t.Context(), src.source(), to, slow)
	require.NoError(t, err)
	require.Positive(t, look.Least)
	heard := &recorder{counts: map[string]int{}}
	slow.Progress = heard
	_, err = copy.Run(t.Context(), src.source(), to, slow)
	require.NoError(t, err)
	require.NotEmpty(t, heard.left)
	assert.Equal(t, copy.Least(look.Least)+" more", heard.left[0])
	assert.Greater(t, len(heard.left), 2)
	assert.Empty(t, heard.left[len(heard.left)-1])
}
