package copy

import (
	"context"
	"slices"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/palette-ecr/palette-ecr/pipeline/ecr"
)

// readManifests are those that the destination's API gave whole: what each tag names, and the digests that were read.
type readManifests struct {
	tags  map[string]digest.Digest
	whole map[digest.Digest]bool
}

// mostBytes bounds one answer with many manifests.
const mostBytes = maxManifest

// readTogether reads manifests through the destination's API, a hundred at once, each against its digest. What it does not
// give, or gives otherwise, is asked for by itself afterwards: so are all where there is no such API, or where it may not
// be used.
func (j *job) readTogether(ctx context.Context, nodes []*node) (readManifests, error) {
	read := readManifests{tags: map[string]digest.Digest{}, whole: map[digest.Digest]bool{}}
	if j.manifests == nil {
		return read, nil
	}
	var mu sync.Mutex
	answered, err := askTogether(ctx, j, "BatchGetImage", slices.Values(questions(nodes)), func(ctx context.Context, q question) error {
		found, err := j.manifests(ctx, q.tags, q.digests, accepted)
		mu.Lock()
		defer mu.Unlock()
		for _, m := range found {
			d := digest.Digest(m.Digest)
			if d.Validate() != nil || d.Algorithm().FromString(m.Raw) != d {
				continue
			}
			read.whole[d] = true
			if m.Tag != "" {
				read.tags[m.Tag] = d
			}
		}
		return err
	})
	if !answered {
		return readManifests{}, err
	}
	return read, nil
}

// question is what one call asks for.
type question struct{ tags, digests []string }

// questions splits manifests into calls: as many as one may have, of as many bytes as one answer should have.
func questions(nodes []*node) (all []question) {
	var q question
	bytes := int64(0)
	add := func(size int64, to *[]string, name string) {
		if len(q.tags)+len(q.digests) == ecr.MostManifests || bytes > 0 && bytes+size > mostBytes {
			all, q, bytes = append(all, q), question{}, 0
		}
		*to = append(*to, name)
		bytes += size
	}
	for _, n := range nodes {
		for _, tag := range n.tags {
			add(n.desc.Size, &q.tags, tag)
		}
		if len(n.tags) == 0 {
			add(n.desc.Size, &q.digests, n.desc.Digest.String())
		}
	}
	if bytes > 0 {
		all = append(all, q)
	}
	return all
}
