package copy_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestLayersTogether counts what is asked about blobs: a call for a hundred of them, by the API, instead of a HEAD each.
func TestLayersTogether(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]string{"private": private, "public": public} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, src, ctx := emulate(t, false), start(t), context.Background()
			for i := range 60 {
				src.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d", i))
			}
			to, err := toECR(t, e, emulator.Administrator(account), endpoint)
			require.NoError(t, err)
			calls, layers := 0, to.Layers
			to.Layers = func(ctx context.Context, digests []string) (map[string]int64, error) {
				calls++
				return layers(ctx, digests)
			}
			o := copy.Options{Concurrency: 1, Limits: copy.Limits{}}
			r, proof, err := copy.RunProven(ctx, src.source(), to, o)
			require.NoError(t, err)
			require.Equal(t, report.Held, proof.Verdict, "%+v", proof)
			assert.Equal(t, 2, calls, "120 blobs are read again with two calls")
			assert.EqualValues(t, 0, r.DestinationRequests.Head, "and with no HEAD")

			calls = 0
			for i := range 3 { // five in a hundred are new, with six blobs
				src.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d, changed", i))
			}
			r, err = copy.Run(ctx, src.source(), to, o)
			require.NoError(t, err)
			assert.Equal(t, copy.Tally{Total: 120, Copied: 6}, r.Blobs)
			assert.Equal(t, 1, calls)
			assert.EqualValues(t, 0, r.DestinationRequests.Head, "what has a new tag is sent in any case")
		})
	}
}

// TestLayersNotAllowed copies where the API is shut, by the policy of a VPC endpoint for example: each blob is asked for.
func TestLayersNotAllowed(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("one", "one")
	to := dst.destination()
	to.Layers = func(context.Context, []string) (map[string]int64, error) { return nil, &ecr.Error{Cause: ecr.Denied} }
	_, proof, err := copy.RunProven(context.Background(), src.source(), to, copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	assert.GreaterOrEqual(t, dst.asked("HEAD", "/blobs/"), 2)
}

// TestTheErrorThatEndsTheOthersIsTold: a manifest that may not be read ends the call about blobs beside it, whose "context
// canceled" stood first in the cause.
func TestTheErrorThatEndsTheOthersIsTold(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("one", "one")
	_, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	dst.meddle(func(w http.ResponseWriter, r *http.Request) bool {
		denied := strings.Contains(r.URL.Path, "/manifests/")
		if denied {
			w.WriteHeader(http.StatusForbidden)
		}
		return denied
	})
	to := dst.destination()
	to.Layers = func(ctx context.Context, _ []string) (map[string]int64, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	proof, err := copy.Verify(t.Context(), src.source(), to, copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Unproven, proof.Verdict)
	assert.Contains(t, proof.Cause, `reading tag "one"`)
	assert.NotContains(t, proof.Cause, "context canceled")
}

// TestLayersUnknown asks for a blob by itself that the API does not know: what is there counts, not who says so.
func TestLayersUnknown(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("one", "one")
	to := dst.destination()
	to.Layers = func(context.Context, []string) (map[string]int64, error) { return map[string]int64{}, nil }
	_, proof, err := copy.RunProven(context.Background(), src.source(), to, copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
}
