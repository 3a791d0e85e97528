package copy

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/errdef"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// job is what one run is about: both ends, what is asked of it, and what a person should know of it.
type job struct {
	Options
	src, dst  *endpoint
	images    func(context.Context) ([]ecr.Image, error)
	layers    func(context.Context, []string) (map[string]int64, error)
	immutable bool

	mu    sync.Mutex
	notes []string
}

func newJob(src *Source, dst Destination, o Options) *job {
	o = o.withDefaults()
	// Only after the switch can the destination be the newer one: then hue pushes to it.
	limits := o.limits(dst.Address.Registry.Kind, o.Keep)
	j := &job{
		Options: o, images: dst.Images, layers: dst.Layers, immutable: dst.Immutable,
		dst: newEndpoint(ToDestination, dst.Repository, dst.Address.URL(), dst.Address, newBuckets(limits)),
	}
	j.dst.client.beforeWrite = o.BeforeWrite
	if src != nil {
		j.src = newEndpoint(FromSource, src.Repository, src.URL, src.Address, newBuckets(o.limits(src.Address.Registry.Kind, true)))
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
// allowed to is fine: then each is asked for.
func (j *job) list(ctx context.Context) (listed, error) {
	l := listed{tags: map[string]digest.Digest{}, there: map[digest.Digest]bool{}}
	if j.images == nil {
		return l, nil
	}
	images, err := j.images(ctx)
	switch {
	case isCause(err, ecr.Denied):
		j.note("the destination's images may not be listed (ecr:DescribeImages), so each is asked for")
		return l, nil
	case err != nil:
		return l, err
	}
	l.known = true
	for _, image := range images {
		l.there[digest.Digest(image.Digest)] = true
		for _, tag := range image.Tags {
			l.tags[tag] = digest.Digest(image.Digest)
		}
	}
	return l, nil
}
