package incluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/fault"
	"github.com/palette-ecr/palette-ecr/pipeline/mural"
	"github.com/palette-ecr/palette-ecr/pipeline/progress"
	"github.com/palette-ecr/palette-ecr/pipeline/registry"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
	"github.com/palette-ecr/palette-ecr/pipeline/source"
)

// bench is a source with a dozen artifacts and ECR, as pods see them.
type bench struct {
	t     *testing.T
	order Order
	aws   ecr.Options
}

func newBench(t *testing.T) *bench {
	t.Helper()
	user := emulator.Administrator("123456789012")
	e, err := emulator.Start(t.Context(), emulator.Options{World: emulator.World{
		Users:        []emulator.User{user},
		Repositories: []emulator.Repository{{Account: "123456789012", Region: "us-east-1", Name: "palette/mural-workloads"}},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Close()) })
	server := httptest.NewServer(ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	for i := range 12 {
		image, err := random.Image(64, 1)
		require.NoError(t, err)
		reference, err := name.ParseReference(fmt.Sprintf("%s/mural-workloads:workload-%d", host, i))
		require.NoError(t, err)
		require.NoError(t, remote.Write(reference, image))
	}
	at, err := registry.Parse("oci://123456789012.dkr.ecr.us-east-1.amazonaws.com/palette")
	require.NoError(t, err)
	destination, err := at.Repository("mural-workloads")
	require.NoError(t, err)
	return &bench{t: t,
		order: Order{
			Source: source.Sealed{Settings: mural.Registry{Endpoint: "oci://" + host, Repository: "mural-workloads"}, Plain: true},
			Pairs:  []Pair{{Source: "mural-workloads", Destination: destination}},
		},
		aws: ecr.Options{HTTPClient: e.HTTPClient(), Config: &aws.Config{Credentials: credentials.NewStaticCredentialsProvider(user.AccessKeyID, user.SecretAccessKey, "")}},
	}
}

// pod does the order as a pod would, and returns what it said.
func (b *bench) pod(index int) (Outcome, error) {
	b.t.Helper()
	dir := b.t.TempDir()
	data, err := b.order.seal()
	require.NoError(b.t, err)
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, orderKey), data, 0o600))
	message := filepath.Join(dir, "said")
	failure := Do(b.t.Context(), Pod{Directory: dir, Message: message, Index: index, AWS: b.aws, Progress: progress.Discard})
	said, err := os.ReadFile(message)
	require.NoError(b.t, err)
	var got Outcome
	require.NoError(b.t, json.Unmarshal(said, &got))
	return got, failure
}

func TestOnePodCopiesAndProves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.order.Work = CopyProven
	got, err := b.pod(0)
	require.NoError(t, err)
	assert.EqualValues(t, 12, got.Counts["manifests copied"])
	assert.Equal(t, report.Held, got.Proof.Verdict)
}

// TestShardsCopyAndOnePodProves, and until every shard is done the proof is broken.
func TestShardsCopyAndOnePodProves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.order.Shards = 3
	var all Outcome
	for i := range 3 {
		b.order.Work = Prove
		proof, err := b.pod(0)
		require.NoError(t, err)
		assert.Equal(t, report.Broken, proof.Proof.Verdict, "before shard %d", i)
		b.order.Work = CopyShard
		got, err := b.pod(i)
		require.NoError(t, err)
		assert.NotZero(t, got.Counts["tags"])
		all = all.and(got)
	}
	assert.EqualValues(t, 12, all.Counts["manifests copied"])
	b.order.Work = Prove
	proof, err := b.pod(0)
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Proof.Verdict)
}

// TestPodSaysWhyItFailed, with the code and the remedy.
func TestPodSaysWhyItFailed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.order.Work, b.order.Pairs[0].Destination.Name = CopyProven, "palette/other"
	got, err := b.pod(0)
	require.Error(t, err)
	assert.Equal(t, fault.CodeOf(err), fault.CodeOf(got.Err()))
	assert.Equal(t, err.Error(), got.Error)
	assert.Contains(t, fault.RemedyOf(got.Err()), "create-repository")
}

// TestPodThatIsToldToEnd ends with a code that the Job takes for no answer, so that another pod goes on.
func TestPodThatIsToldToEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	data, err := b.order.seal()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, orderKey), data, 0o600))
	err = Do(ctx, Pod{Directory: dir, Message: filepath.Join(dir, "said"), AWS: b.aws, Progress: progress.Discard})
	require.Error(t, err)
	assert.NotContains(t, answers(), int32(fault.CodeOf(err))) //nolint:gosec // an exit code
}
