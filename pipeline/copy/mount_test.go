package copy_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestBlobsAreMounted copies two repositories that have a layer in common. Where the account allows it, ECR takes the layer
// from the first for the second; where it does not, the upload that it begins is used, and nothing more is tried.
func TestBlobsAreMounted(t *testing.T) {
	t.Parallel()
	for setting, want := range map[string]struct{ mounted, copied, uploads int }{
		"ENABLED":  {2, 2, 4 + 2 + 2}, // of the second: config and layer of one are mounted, those of the other sent
		"DISABLED": {0, 4, 4 + 4},
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			e, src, ctx := emulate(t, false), start(t), context.Background()
			admin := emulator.Administrator(account)
			first, err := toECR(t, e, admin, private)
			require.NoError(t, err)
			second, err := toECR(t, e, admin, private+"/charts")
			require.NoError(t, err)
			_, err = settings(t, e, admin).PutAccountSetting(ctx, &ecr.PutAccountSettingInput{Name: aws.String("BLOB_MOUNTING"), Value: aws.String(setting)})
			require.NoError(t, err)

			src.push("same", "what both have")
			src.push("one", "only in the first")
			other := start(t)
			other.push("same", "what both have")
			other.push("two", "only in the second")
			require.NoError(t, e.Control.Reset(ctx))
			results, proof, err := copy.RunAll(ctx, []copy.Pair{{Source: src.source(), Destination: first}, {Source: other.source(), Destination: second}}, copy.Options{})
			require.NoError(t, err)
			assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
			assert.Equal(t, want.mounted, results[1].Mounted)
			assert.Equal(t, want.copied, results[1].Blobs.Copied)
			assert.Zero(t, results[0].Mounted)
			counters, err := e.Control.Counters(ctx)
			require.NoError(t, err)
			assert.Equal(t, want.uploads, counters.Writes["ecr:InitiateLayerUpload"], "%+v", counters.Writes)
			assert.Equal(t, 4+want.copied, counters.Writes["ecr:CompleteLayerUpload"], "%+v", counters.Writes)
		})
	}
}

// TestRegistryThatCannotMount refuses the question itself: then blobs are sent.
func TestRegistryThatCannotMount(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("v1", "one")
	dst.meddle(refuseMounts)
	second := dst.destination()
	second.Repository.Reference.Repository = "palette/charts"
	results, proof, err := copy.RunAll(context.Background(), []copy.Pair{
		{Source: src.source(), Destination: dst.destination()}, {Source: src.source(), Destination: second},
	}, copy.Options{Concurrency: 1})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	assert.Zero(t, results[1].Mounted)
	assert.Equal(t, 2, results[1].Blobs.Copied)
}

func refuseMounts(w http.ResponseWriter, r *http.Request) bool {
	if !r.URL.Query().Has("mount") {
		return false
	}
	w.WriteHeader(http.StatusBadRequest)
	return true
}

func settings(t *testing.T, e *emulator.Emulator, u emulator.User) *ecr.Client {
	t.Helper()
	client := clientOf(t, e)
	return ecr.New(ecr.Options{Region: "us-east-1", HTTPClient: client, Credentials: credentials.NewStaticCredentialsProvider(u.AccessKeyID, u.SecretAccessKey, "")})
}
