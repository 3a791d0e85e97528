package copy

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// job is what one run is about: both ends, what is asked of it, and what a person should know of it.
type job struct {
	Options
	src, dst  *endpoint
	images    func(context.Context) ([]ecr.Image, error)
	layers    func(context.Context, []string) (map[string]int64, error)
	manifests func(ctx context.Context, tags, digests, accepted []string) ([]ecr.Manifest, error)
	immutable bool

	began  time.Time // before anything was read
	listed listed    // at the destination, when it was listed last

	mu    sync.Mutex
	notes []string
}

func newJob(src *Source, dst Destination, o Options) *job {
	o = o.withDefaults()
	// Only after the switch can the destination be the newer one: then hue pushes to it.
	limits := o.limits(dst.Address.Registry.Kind, o.Keep)
	j := &job{
		Options: o, began: o.Now(), images: dst.Images, layers: dst.Layers, manifests: dst.Manifests, immutable: dst.Immutable,
		dst: newEndpoint(ToDestination, dst.Repository, dst.Address.URL(), dst.Address, newBuckets(limits), 2*o.Concurrency),
	}
	j.dst.client.beforeWrite = o.BeforeWrite
	if src != nil {
		j.src = newEndpoint(FromSource, src.Repository, src.URL, src.Address, newBuckets(o.limits(src.Address.Registry.Kind, true)), 2*o.Concurrency)
	}
	return j
}

func (j *job) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, fmt.Sprintf(format, args...))
	j.Progress.Say(format, args...)
}

func (j *job) existsAtDestination(ctx context.Context, reference string) (bool, error) {
	_, err := j.dst.repo.Manifests().Resolve(ctx, reference)
	if errors.Is(err, errdef.ErrNotFound) {
		return false, nil
	}
	return err == nil, j.dst.fail(err, "looking for", reference)
}

// listed is what the destination's API says is there. What is not in it may be there all the same.
type listed struct {
	known bool // the destination could be listed
	tags  map[string]digest.Digest
	there map[digest.Digest]bool

	pushed map[digest.Digest]time.Time // nil where the API does not say
}

// empty reports whether the destination holds no manifest at all.
func (l listed) empty() bool { return l.known && len(l.there) == 0 }

// listNew is list for a destination that need not exist yet: then nothing is there.
func (j *job) listNew(ctx context.Context) (listed, error) {
	l, err := j.list(ctx)
	if isCause(err, ecr.Missing) {
		return listed{known: true}, nil
	}
	return l, err
}

// list asks the destination's API what is there, which costs one request for a thousand images. Not being
// allowed to is fine: then each is asked for. A registry without such an API is asked for a tag.
func (j *job) list(ctx context.Context) (listed, error) {
	l, err := j.listNow(ctx)
	j.listed = l
	return l, err
}

func (j *job) listNow(ctx context.Context) (listed, error) {
	l := listed{tags: map[string]digest.Digest{}, there: map[digest.Digest]bool{}}
	if j.images == nil {
		return l, j.listTagged(ctx, &l)
	}
	images, err := j.images(ctx)
	switch {
	case isCause(err, ecr.Denied):
		j.note("the destination's images may not be listed (ecr:DescribeImages), so each is asked for")
		return l, nil
	case j.givenUp("DescribeImages", err):
		return l, nil
	case err != nil:
		return l, err
	}
	l.known, l.pushed = true, map[digest.Digest]time.Time{}
	for _, image := range images {
		l.there[digest.Digest(image.Digest)] = true
		l.pushed[digest.Digest(image.Digest)] = image.PushedAt
		for _, tag := range image.Tags {
			l.tags[tag] = digest.Digest(image.Digest)
		}
	}
	return l, nil
}

// listTagged finds out whether the destination has any tag. Where it has none, hardly anything is there, and what is
// not asked for first costs less than the asking: at most some manifests without a tag and small blobs, which a copy
// that was killed before its first tag left, are sent again.
func (j *job) listTagged(ctx context.Context, l *listed) error {
	errTagged := errors.New("there is a tag")
	err := j.dst.repo.Tags(ctx, "", func(page []string) error {
		if len(page) > 0 {
			return errTagged
		}
		return nil
	})
	var answered *errcode.ErrorResponse
	l.known = err == nil || errors.As(err, &answered) && answered.StatusCode == http.StatusNotFound
	return ctx.Err() // not being allowed to list is no error: each is asked for, which says what is wrong
}
