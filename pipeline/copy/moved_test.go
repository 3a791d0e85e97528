package copy_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/palette-ecr/palette-ecr/pipeline/copy"
	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
	"github.com/palette-ecr/palette-ecr/pipeline/report"
)

// TestTagsMovedAtEitherEnd: what hue moved in the source before the destination became the newer one is copied, and what it
// moved there since stays.
func TestTagsMovedAtEitherEnd(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	for _, tag := range []string{"still", "here", "there", "both"} {
		src.push(tag, tag+" at first")
	}
	first, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	want := map[string]string{"still": src.digestOf("still")}
	want["here"] = src.push("here", "moved in the source").Digest.String()
	want["there"] = dst.push("there", "moved in the destination").Digest.String()
	lost := src.push("both", "moved in the source, then in the destination").Digest.String()
	want["both"] = dst.push("both", "moved in both").Digest.String()
	want["new"] = src.push("new", "new in the source").Digest.String()

	o := copy.Options{Keep: true, Base: first.Base()}
	before, err := copy.Verify(t.Context(), src.source(), dst.destination(), o)
	require.NoError(t, err)
	assert.Equal(t, report.Broken, before.Verdict, "what came meanwhile is not there yet")
	r, p, err := copy.RunProven(t.Context(), src.source(), dst.destination(), o)
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
	for tag, digest := range want {
		assert.Equal(t, digest, dst.digestOf(tag), tag)
	}
	assert.Equal(t, lost, dst.digestOf(lost), "it is there by its digest")
	assert.Len(t, r.Overwritten(), 1)
	assert.NotContains(t, r.Base(), "there", "a tag that was newer there is no base for another copy")

	read, err := copy.BaseOf(t.Context(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, want, read)
}

// TestWhichTagIsNewerByTheDestinationsClock: a run that goes on after a kill has no base.
func TestWhichTagIsNewerByTheDestinationsClock(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("here", "at first")
	src.push("back", "moved back")
	src.push("there", "there at first")
	_, err := copy.Run(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	copied := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	pushed := map[string]time.Time{}
	for _, tag := range []string{"here", "back", "there"} {
		pushed[dst.digestOf(tag)] = copied
	}
	moved := src.push("here", "moved in the source").Digest.String()
	hues := dst.push("there", "moved in the destination").Digest.String()
	pushed[hues] = copied.Add(time.Minute)

	to := dst.destination()
	to.Images = func(context.Context) ([]ecr.Image, error) {
		var all []ecr.Image
		for digest, at := range pushed {
			image := ecr.Image{Digest: digest, PushedAt: at}
			for _, tag := range []string{"here", "back", "there"} {
				if dst.digestOf(tag) == digest {
					image.Tags = append(image.Tags, tag)
				}
			}
			all = append(all, image)
		}
		return all, nil
	}
	o := copy.Options{Keep: true, Since: copied}
	_, p, err := copy.RunProven(t.Context(), src.source(), to, o)
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
	assert.Equal(t, moved, dst.digestOf("here"), "it was copied before, and hue has moved it in the source since")
	assert.Equal(t, hues, dst.digestOf("there"), "hue has pushed it since")
	pushed[moved] = copied.Add(2 * time.Minute)

	// An old manifest under a tag that the source has under another old one: it may have been moved at either end.
	src.push("back", "there at first")
	was := dst.digestOf("back")
	_, p, err = copy.RunProven(t.Context(), src.source(), to, o)
	require.NoError(t, err)
	assert.Equal(t, report.Unproven, p.Verdict)
	assert.Contains(t, p.Cause, "tag back: names "+was)
	assert.Contains(t, p.Remedy, "--leave")
	assert.Equal(t, was, dst.digestOf("back"), "what may be newer is not overwritten")
}

// TestAProofIsOfWhenTheSourceWasRead: what comes later is not in it, however long sending takes.
func TestAProofIsOfWhenTheSourceWasRead(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("v1", "an artifact")
	clock := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	began := clock
	now := func() time.Time {
		defer func() { clock = clock.Add(time.Hour) }()
		return clock
	}
	_, p, err := copy.RunProven(t.Context(), src.source(), dst.destination(), copy.Options{Now: now, Lifetime: 30 * time.Minute})
	require.NoError(t, err)
	assert.Equal(t, began, p.ObservedAt)
	assert.Equal(t, began.Add(90*time.Minute), p.ExpiresAt, "it counts from when the destination was read")
}

// TestSourceMovesWhileItIsCopied: a tag that moves, and one that is new, after the source was read are neither lost nor
// called proven.
func TestSourceMovesWhileItIsCopied(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	for _, tag := range []string{"a", "b", "c"} {
		src.push(tag, tag+" at first")
	}
	var once sync.Once
	dst.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			once.Do(func() {
				src.push("b", "b moved")
				src.push("d", "d is new")
			})
		}
		return false
	})
	r, p, err := copy.RunProven(t.Context(), src.source(), dst.destination(), copy.Options{})
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
	for _, tag := range []string{"a", "b", "c", "d"} {
		assert.Equal(t, src.digestOf(tag), dst.digestOf(tag), tag)
	}
	assert.Contains(t, p.Summary, "4 tags")
	assert.Contains(t, strings.Join(r.Notes, "\n"), "tag b, d")
	assert.Len(t, r.Tags, 4)
}

// TestSourceThatNeverStandsStill: the proof says of when it is, and what has moved since.
func TestSourceThatNeverStandsStill(t *testing.T) {
	t.Parallel()
	src, dst := start(t), start(t)
	src.push("a", "at first")
	n := 0
	dst.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodHead && strings.Contains(r.URL.Path, "/blobs/") || r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			n++
			src.push("a", fmt.Sprint("again ", n))
		}
		return false
	})
	_, p, err := copy.RunProven(t.Context(), src.source(), dst.destination(), copy.Options{Concurrency: 1})
	require.NoError(t, err)
	assert.Equal(t, report.Held, p.Verdict, p.Cause)
	assert.Contains(t, p.Summary, "1 tag in the source moved since: a")
}
