package copy_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	emulator "github.com/palette-ecr/palette-ecr/fixtures/aws"
	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestManifestsTogether counts how manifests are read again: a call for a hundred tags and digests, instead of a GET each.
func TestManifestsTogether(t *testing.T) {
	t.Parallel()
	e, src, ctx := emulate(t, false), start(t), context.Background()
	for i := range 90 {
		d := src.push(fmt.Sprintf("v%d", i), fmt.Sprintf("artifact %d", i))
		if i%2 == 0 {
			src.push("", fmt.Sprintf("signature of %d", i), subject(d))
		}
	}
	src.push("v0-too", "artifact 0")
	to, err := toECR(t, e, emulator.Administrator(account), private)
	require.NoError(t, err)
	calls, manifests := 0, to.Manifests
	to.Manifests = func(ctx context.Context, tags, digests, accepted []string) ([]ecr.Manifest, error) {
		calls++
		return manifests(ctx, tags, digests, accepted)
	}
	_, err = copy.Run(ctx, src.source(), to, copy.Options{Limits: copy.Limits{}})
	require.NoError(t, err)
	assert.Zero(t, calls, "a copy reads nothing again")

	require.NoError(t, e.Control.Reset(ctx))
	proof, err := copy.Verify(ctx, src.source(), to, copy.Options{Concurrency: 1, Limits: copy.Limits{}})
	require.NoError(t, err)
	require.Equal(t, report.Held, proof.Verdict, "%+v", proof)
	assert.Equal(t, 2, calls, "91 tags and 45 signatures")
	counters, err := e.Control.Counters(ctx)
	require.NoError(t, err)
	// The other reads of this name are the lists of referrers, one for each manifest that has some.
	assert.LessOrEqual(t, counters.Reads["ecr:BatchGetImage"], 2+2*45, "%+v", counters.Reads)
}

// TestManifestsThatTheAPIDoesNotGive are asked for by themselves: what is there counts, not who says so.
func TestManifestsThatTheAPIDoesNotGive(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	one, two := src.push("one", "one"), src.push("two", "two")
	for name, api := range map[string]func() ([]ecr.Manifest, error){
		"nothing":     func() ([]ecr.Manifest, error) { return nil, nil },
		"not allowed": func() ([]ecr.Manifest, error) { return nil, &ecr.Error{Cause: ecr.Denied} },
		"other bytes": func() ([]ecr.Manifest, error) {
			return []ecr.Manifest{{Tag: "one", Digest: one.Digest.String(), Raw: "{}"}, {Tag: "two", Digest: "two", Raw: "{}"}}, nil
		},
		"another digest": func() ([]ecr.Manifest, error) {
			return []ecr.Manifest{{Tag: "one", Digest: two.Digest.String(), Raw: "{}"}}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			to := dst.destination()
			_, err := copy.Run(t.Context(), src.source(), to, copy.Options{})
			require.NoError(t, err)
			to.Manifests = func(context.Context, []string, []string, []string) ([]ecr.Manifest, error) { return api() }
			dst.forget()
			proof, err := copy.Verify(t.Context(), src.source(), to, copy.Options{})
			require.NoError(t, err)
			assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
			assert.Equal(t, 2, dst.asked("GET", "/manifests/"))
		})
	}
}

// TestAPIThatIsThrottled is one that others use up: the copy goes on by itself, and is proven, as with throttled pushes.
func TestAPIThatIsThrottled(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"DescribeImages", "BatchCheckLayerAvailability", "BatchGetImage"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			src, dst := start(t), start(t)
			src.push("one", "one")
			throttled := &ecr.Error{Cause: ecr.Throttled}
			to := dst.destination()
			to.Images = func(context.Context) ([]ecr.Image, error) { return nil, throttled }
			to.Layers = func(context.Context, []string) (map[string]int64, error) { return nil, throttled }
			to.Manifests = func(context.Context, []string, []string, []string) ([]ecr.Manifest, error) { return nil, throttled }
			switch operation {
			case "DescribeImages":
				to.Layers, to.Manifests = nil, nil
			case "BatchCheckLayerAvailability":
				to.Images, to.Manifests = nil, nil
			case "BatchGetImage":
				to.Images, to.Layers = nil, nil
			}
			r, proof, err := copy.RunProven(t.Context(), src.source(), to, copy.Options{})
			require.NoError(t, err)
			assert.Equal(t, report.Held, proof.Verdict, "%+v", proof)
			assert.Contains(t, fmt.Sprint(r.Notes), "throttles ecr:"+operation)
		})
	}
}

// TestTagThatTheAPIFindsMoved is found by the proof: the API gave the manifest, and another one under the tag.
func TestTagThatTheAPIFindsMoved(t *testing.T) {
	t.Parallel()
	e, src, ctx := emulate(t, false), start(t), context.Background()
	src.push("one", "one")
	to, err := toECR(t, e, emulator.Administrator(account), private)
	require.NoError(t, err)
	_, err = copy.Run(ctx, src.source(), to, copy.Options{})
	require.NoError(t, err)
	src.push("one", "another")
	proof, err := copy.Verify(ctx, src.source(), to, copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Broken, proof.Verdict)
	assert.Contains(t, fmt.Sprint(proof.Evidence), "tag one")
}
